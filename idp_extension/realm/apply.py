"""Carries a plan out, over the admin API, one object at a time."""

from collections.abc import Callable

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.kinds import REMOVE, WRITE
from idp_extension.realm.live import read_live
from idp_extension.realm.plan import Change, Plan, plan
from idp_extension.realm.state import ADMINISTRATION, RealmState, role_parts


class NoRealm(Exception):
    """There is no realm to make good."""


# Changed by hand, these may keep our own account out.
_DOORS = frozenset({"realm", "login flow"})


def apply(
    api: AdminAPI,
    wanted: RealmState,
    *,
    prune: bool = False,
    tell: Callable[[Plan], None] | None = None,
    porter: AdminAPI | None = None,
) -> Plan:
    """Makes the realm the wanted one and returns what was changed.

    Args:
        api: of an administrator of the realm.
        wanted: the whole realm.
        porter: an administrator of the server, who looks, and who makes good what decides who is let in.
        prune: also take away what nobody declared.
        tell: is shown the whole plan before anything is done.

    Raises:
        NoRealm: make it first.
        GatewayError: Keycloak did not do it; a repeat goes on where this stopped.
    """
    there = read_live(porter or api)
    if there is None:
        raise NoRealm(api.realm)
    todo = plan(wanted, there)
    if tell:
        tell(todo)
    done = todo if prune else todo.repairs
    for change in done.changes:
        _carry_out(porter if porter and _needs_porter(change) else api, wanted, there, change)
    return done


def _needs_porter(change: Change) -> bool:
    """Keycloak lets nobody of the realm itself change the client that administers it, nor its roles."""
    return (
        change.kind in _DOORS or role_parts(change.name)[0] == ADMINISTRATION or change.name == ADMINISTRATION
    )


def _carry_out(api: AdminAPI, wanted: RealmState, there: RealmState, change: Change) -> None:
    object_id = there.ids.get((change.kind, change.name), "")
    if change.action == "remove":
        REMOVE[change.kind](api, change, object_id)
    else:
        WRITE[change.kind](api, change, wanted.objects(change.kind)[change.name], object_id)
