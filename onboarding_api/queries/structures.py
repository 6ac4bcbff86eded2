"""« Gérer mes structures »: the structures of a person, with her profile in each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session, contains_eager

from onboarding_api.facts.gathering import Gathering
from onboarding_api.model.administration import Administration
from onboarding_api.model.habilitation import OPEN_STATES, Habilitation, HabilitationState
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.person import Person
from onboarding_api.model.words.labels import fonction_label
from onboarding_api.queries.asking import ask, membership_of
from onboarding_api.queries.services import ServiceView, services_of
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
    """The structures to which the person is attached, by name. One statement, however many there are."""
    waiting = (
        select(func.count())
        .select_from(Habilitation)
        .where(Habilitation.siren == Membership.siren, Habilitation.state == HabilitationState.PENDING)
        .scalar_subquery()
    )
    administers = and_(Administration.id.is_not(None), Person.is_active)
    mine = (
        select(Membership, administers, case((administers, waiting), else_=0))
        .join(Membership.person)
        .join(Membership.structure)
        .outerjoin(
            Administration,
            and_(Administration.membership_id == Membership.id, Administration.ended_at.is_(None)),
        )
        .where(Membership.person_id == person_id, Membership.state == MembershipState.ATTACHED)
        .options(contains_eager(Membership.person), contains_eager(Membership.structure))
    )
    views = (_view(*row) for row in session.execute(mine))
    return tuple(sorted(views, key=lambda view: (view.name, view.siren)))


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaving a structure means: what is lost, and whether the post of administrator falls vacant.

    `is_last`: she can leave only by declaring it vacant.
    """

    lost: tuple[ServiceView, ...]
    is_last: bool


def leaving(session: Session, person_id: str, siren: str, now: datetime) -> Leaving:
    """What a person would leave behind now.

    Raises:
        NotFound: she is not attached to such a structure.
    """
    found, membership = Gathering(session, now), membership_of(session, person_id, siren)
    lost = tuple(service for service in services_of(found, membership) if service.state in OPEN_STATES)
    (decision,) = ask(found, membership.person, [(Action.LEAVE_VACANT, membership)])
    return Leaving(lost, decision.allowed)


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
