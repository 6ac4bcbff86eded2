"""Finds the differences: of the whole country by one snapshot, of one person or structure by a few calls."""

from collections.abc import Iterator

from idp_extension.admin_api import AdminAPI, Refused
from idp_extension.keep_alive import KeepAliveAPI
from idp_extension.sync.compare import compare_people, compare_structures
from idp_extension.sync.difference import Difference
from idp_extension.sync.house import House
from idp_extension.sync.of_person import compare_person, compare_stranger
from idp_extension.sync.of_structure import compare_foreign_group, compare_structure
from idp_extension.sync.snapshot import read_snapshot
from idp_extension.sync.state import ActualState
from idp_extension.sync.stock import (
    read_all,
    read_group,
    read_group_named,
    read_user,
    read_user_named,
)

_NOT_FOUND = 404


def default_role(realm: str) -> str:
    """The role that each account of a realm has."""
    return f":default-roles-{realm}"


def read_state(api: KeepAliveAPI) -> ActualState:
    """What Keycloak has: by the snapshot, on a server without our provider by the stock API.

    Raises:
        GatewayError: Keycloak did not tell the whole of it.
    """
    try:
        return read_snapshot(api)
    except Refused as refusal:
        if refusal.status != _NOT_FOUND:
            raise
        return read_all(api)


def look_everywhere(
    house: House, found: ActualState, realm: str, catalogue: frozenset[str]
) -> Iterator[Difference]:
    """The differences of the whole country.

    `found` is read before the house is asked: who registers meanwhile is in the database by then, and no
    stranger.
    """
    yield from compare_structures(house.structures(), found, catalogue)
    yield from compare_people(house.people(), found, default_role(realm))


def look_at_person(house: House, api: AdminAPI, identifiant: str) -> Iterator[Difference]:
    """The differences of one person; of an account of that name that is nobody's.

    Raises:
        GatewayError: Keycloak did not tell.
    """
    by_name = read_user_named(api, identifiant)
    wanted = next(house.people([identifiant]), None)
    if wanted is not None:
        by_id = read_user(api, wanted.keycloak_id) if wanted.keycloak_id else None
        for each in compare_person(wanted, by_id, by_name, default_role(api.realm)):
            is_other = by_id is not None and by_name is not None and by_id.id != by_name.id
            if not (
                is_other and house.knows("", each.keycloak_id) and each.keycloak_id != wanted.keycloak_id
            ):
                yield each
    elif by_name is not None:
        yield from compare_stranger(by_name)


def look_at_structure(
    house: House, api: AdminAPI, siren: str, catalogue: frozenset[str]
) -> Iterator[Difference]:
    """The differences of the groups of one structure; a group of that name that is of none.

    Raises:
        GatewayError: Keycloak did not tell.
    """
    by_name = read_group_named(api, siren)
    wanted = next(house.structures([siren]), None)
    if wanted is not None:
        by_id = read_group(api, wanted.group_id) if wanted.group_id else None
        yield from compare_structure(wanted, by_id, by_name, catalogue)
    elif by_name is not None:
        yield from compare_foreign_group(by_name)
