"""Mails on the way to the first administrator: to the first user (GS-34), then to the administrators."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from sqlalchemy.orm import Session

from onboarding_api.model.administration import running_term
from onboarding_api.model.first_administrator.claim import Claim, ClaimState
from onboarding_api.model.first_administrator.letter import Letter, LetterState, last_letter
from onboarding_api.model.habilitation import services_of_claim
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Person
from onboarding_api.model.words.french_dates import in_words
from onboarding_api.model.words.labels import service_labels
from onboarding_api.notices.notice import Args, Notice, Place, StructureNotice, day


@dataclass(frozen=True, slots=True)
class LetterSent(StructureNotice):
    """The letter is on its way; never before its row is safe."""

    place = Place.LETTER
    services: tuple[str, ...]
    reference: str
    last_day: date

    @property
    def subject(self) -> str:
        """What was done."""
        return f"{self.structure} – courrier envoyé au représentant légal"

    @classmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """While its code works."""
        letter = session.get(Letter, args["letter_id"])
        last_day = _last_day_to_come(letter)
        if letter is None or last_day is None:
            return None
        return cls(
            recipient=person.greeting_name,
            siren=letter.claim.membership.structure.siren,
            structure=letter.claim.membership.structure.name,
            services=service_labels(services_of_claim(session, letter.claim_id)),
            reference=letter.claim.reference,
            last_day=last_day,
        )


@dataclass(frozen=True, slots=True)
class LetterReminder(StructureNotice):
    """The code was not typed yet. It goes to whoever asked for the letter: its row names nobody."""

    place = Place.LETTER
    reference: str
    last_day: date

    @property
    def subject(self) -> str:
        """What is to do, and until when."""
        return f"{self.structure} – code d'activation à saisir avant le {in_words(self.last_day)}"

    @classmethod
    def person_id(cls, session: Session, args: Args) -> str | None:
        """Who asked for the letter."""
        letter = session.get(Letter, args["letter_id"])
        return letter.claim.membership.person_id if letter else None

    @classmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """While its code works."""
        letter = session.get(Letter, args["letter_id"])
        last_day = _last_day_to_come(letter)
        if letter is None or last_day is None:
            return None
        return cls(
            recipient=person.greeting_name,
            siren=letter.claim.membership.structure.siren,
            structure=letter.claim.membership.structure.name,
            reference=letter.claim.reference,
            last_day=last_day,
        )


@dataclass(frozen=True, slots=True)
class LetterExpired(StructureNotice):
    """The code can't serve any more; another letter may be asked for."""

    place = Place.LETTER
    reference: str
    last_day: date

    @property
    def subject(self) -> str:
        """What is over."""
        return f"{self.structure} – code d'activation expiré"

    @classmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """While no other claim was made of it."""
        claim = session.get_one(Claim, args["claim_id"])
        letter = last_letter(session, claim.id)
        if claim.state != ClaimState.EXPIRED or letter is None:
            return None
        structure = claim.membership.structure
        return cls(
            recipient=person.greeting_name,
            siren=structure.siren,
            structure=structure.name,
            reference=claim.reference,
            last_day=letter.last_day or day(letter.asked_at, structure),
        )


@dataclass(frozen=True, slots=True)
class AdministratorNamed(StructureNotice):
    """To all administrators of the structure."""

    place = Place.QUEUE
    administrator: str
    named_on: date

    @property
    def subject(self) -> str:
        """Who it is."""
        return f"{self.structure} – administration des habilitations confiée à {self.administrator}"

    @classmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """While the term runs."""
        membership = session.get_one(Membership, args["membership_id"])
        term = running_term(session, membership.id)
        if term is None:
            return None
        return cls(
            recipient=person.greeting_name,
            siren=membership.structure.siren,
            structure=membership.structure.name,
            administrator=membership.person.full_name,
            named_on=day(term.since, membership.structure),
        )


@dataclass(frozen=True, slots=True)
class AdministratorRefused(StructureNotice):
    """To the first user, when the legal representative refuses."""

    place = Place.LETTER
    reference: str
    refused_on: date

    @property
    def subject(self) -> str:
        """What was decided."""
        return f"{self.structure} – administration des habilitations refusée"

    @classmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """Once it is refused."""
        claim = session.get_one(Claim, args["claim_id"])
        if claim.state != ClaimState.REFUSED or claim.closed_at is None:
            return None
        structure = claim.membership.structure
        return cls(
            recipient=person.greeting_name,
            siren=structure.siren,
            structure=structure.name,
            reference=claim.reference,
            refused_on=day(claim.closed_at, structure),
        )


NOTICES: tuple[type[Notice], ...] = (
    LetterSent,
    LetterReminder,
    LetterExpired,
    AdministratorNamed,
    AdministratorRefused,
)


def _last_day_to_come(letter: Letter | None) -> date | None:
    """The last day of a code that may still be typed; None when there is none to look for."""
    if letter is None or letter.claim.state != ClaimState.OPEN or letter.revoked_at:
        return None
    return None if letter.state == LetterState.REJECTED else letter.last_day
