"""Compares the whole country: desired people and groups, streamed, against what Keycloak has."""

from collections.abc import Iterable, Iterator

from idp_extension.projection import DesiredPerson
from idp_extension.sync.difference import Difference
from idp_extension.sync.kinds import Kind
from idp_extension.sync.of_person import compare_person, compare_stranger
from idp_extension.sync.of_structure import compare_foreign_group, compare_structure
from idp_extension.sync.state import ActualState, DesiredGroups


def compare_structures(
    wanted: Iterable[DesiredGroups], found: ActualState, catalogue: frozenset[str]
) -> Iterator[Difference]:
    """The differences of all groups, structure by structure; then the groups of no structure."""
    by_id = {group.id: group for group in found.groups}
    by_name = {group.name: group for group in found.groups}
    met: set[str] = set()
    for structure in wanted:
        ours = by_id.get(structure.group_id or ""), by_name.get(structure.siren)
        for difference in compare_structure(structure, *ours, catalogue):
            met.add(difference.keycloak_id)
            yield difference
        met.update(group.id for group in ours[1:] if group is not None)
    for group in found.groups:
        if group.id not in met:
            yield from compare_foreign_group(group)


def compare_people(
    wanted: Iterable[DesiredPerson], found: ActualState, default_role: str
) -> Iterator[Difference]:
    """The differences of all people, person by person; then the accounts of nobody."""
    by_id = {user.id: user for user in found.users}
    by_name = {user.identifiant: user for user in found.users}
    met: set[str] = set()
    doubled = []
    for person in wanted:
        hers = by_id.get(person.keycloak_id or ""), by_name.get(person.identifiant)
        met.update(user.id for user in (hers[0] or hers[1],) if user is not None)
        for difference in compare_person(person, *hers, default_role):
            if difference.kind is Kind.USER_DOUBLED:
                doubled.append(difference)  # unless it turns out to be another person's
            else:
                yield difference
    strangers = [difference for difference in doubled if difference.keycloak_id not in met]
    yield from strangers
    met.update(difference.keycloak_id for difference in strangers)
    for user in found.users:
        if user.id not in met:
            yield from compare_stranger(user)
