"""Compares the groups of one structure: what the database wants of them, and what they are."""

from collections.abc import Iterator

from idp_extension.gateway.groups import path_of
from idp_extension.naming import GroupName
from idp_extension.sync.difference import Difference
from idp_extension.sync.kinds import Kind
from idp_extension.sync.state import ActualGroup, DesiredGroups, is_administration


def compare_structure(
    wanted: DesiredGroups,
    by_id: ActualGroup | None,
    by_name: ActualGroup | None,
    catalogue: frozenset[str],
) -> Iterator[Difference]:
    """The differences of one structure's groups, those below included.

    Args:
        wanted: the groups, as the database wants them now.
        by_id: the top-level group of `wanted.group_id`.
        by_name: the top-level group named by the SIREN, which is the same unless somebody meddled.
        catalogue: all services there are, as `mes-prets:demande`.
    """
    siren = wanted.siren
    # The name says what a group is; one that bears another structure's is that structure's.
    by_id = None if by_id is None or GroupName.parse(path_of(by_id.name)) else by_id
    group = by_name or by_id
    if group is None:
        if wanted.has_people:
            yield Difference(Kind.GROUP_MISSING, siren, wanted=wanted.label)
            yield from _missing_services(wanted, frozenset())
        return
    if by_name is None:
        yield Difference(Kind.GROUP_RENAMED, siren, "", siren, group.name, group.id)
    elif by_id is not None:
        yield Difference(Kind.GROUP_DOUBLED, siren, "", siren, by_id.name, by_id.id)
    if group.id != wanted.group_id:
        yield Difference(Kind.GROUP_ID, siren, "", wanted.group_id or "", group.id, group.id)
    if group.label != wanted.label:
        yield Difference(Kind.GROUP_LABEL, siren, "", wanted.label, group.label, group.id)
    yield from _planted(siren, "", group, frozenset())
    yield from _services(wanted, group, catalogue)


def compare_foreign_group(group: ActualGroup) -> Iterator[Difference]:
    """The difference that a top-level group of no structure is; what is below goes with it."""
    path = path_of(group.name)
    yield Difference(Kind.GROUP_FOREIGN, path, found=group.name, keycloak_id=group.id)
    yield from _administration(path, group)


def _services(wanted: DesiredGroups, group: ActualGroup, catalogue: frozenset[str]) -> Iterator[Difference]:
    siren, ids = wanted.siren, {id_: service for service, id_ in wanted.service_ids.items()}
    names = {child.name for child in group.children}
    present = set()
    for child in group.children:
        service = child.name
        known = ids.get(child.id, "")
        if known and known != service and known not in names:
            service = known
            yield Difference(Kind.SERVICE_GROUP_RENAMED, siren, service, service, child.name, child.id)
        if service not in catalogue:
            yield Difference(Kind.SERVICE_GROUP_FOREIGN, siren, child.name, "", child.name, child.id)
            yield from _administration(siren, child)
            continue
        present.add(service)
        yield from _service_group(wanted, service, child)
    yield from _missing_services(wanted, frozenset(present))


def _service_group(wanted: DesiredGroups, service: str, child: ActualGroup) -> Iterator[Difference]:
    siren = wanted.siren
    seen = wanted.service_ids.get(service, "")
    if child.id != seen:
        yield Difference(Kind.SERVICE_GROUP_ID, siren, service, seen, child.id, child.id)
    if service not in child.roles:
        yield Difference(Kind.SERVICE_ROLE_TAKEN_OFF, siren, service, service, "", child.id)
    yield from _planted(siren, service, child, frozenset({service}))
    for below in child.children:
        path = f"{service}{path_of(below.name)}"
        yield Difference(Kind.SERVICE_GROUP_FOREIGN, siren, path, "", below.name, below.id)
        yield from _administration(siren, below)


def _missing_services(wanted: DesiredGroups, present: frozenset[str]) -> Iterator[Difference]:
    for service in sorted(wanted.services - present):
        yield Difference(Kind.SERVICE_GROUP_MISSING, wanted.siren, service, service)


def _planted(siren: str, service: str, group: ActualGroup, own: frozenset[str]) -> Iterator[Difference]:
    subject = f"{siren}/{service}" if service else siren
    label = ("label",) if service and group.label else ()
    for attribute in (*label, *group.attributes):
        found = f"{subject}: {attribute}"
        yield Difference(Kind.GROUP_ATTRIBUTE_PLANTED, siren, f"{service}@{attribute}", "", found, group.id)
    for role in group.roles:
        if role not in own:
            kind = Kind.GROUP_ADMINISTRATION_PLANTED if is_administration(role) else Kind.GROUP_ROLE_PLANTED
            yield Difference(kind, siren, f"{service}>{role}", "", role, group.id)


def _administration(subject: str, group: ActualGroup) -> Iterator[Difference]:
    """Also in a group that goes: who was in it could do it until then."""
    for role in group.roles:
        if is_administration(role):
            detail = f"{group.name}>{role}"
            yield Difference(Kind.GROUP_ADMINISTRATION_PLANTED, subject, detail, "", role, group.id)
    for child in group.children:
        yield from _administration(subject, child)
