"""Clients, scopes, and the scopes that each client, and a new one, gets."""

from typing import Any

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.kinds.there import There, exactly, plain
from idp_extension.realm.plan import Change
from idp_extension.realm.state import Objects, Representation, without_idle_redirect

_USES = ("default", "optional")


def client_named(api: AdminAPI, client_id: str) -> dict[str, Any]:
    """A client by the name it has among clients."""
    found: dict[str, Any] = api.get("clients", clientId=client_id)[0]
    return found


def scope_named(api: AdminAPI, name: str) -> dict[str, Any]:
    """A client scope by its name."""
    found: dict[str, Any] = next(scope for scope in api.get("client-scopes") if scope["name"] == name)
    return found


def read_clients(there: There) -> Objects:
    """The clients, with the secrets that they share with Keycloak."""
    return {
        client["clientId"]: without_idle_redirect(plain(client))
        | ({"secret": client["secret"]} if "secret" in client else {})
        for client in there.clients
    }


def write_client(api: AdminAPI, change: Change, wanted: Representation, _id: str) -> None:
    """Makes a client, or makes it good: its fields, its mappers, its scopes."""
    if change.action == "create":
        api.post("clients", body=wanted)
    found = client_named(api, change.name)  # made anew, Keycloak has added scopes of its own
    api.put("clients", found["id"], body=_without_mappers(exactly(found, wanted)))
    _write_mappers(api, ("clients", found["id"]), found, wanted)
    for use in _USES:
        _set_scopes(api, ("clients", found["id"], f"{use}-client-scopes"), wanted[f"{use}ClientScopes"])


def remove_client(api: AdminAPI, change: Change, _id: str) -> None:
    """Takes a client away, with its roles and its account."""
    api.delete("clients", client_named(api, change.name)["id"])


def read_scopes(there: There) -> Objects:
    """The client scopes, with their mappers."""
    return {scope["name"]: plain(scope) for scope in there.scopes}


def write_scope(api: AdminAPI, change: Change, wanted: Representation, _id: str) -> None:
    """Makes a scope, or makes it good: its fields and its mappers."""
    if change.action == "create":
        api.post("client-scopes", body=wanted)
        return
    found = scope_named(api, change.name)
    api.put("client-scopes", found["id"], body=_without_mappers(exactly(found, wanted)))
    _write_mappers(api, ("client-scopes", found["id"]), found, wanted)


def remove_scope(api: AdminAPI, change: Change, _id: str) -> None:
    """Takes a scope away, from the clients that have it too."""
    api.delete("client-scopes", scope_named(api, change.name)["id"])


def read_new_client_scopes(there: There) -> Representation:
    """The scopes that a new client gets."""
    return {use: _names(there.api.get(f"default-{use}-client-scopes")) for use in _USES}


def write_new_client_scopes(api: AdminAPI, _change: Change, wanted: Representation, _id: str) -> None:
    """Sets the scopes that a new client gets."""
    for use in _USES:
        _set_scopes(api, (f"default-{use}-client-scopes",), wanted[use])


def read_authorisation(there: There) -> Objects:
    """Keycloak's own authorisation services, of each client that has them on."""
    return {
        client["clientId"]: there.api.get("clients", client["id"], "authz", "resource-server", "settings")
        for client in there.clients
        if client.get("authorizationServicesEnabled")
    }


def remove_authorisation(api: AdminAPI, change: Change, _id: str) -> None:
    """Off, they are forgotten."""
    found = client_named(api, change.name)
    if found.get("authorizationServicesEnabled"):
        api.put("clients", found["id"], body=found | {"authorizationServicesEnabled": False})


def _without_mappers(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != "protocolMappers"}


def _write_mappers(
    api: AdminAPI, owner: tuple[str, str], found: Representation, wanted: Representation
) -> None:
    """Takes away those that are not as wanted, then makes those that are not there."""
    kept = []
    missing = list(wanted.get("protocolMappers", []))
    for mapper in found.get("protocolMappers", []):
        if plain(mapper) in missing:
            missing.remove(plain(mapper))
            kept.append(mapper)
        else:
            api.delete(*owner, "protocol-mappers", "models", mapper["id"])
    for mapper in missing:
        api.post(*owner, "protocol-mappers", "models", body=mapper)


def _set_scopes(api: AdminAPI, path: tuple[str, ...], wanted: list[str]) -> None:
    """Attaches exactly the wanted scopes, by their ids."""
    ids = {scope["name"]: scope["id"] for scope in api.get("client-scopes")}
    present = set(_names(api.get(*path)))
    for name in sorted(present - set(wanted)):
        api.delete(*path, ids[name])
    for name in sorted(set(wanted) - present):
        api.put(*path, ids[name])


def _names(found: list[dict[str, Any]]) -> list[str]:
    return sorted(item["name"] for item in found)
