"""What Keycloak should know of one person: the whole of it, so that a repeated delivery is harmless."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.disabling import open_disabling
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.person import Person
from onboarding_api.model.service_group import ServiceGroup
from onboarding_api.model.structure import Structure
from onboarding_api.queries.asking import ask
from policies.engine.names import Action


@dataclass(frozen=True)
class WantedStructure:
    """A structure the person is attached to, and the services that are effective there now."""

    siren: str
    name: str
    services: tuple[str, ...]


@dataclass(frozen=True)
class WantedPerson:
    """The account of a person, and her places.

    `group_ids` are Keycloak's groups as last seen, by SIREN or `<siren>/<service>`. `may_enable`: she was let
    in again, and Keycloak has not followed yet.
    """

    identifiant: str
    keycloak_id: str | None
    email: str
    prenom: str
    nom: str
    is_active: bool
    structures: tuple[WantedStructure, ...]
    group_ids: Mapping[str, str]
    may_enable: bool


def desired_person(session: Session, person_id: str, now: datetime) -> WantedPerson | None:
    """The state that Keycloak has to match now; None when nobody has this id."""
    person = session.get(Person, person_id)
    if person is None:
        return None
    memberships = session.scalars(
        select(Membership)
        .where(Membership.person_id == person_id, Membership.state == MembershipState.ATTACHED)
        .order_by(Membership.siren)
    ).all()
    return WantedPerson(
        identifiant=person.identifiant,
        keycloak_id=person.keycloak_id,
        email=person.email,
        prenom=person.prenom,
        nom=person.nom,
        is_active=person.is_active,
        structures=tuple(
            WantedStructure(
                membership.siren, membership.structure.name, _effective_services(session, membership, now)
            )
            for membership in memberships
        ),
        group_ids=_known_groups(session, [membership.structure for membership in memberships]),
        may_enable=person.is_active and open_disabling(session, person_id) is not None,
    )


def _effective_services(session: Session, membership: Membership, now: datetime) -> tuple[str, ...]:
    """What she may enter now: the rules say it, to Keycloak as to the pages."""
    granted = session.scalars(
        select(Habilitation)
        .where(Habilitation.membership_id == membership.id, Habilitation.state == HabilitationState.GRANTED)
        .order_by(Habilitation.service)
    ).all()
    decisions = ask(session, membership.person, [(Action.ENTER_SERVICE, each) for each in granted], now)
    return tuple(each.service for each, decision in zip(granted, decisions, strict=True) if decision.allowed)


def _known_groups(session: Session, structures: Iterable[Structure]) -> dict[str, str]:
    known = {each.siren: each.kc_group_id for each in structures}
    rows = session.scalars(select(ServiceGroup).where(ServiceGroup.siren.in_(known)))
    of_services = {f"{row.siren}/{row.service}": row.kc_group_id for row in rows}
    return {siren: group_id for siren, group_id in known.items() if group_id} | of_services
