"""« Gérer mes structures »: the structures of a person, with her profile in each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from onboarding_api.model.administration import Administration
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.person import Person
from onboarding_api.model.words.labels import fonction_label
from onboarding_api.queries.asking import ask, membership_of
from policies.engine.names import Action


@dataclass(frozen=True, slots=True)
class MyStructure:
    """One open membership. `fonction` is the code; `departement` is in words, « Pyrénées-Orientales (66) ».

    `pending_count` counts what waits for an administrator; it is 0 for who is not one.
    """

    siren: str
    name: str
    kind: str
    departement: str
    is_administrator: bool
    membership_id: str
    fonction: str | None
    fonction_label: str | None
    telephone: str | None
    email: str | None
    code_tiers: str | None
    pending_count: int


def my_structures(session: Session, person_id: str) -> tuple[MyStructure, ...]:
    """The structures to which the person is attached, by name. Three statements, however many there are."""
    mine = select(Membership).where(
        Membership.person_id == person_id, Membership.state == MembershipState.ATTACHED
    )
    memberships = session.scalars(mine).all()
    administered = _administered(session, person_id)
    pending = _pending(session, administered)
    views = (
        _view(membership, membership.siren in administered, pending.get(membership.siren, 0))
        for membership in memberships
    )
    return tuple(sorted(views, key=lambda view: (view.name, view.siren)))


def may_leave_vacant(session: Session, person_id: str, siren: str, now: datetime) -> bool:
    """Whether she can leave only by declaring the post of administrator vacant.

    Raises:
        NotFound: she is not attached to such a structure.
    """
    membership = membership_of(session, person_id, siren)
    (decision,) = ask(session, membership.person, [(Action.LEAVE_VACANT, membership)], now)
    return decision.allowed


def _view(membership: Membership, is_administrator: bool, pending: int) -> MyStructure:
    structure = membership.structure
    return MyStructure(
        siren=membership.siren,
        name=structure.name,
        kind=structure.kind,
        departement=f"{structure.departement_name} ({structure.departement})",
        is_administrator=is_administrator,
        membership_id=membership.id,
        fonction=membership.fonction,
        fonction_label=fonction_label(membership.fonction),
        telephone=membership.telephone,
        email=membership.email,
        code_tiers=structure.code_tiers,
        pending_count=pending,
    )


def _administered(session: Session, person_id: str) -> set[str]:
    """The structures that the person administers."""
    running = (
        select(Membership.siren)
        .join(Administration, Administration.membership_id == Membership.id)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.person_id == person_id,
            Membership.state == MembershipState.ATTACHED,
            Administration.ended_at.is_(None),
            Person.is_active,
        )
    )
    return set(session.scalars(running))


def _pending(session: Session, sirens: Iterable[str]) -> dict[str, int]:
    counted = (
        select(Membership.siren, func.count())
        .join(Habilitation, Habilitation.membership_id == Membership.id)
        .where(Membership.siren.in_(sirens), Habilitation.state == HabilitationState.PENDING)
        .group_by(Membership.siren)
    )
    return {siren: count for siren, count in session.execute(counted)}
