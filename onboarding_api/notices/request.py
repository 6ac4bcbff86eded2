"""Mails about requests and what became of them: to the requester (G-59), and to administrators (G-58)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.administration import administrators_of
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from onboarding_api.model.words.labels import fonction_label, service_labels
from onboarding_api.notices.notice import Args, Notice, Place, StructureNotice, day


@dataclass(frozen=True, slots=True)
class RequestSent(StructureNotice):
    """To the requester: it waits for an administrator, who may still have to be named."""

    place = Place.SERVICES
    services: tuple[str, ...]
    reference: str
    requested_on: date
    is_administered: bool

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
            siren=_place(rows).siren,
            structure=_place(rows).name,
            services=_services(rows),
            reference=rows[0].reference,
            requested_on=day(rows[0].changed_at, _place(rows)),
            is_administered=bool(administrators_of(session, _place(rows).siren)),
        )


@dataclass(frozen=True, slots=True)
class RequestStranded(StructureNotice):
    """To who waited for an administrator that will not be named, or has left."""

    place = Place.SERVICES
    services: tuple[str, ...]
    reference: str

    @property
    def subject(self) -> str:
        """What is missing."""
        return f"{self.structure} – personne ne peut encore valider votre demande"

    @classmethod
    def read(cls, session: Session, person: Person, args: Args) -> Self | None:
        """While it waits and nobody can decide."""
        rows = _in_state(session, args, HabilitationState.PENDING)
        if not rows or administrators_of(session, _place(rows).siren):
            return None
        return cls(
            recipient=person.greeting_name,
            siren=_place(rows).siren,
            structure=_place(rows).name,
            services=_services(rows),
            reference=rows[0].reference,
        )


@dataclass(frozen=True, slots=True)
class RequestToDecide(StructureNotice):
    """To each administrator."""

    place = Place.QUEUE
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
            siren=_place(rows).siren,
            structure=_place(rows).name,
            services=_services(rows),
            reference=rows[0].reference,
            requester=requester.person.full_name,
            fonction=fonction_label(requester.fonction),
            requested_on=day(rows[0].requested_at, _place(rows)),
        )


@dataclass(frozen=True, slots=True)
class RequestGranted(StructureNotice):
    """To the requester: the service can be used."""

    place = Place.DASHBOARD
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
            siren=_place(rows).siren,
            structure=_place(rows).name,
            services=_services(rows),
            reference=rows[0].reference,
            decided_on=day(rows[0].changed_at, _place(rows)),
        )


@dataclass(frozen=True, slots=True)
class RequestRefused(StructureNotice):
    """To the requester, with the motive that the administrator gave."""

    place = Place.SERVICES
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
            siren=_place(rows).siren,
            structure=_place(rows).name,
            services=_services(rows),
            reference=rows[0].reference,
            decided_on=day(rows[0].changed_at, _place(rows)),
            motive=rows[0].motive,
        )


@dataclass(frozen=True, slots=True)
class HabilitationDeactivated(StructureNotice):
    """To whoever had it; a motive is not required."""

    place = Place.SERVICES
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
            siren=_place(rows).siren,
            structure=_place(rows).name,
            services=_services(rows),
            deactivated_on=day(rows[0].changed_at, _place(rows)),
            motive=rows[0].motive,
        )


NOTICES: tuple[type[Notice], ...] = (
    RequestSent,
    RequestStranded,
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


def _administers(session: Session, person: Person, structure: Structure) -> bool:
    return any(term.membership.person_id == person.id for term in administrators_of(session, structure.siren))
