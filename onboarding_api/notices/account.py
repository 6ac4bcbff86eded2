"""Mails about the account itself."""

from dataclasses import dataclass
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.ledger.delivery import ADDRESS
from onboarding_api.model.person import Person
from onboarding_api.notices.notice import Addressed, Args, Notice, PersonalNotice


@dataclass(frozen=True, slots=True)
class AlreadyRegistered(PersonalNotice):
    """To the owner of an address that registers a second time."""

    identifiant: str

    @property
    def subject(self) -> str:
        """Says nothing of who asked."""
        return "Votre compte existe déjà"

    @classmethod
    def read(cls, _session: Session, person: Person, _args: Args) -> Self | None:
        """Always worth saying."""
        return cls(recipient=person.greeting_name, identifiant=person.identifiant)


@dataclass(frozen=True, slots=True)
class ForgottenIdentifiant(Notice):
    """To the address typed on the page, whether it has an account or not (GS-04): it learns just that."""

    identifiants: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The same in both cases."""
        return "Votre identifiant"

    @classmethod
    def addressed(cls, session: Session, args: Args) -> Addressed | None:
        """To the address that was typed."""
        address: str = args[ADDRESS]
        found = session.scalars(select(Person.identifiant).where(Person.email == address)).all()
        return Addressed(address, cls(identifiants=tuple(found)))


@dataclass(frozen=True, slots=True)
class Welcome(PersonalNotice):
    """To a newcomer: her identifiant, and the link by which she chooses a password."""

    identifiant: str
    link: str
    lasts: str

    @property
    def subject(self) -> str:
        """What she will look for in her mailbox."""
        return "Votre identifiant pour l'espace personnel Banque des Territoires"

    @classmethod
    def read(cls, _session: Session, person: Person, args: Args) -> Self | None:
        """The link was asked of Keycloak a moment ago; the ledger never holds it."""
        return cls(person.greeting_name, person.identifiant, args["link"], args["lasts"])


NOTICES: tuple[type[Notice], ...] = (AlreadyRegistered, ForgottenIdentifiant, Welcome)
