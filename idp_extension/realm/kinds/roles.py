"""Roles, and who brings which along: other roles, clients, scopes, accounts of services, people, groups."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.kinds.clients import client_named, scope_named
from idp_extension.realm.kinds.there import There, plain
from idp_extension.realm.plan import Change
from idp_extension.realm.state import (
    ADMINISTRATION,
    STRUCTURE_SCOPE,
    Objects,
    Representation,
    role_parts,
)

_MOST = "1000"


def read_roles(there: There) -> Objects:
    """The roles of the realm and of its clients."""
    return {name: plain(role, "name") for name, role in there.every_role().items()}


def write_role(api: AdminAPI, change: Change, wanted: Representation, _id: str) -> None:
    """Makes a role, or makes it good; which others it brings along is not said here."""
    path, name = _place(api, change.name)
    if change.action == "create":
        api.post(*path, body={"name": name, **wanted})
    else:
        api.put(*path, name, body={"description": "", "attributes": {}, **wanted, "name": name})


def remove_role(api: AdminAPI, change: Change, _id: str) -> None:
    """Takes a role away, from whoever holds it too."""
    path, name = _place(api, change.name)
    api.delete(*path, name)


def read_composites(there: There) -> Objects:
    """The roles that are made of others."""
    return {
        name: {"roles": there.named(there.api.get("roles-by-id", role["id"], "composites"))}
        for name, role in there.every_role().items()
        if role["composite"]
    }


def write_composite(api: AdminAPI, change: Change, wanted: Representation, _id: str) -> None:
    """Makes a role bring exactly these others along."""
    path = ("roles-by-id", _role(api, change.name)["id"], "composites")
    there = {role["id"]: role for role in api.get(*path)}
    ours = {role["id"]: role for role in (_role(api, name) for name in wanted.get("roles", []))}
    if surplus := [role for each, role in there.items() if each not in ours]:
        api.delete(*path, body=surplus)
    if missing := [role for each, role in ours.items() if each not in there]:
        api.post(*path, body=missing)


def read_scope_roles(there: There) -> Objects:
    """The roles that the tokens of a client, or of a scope, may carry."""
    owners = [
        *((f"client {each['clientId']}", ("clients", each["id"])) for each in there.clients),
        *((f"scope {each['name']}", ("client-scopes", each["id"])) for each in there.scopes),
    ]
    found = {name: there.mapped(*path, "scope-mappings") for name, path in owners}
    return {name: {"roles": roles} for name, roles in found.items() if roles}


def write_scope_roles(api: AdminAPI, change: Change, wanted: Representation, _id: str) -> None:
    """Lets the tokens of a client, or of a scope, carry exactly these roles."""
    kind, _, name = change.name.partition(" ")
    if kind == "client":
        path = ("clients", client_named(api, name)["id"])
    else:
        path = ("client-scopes", scope_named(api, name)["id"])
    _map(api, (*path, "scope-mappings"), wanted.get("roles", []))


def read_account_roles(there: There) -> Objects:
    """The roles that the account of a service holds, and the groups that it is in."""
    return {
        client_id: {
            "roles": there.mapped("users", account, "role-mappings"),
            "groups": sorted(group["path"] for group in there.api.get("users", account, "groups")),
        }
        for client_id, account in there.accounts.items()
    }


def write_account_roles(api: AdminAPI, change: Change, wanted: Representation, _id: str) -> None:
    """Gives the account of a service exactly these roles, and no group."""
    client = client_named(api, change.name)
    if not client.get("serviceAccountsEnabled"):
        return  # it has none any more: the client was made good before
    account = api.get("clients", client["id"], "service-account-user")["id"]
    for group in api.get("users", account, "groups"):
        api.delete("users", account, "groups", group["id"])
    _map(api, ("users", account, "role-mappings"), wanted.get("roles", []))


def read_holders(there: There) -> Objects:
    """The people and groups that hold a role by themselves.

    Asked from the role's side: few calls, however many structures there are. Groups that hold the role of an
    espace are structures, which the projection looks after; everybody holds the default role.
    """
    espaces = {each["clientId"] for each in there.clients if STRUCTURE_SCOPE in _scopes_of(each)}
    everybody = there.settings.get("defaultRole", {}).get("id")
    held: dict[str, list[str]] = {}
    for name, role in there.every_role().items():
        client_id, _ = role_parts(name)
        path = _path_of(there, client_id, role["name"])
        if role["id"] != everybody:
            _note(there, held, "user", name, there.api.get(*path, "users", max=_MOST))
        if client_id not in espaces - {ADMINISTRATION}:
            _note(there, held, "group", name, there.api.get(*path, "groups", max=_MOST))
    return {holder: {"roles": sorted(roles)} for holder, roles in held.items()}


def remove_holder(api: AdminAPI, change: Change, holder_id: str) -> None:
    """Takes the roles that were found away from a person or a group."""
    where = "users" if change.name.startswith("user ") else "groups"
    (difference,) = change.differences
    _map(api, (where, holder_id, "role-mappings"), [], only=difference.present["roles"])


def _note(
    there: There, held: dict[str, list[str]], kind: str, role: str, holders: Iterable[Mapping[str, Any]]
) -> None:
    ours = set(there.accounts.values())
    for each in holders:
        if each["id"] not in ours:
            holder = f"{kind} {each['username'] if kind == 'user' else each['path']}"
            there.ids["holder", holder] = each["id"]
            held.setdefault(holder, []).append(role)


def _scopes_of(client: Representation) -> list[str]:
    return [*client.get("defaultClientScopes", []), *client.get("optionalClientScopes", [])]


def _path_of(there: There, client_id: str, role: str) -> tuple[str, ...]:
    if not client_id:
        return ("roles", role)
    found = next(each["id"] for each in there.clients if each["clientId"] == client_id)
    return ("clients", found, "roles", role)


def _place(api: AdminAPI, named: str) -> tuple[tuple[str, ...], str]:
    client_id, role = role_parts(named)
    return (("clients", client_named(api, client_id)["id"], "roles") if client_id else ("roles",)), role


def _role(api: AdminAPI, named: str) -> dict[str, Any]:
    path, name = _place(api, named)
    found: dict[str, Any] = api.get(*path, name)
    return found


def _map(api: AdminAPI, path: tuple[str, ...], wanted: list[str], only: list[str] | None = None) -> None:
    """Maps exactly the wanted roles; with `only`, takes away none but those."""
    found = api.get(*path)
    there = {("", role["name"]): role for role in found.get("realmMappings", [])}
    for each in found.get("clientMappings", {}).values():
        there |= {(each["client"], role["name"]): role for role in each["mappings"]}
    ours = {role_parts(name) for name in wanted}
    gone = there.keys() - ours if only is None else there.keys() & {role_parts(name) for name in only}
    _send(api, api.delete, path, {key: there[key] for key in gone})
    _send(api, api.post, path, {key: _role_of(api, key) for key in ours - there.keys()})


def _role_of(api: AdminAPI, key: tuple[str, str]) -> dict[str, Any]:
    client_id, role = key
    place = ("clients", client_named(api, client_id)["id"], "roles", role) if client_id else ("roles", role)
    found: dict[str, Any] = api.get(*place)
    return found


def _send(
    api: AdminAPI,
    way: Callable[..., None],
    path: tuple[str, ...],
    roles: Mapping[tuple[str, str], dict[str, Any]],
) -> None:
    for client_id in sorted({client for client, _ in roles}):
        body = [role for (client, _), role in roles.items() if client == client_id]
        end = ("clients", client_named(api, client_id)["id"]) if client_id else ("realm",)
        way(*path, *end, body=body)
