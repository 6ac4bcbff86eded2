"""What we say of a realm, laid over what Keycloak makes by itself: the whole realm, and nothing beside it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from idp_extension.realm.defaults import Defaults
from idp_extension.realm.state import (
    Objects,
    RealmState,
    Representation,
    merged,
    without_idle_redirect,
)

_NONE: Representation = {"roles": []}


def closed(defaults: Defaults, ours: RealmState) -> RealmState:
    """The whole of a realm of which `ours` says a part."""
    made = defaults.realm
    clients = {
        name: without_idle_redirect(client)
        for name, client in _over(made.clients, ours.clients, lambda new: _client(defaults, new)).items()
    }
    scopes = _over(made.scopes, ours.scopes, lambda new: _scope(defaults, new))
    roles = {**made.roles, **ours.roles}
    owners = [*(f"client {name}" for name in clients), *(f"scope {name}" for name in scopes)]
    return replace(
        made,
        settings=merged(made.settings, ours.settings),
        user_profile=ours.user_profile,
        flows={**made.flows, **ours.flows},
        scopes=scopes,
        new_client_scopes=ours.new_client_scopes,
        clients=clients,
        roles=roles,
        composites={**_nothing_of(roles), **made.composites},
        scope_roles={
            **_nothing_of(owners),
            **made.scope_roles,
            **{f"client {name}": {"roles": held["roles"]} for name, held in ours.account_roles.items()},
        },
        account_roles={
            name: _account(defaults, ours.account_roles.get(name, _NONE))
            for name, client in clients.items()
            if client["serviceAccountsEnabled"]
        },
    )


def _over(
    made: Objects, ours: Objects, fill: Callable[[Representation], Representation]
) -> dict[str, Representation]:
    """Keycloak's own first, changed where we say so."""
    changed = {name: merged(made[name], said) if name in made else fill(said) for name, said in ours.items()}
    return {**made, **changed}


def _client(defaults: Defaults, said: Representation) -> Representation:
    return _with_mappers(defaults, merged(defaults.new["client"], said))


def _scope(defaults: Defaults, said: Representation) -> Representation:
    return _with_mappers(defaults, merged(defaults.new["client scope"], said))


def _with_mappers(defaults: Defaults, owner: Mapping[str, Any]) -> Representation:
    mappers = [merged(defaults.new["mapper"], mapper) for mapper in owner.get("protocolMappers", [])]
    return {**owner, **({"protocolMappers": mappers} if mappers else {})}


def _account(defaults: Defaults, held: Representation) -> Representation:
    made = defaults.new["account roles"]
    return {**made, "roles": sorted([*made["roles"], *held["roles"]])}


def _nothing_of(owners: Iterable[str]) -> dict[str, Representation]:
    return dict.fromkeys(owners, _NONE)
