"""The administrator's queue (GS-24): who asks for what, what is held, what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.membership import Membership
from onboarding_api.model.refusals import NotFound
from onboarding_api.model.words.labels import fonction_label, state_label
from onboarding_api.queries.asking import ask, membership_of
from policies.catalogue.loader import load_catalogue
from policies.engine.names import Action

DECIDED_SHOWN = 50


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One habilitation as an administrator sees it. `is_own`: it is hers, somebody else must decide."""

    habilitation_id: str
    requester: str
    fonction: str | None
    service_label: str
    requested_at: datetime
    is_own: bool
    age_days: int
    state: str
    state_label: str
    changed_at: datetime
    motive: str | None


@dataclass(frozen=True, slots=True)
class Queue:
    """Pending, oldest first; granted, by name; decided otherwise, latest first, at most fifty."""

    pending: tuple[QueueRow, ...]
    granted: tuple[QueueRow, ...]
    decided: tuple[QueueRow, ...]


def administrator_queue(session: Session, person_id: str, siren: str, now: datetime) -> Queue:
    """The queue of a structure, for one of its administrators.

    Raises:
        NotFound: the rules do not show it to this person.
    """
    membership = membership_of(session, person_id, siren)
    (decision,) = ask(session, membership.person, [(Action.VIEW_QUEUE, membership.structure)], now)
    if not decision.allowed:
        raise NotFound
    pending = _rows(session, siren, HabilitationState.PENDING)
    granted = _rows(session, siren, HabilitationState.GRANTED)
    decided = _rows(session, siren, HabilitationState.REFUSED, HabilitationState.DEACTIVATED)
    pending = sorted(pending, key=lambda row: (row.requested_at, *_by_name(row)))
    return Queue(
        pending=tuple(_view(row, person_id, now) for row in pending),
        granted=tuple(_view(row, person_id, now) for row in sorted(granted, key=_by_name)),
        decided=tuple(_view(row, person_id, now) for row in decided[:DECIDED_SHOWN]),
    )


def _rows(session: Session, siren: str, *states: HabilitationState) -> Sequence[Habilitation]:
    """Those of a structure in some states, changed last first."""
    wanted = (
        select(Habilitation)
        .join(Habilitation.membership)
        .where(Membership.siren == siren, Habilitation.state.in_(states))
        .order_by(Habilitation.changed_at.desc(), Habilitation.id)
    )
    return session.scalars(wanted).all()


def _by_name(habilitation: Habilitation) -> tuple[str, str, str]:
    person = habilitation.membership.person
    return person.nom, person.prenom, habilitation.service


def _view(habilitation: Habilitation, person_id: str, now: datetime) -> QueueRow:
    membership = habilitation.membership
    return QueueRow(
        habilitation_id=habilitation.id,
        requester=membership.person.full_name,
        fonction=fonction_label(membership.fonction),
        service_label=load_catalogue().services[habilitation.service].label,
        requested_at=habilitation.requested_at,
        is_own=membership.person_id == person_id,
        age_days=(now - habilitation.requested_at).days,
        state=habilitation.state,
        state_label=state_label(habilitation.state),
        changed_at=habilitation.changed_at,
        motive=habilitation.motive,
    )
