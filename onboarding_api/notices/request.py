"""Mails about requests and what became of them: to the requester (G-59), and to administrators (G-58)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.administration import administrators_of
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from onboarding_api.model.words.labels import fonction_label, service_labels
from onboarding_api.notices.notice import Args, Notice, PersonalNotice, day


@dataclass(frozen=True, slots=True)
class RequestSent(PersonalNotice):
    """To the requester: it waits for an administrator."""

    structure: str
    services: tuple[str, ...]
    reference: str
    requested_on: date

    @property
    def subject(self) -> str:
        """What was done."""
        return f"{self.structure} – demande d'habilitation envoyée"

    @classmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """While it waits."""
        rows = _in_state(session, args, HabilitationState.PENDING)
        if not rows:
            return None
        return cls(
            recipient=person.greeting_name,
            structure=_place(rows).name,
            services=_services(rows),
            reference=_reference(session, rows),
            requested_on=day(rows[0].changed_at, _place(rows)),
        )


@dataclass(frozen=True, slots=True)
class RequestToDecide(PersonalNotice):
    """To each administrator."""

    structure: str
    services: tuple[str, ...]
    reference: str
    requester: str
    fonction: str | None
    requested_on: date

    @property
    def subject(self) -> str:
        """What is to do."""
        return f"{self.structure} – demande d'habilitation à valider"

    @classmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """While it waits, for whoever still administers the structure."""
        rows = _in_state(session, args, HabilitationState.PENDING)
        if not rows or not _administers(session, person, _place(rows)):
            return None
        requester = rows[0].membership
        return cls(
            recipient=person.greeting_name,
            structure=_place(rows).name,
            services=_services(rows),
            reference=_reference(session, rows),
            requester=requester.person.full_name,
            fonction=fonction_label(requester.fonction),
            requested_on=day(rows[0].requested_at, _place(rows)),
        )


@dataclass(frozen=True, slots=True)
class RequestGranted(PersonalNotice):
    """To the requester: the service can be used."""

    structure: str
    services: tuple[str, ...]
    reference: str
    decided_on: date

    @property
    def subject(self) -> str:
        """What was decided."""
        return f"{self.structure} – demande d'habilitation validée"

    @classmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """While it is so."""
        rows = _in_state(session, args, HabilitationState.GRANTED)
        if not rows:
            return None
        return cls(
            recipient=person.greeting_name,
            structure=_place(rows).name,
            services=_services(rows),
            reference=_reference(session, rows),
            decided_on=day(rows[0].changed_at, _place(rows)),
        )


@dataclass(frozen=True, slots=True)
class RequestRefused(PersonalNotice):
    """To the requester, with the motive that the administrator gave."""

    structure: str
    services: tuple[str, ...]
    reference: str
    decided_on: date
    motive: str | None

    @property
    def subject(self) -> str:
        """What was decided."""
        return f"{self.structure} – demande d'habilitation refusée"

    @classmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """While it is so."""
        rows = _in_state(session, args, HabilitationState.REFUSED)
        if not rows:
            return None
        return cls(
            recipient=person.greeting_name,
            structure=_place(rows).name,
            services=_services(rows),
            reference=_reference(session, rows),
            decided_on=day(rows[0].changed_at, _place(rows)),
            motive=rows[0].motive,
        )


@dataclass(frozen=True, slots=True)
class HabilitationDeactivated(PersonalNotice):
    """To whoever had it; a motive is not required."""

    structure: str
    services: tuple[str, ...]
    deactivated_on: date
    motive: str | None

    @property
    def subject(self) -> str:
        """What was taken back."""
        return f"{self.structure} – habilitation désactivée"

    @classmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """While it is so."""
        rows = _in_state(session, args, HabilitationState.DEACTIVATED)
        if not rows:
            return None
        return cls(
            recipient=person.greeting_name,
            structure=_place(rows).name,
            services=_services(rows),
            deactivated_on=day(rows[0].changed_at, _place(rows)),
            motive=rows[0].motive,
        )


NOTICES: tuple[type[Notice], ...] = (
    RequestSent,
    RequestToDecide,
    RequestGranted,
    RequestRefused,
    HabilitationDeactivated,
)


def _in_state(session: Session, args: Args, state: HabilitationState) -> Sequence[Habilitation]:
    """Those of the habilitations told of that are still in the state that it tells of."""
    told = select(Habilitation).where(
        Habilitation.id.in_(args["habilitation_ids"]), Habilitation.state == state
    )
    return session.scalars(told.order_by(Habilitation.requested_at, Habilitation.service)).all()


def _place(rows: Sequence[Habilitation]) -> Structure:
    return rows[0].membership.structure


def _services(rows: Sequence[Habilitation]) -> tuple[str, ...]:
    return service_labels({row.service for row in rows})


def _reference(session: Session, rows: Sequence[Habilitation]) -> str:
    claim = session.get(Claim, rows[0].claim_id) if rows[0].claim_id else None
    return claim.reference if claim else rows[0].reference


def _administers(session: Session, person: Person, structure: Structure) -> bool:
    return any(term.membership.person_id == person.id for term in administrators_of(session, structure.siren))
