"""What Keycloak should know of one person: the whole of it, so that a repeated delivery is harmless."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from idp_extension.projection import DesiredPerson, DesiredRole, DesiredStructure
from onboarding_api.facts.gathering import Gathering
from onboarding_api.model.disabling import open_disabling
from onboarding_api.model.habilitation import HabilitationState
from onboarding_api.model.membership import Membership, MembershipState
from onboarding_api.model.person import Person
from onboarding_api.model.service_group import ServiceGroup
from onboarding_api.model.structure import Structure
from onboarding_api.queries.asking import ask
from policies.engine.names import Action


def desired_person(session: Session, person_id: str, now: datetime) -> DesiredPerson | None:
    """The state that Keycloak has to match now, with its groups as last seen; None for an unknown id."""
    person = session.get(Person, person_id)
    if person is None:
        return None
    memberships = session.scalars(
        select(Membership)
        .where(Membership.person_id == person_id, Membership.state == MembershipState.ATTACHED)
        .order_by(Membership.siren)
    ).all()
    seen = _groups_seen(session, [each.structure for each in memberships])
    services = _effective_services(session, person, memberships, now)
    return DesiredPerson(
        identifiant=person.identifiant,
        keycloak_id=person.keycloak_id,
        email=person.email,
        prenom=person.prenom,
        nom=person.nom,
        is_active=person.is_active,
        structures=tuple(_desired_structure(each, seen, services[each.id]) for each in memberships),
        may_enable=person.is_active and open_disabling(session, person_id) is not None,
    )


def _desired_structure(
    membership: Membership, seen: Mapping[str, str], services: Iterable[str]
) -> DesiredStructure:
    siren, roles = membership.siren, []
    for service in services:
        client_id, _, role = service.partition(":")
        roles.append(DesiredRole(client_id, role, seen.get(f"{siren}/{service}")))
    return DesiredStructure(siren, membership.structure.name, seen.get(siren), tuple(roles))


def _effective_services(
    session: Session, person: Person, memberships: Sequence[Membership], now: datetime
) -> dict[str, list[str]]:
    """What she may enter now, by membership: the rules say it, to Keycloak as to the pages."""
    found = Gathering(session, now)
    found.read_memberships([membership.id for membership in memberships])
    granted = [
        row
        for membership in memberships
        for row in sorted(found.habilitations(membership.id), key=lambda row: row.service)
        if row.state == HabilitationState.GRANTED
    ]
    decisions = ask(found, person, [(Action.ENTER_SERVICE, row) for row in granted])
    services: dict[str, list[str]] = {membership.id: [] for membership in memberships}
    for row, decision in zip(granted, decisions, strict=True):
        if decision.allowed:
            services[row.membership_id].append(row.service)
    return services


def _groups_seen(session: Session, structures: Iterable[Structure]) -> dict[str, str]:
    """Keycloak's ids of groups, by SIREN or `<siren>/<service>`."""
    known = {each.siren: each.kc_group_id for each in structures}
    rows = session.scalars(select(ServiceGroup).where(ServiceGroup.siren.in_(known)))
    of_services = {f"{row.siren}/{row.service}": row.kc_group_id for row in rows}
    return {siren: group_id for siren, group_id in known.items() if group_id} | of_services
