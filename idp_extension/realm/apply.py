"""Carries a plan out, over the admin API, one object at a time."""

from collections.abc import Callable, Mapping
from typing import Any

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.live import FLOWS, read_live
from idp_extension.realm.plan import Change, Plan, plan
from idp_extension.realm.state import ADMINISTRATION, RealmState, Representation, merged

_STOCK_FLOWS = {"browserFlow": "browser", "resetCredentialsFlow": "reset credentials"}


def apply(api: AdminAPI, wanted: RealmState) -> Plan:
    """Makes the realm the wanted one and returns what was changed. The realm must exist.

    Raises:
        GatewayError: Keycloak did not do it; a repeat goes on where this stopped.
    """
    todo = plan(wanted, read_live(api))
    for change in todo.changes:
        _STEPS[change.kind](api, wanted, change)
    return todo


def _login_flow(api: AdminAPI, wanted: RealmState, change: Change) -> None:
    """Makes the flow anew, which sets the order and depth of its steps right along with the rest."""
    realm = api.get()
    uses = {use: stock for use, stock in _STOCK_FLOWS.items() if realm[use] == change.name}
    if uses:  # Keycloak deletes no flow in use: people log in by its own one for a moment
        api.put(body=realm | uses)
    for flow in api.get(*FLOWS):
        if flow["alias"] == change.name:
            api.delete(*FLOWS, flow["id"])
    body = {"alias": change.name, "providerId": "basic-flow", "topLevel": True, "builtIn": False}
    api.post(*FLOWS, body=body)
    _add_steps(api, change.name, wanted.flows[change.name]["steps"])
    if uses:
        api.put(body=realm)


def _add_steps(api: AdminAPI, flow: str, steps: list[Representation]) -> None:
    path = (*FLOWS, flow, "executions")
    for step in steps:
        if "flow" in step:
            api.post(*path, "flow", body={"alias": step["flow"], "type": "basic-flow"})
        else:
            api.post(*path, "execution", body={"provider": step["provider"]})
        added = api.get(*path)[-1]
        api.put(*path, body=added | {"requirement": step["requirement"]})
        if "flow" in step:
            _add_steps(api, step["flow"], step["steps"])


def _realm(api: AdminAPI, wanted: RealmState, change: Change) -> None:
    api.put(body=merged(api.get(), wanted.settings))


def _user_profile(api: AdminAPI, wanted: RealmState, change: Change) -> None:
    api.put("users", "profile", body=wanted.user_profile)


def _client_scope(api: AdminAPI, wanted: RealmState, change: Change) -> None:
    scope = wanted.scopes[change.name]
    if change.is_creation:
        api.post("client-scopes", body=scope)
        return
    present = next(found for found in api.get("client-scopes") if found["name"] == change.name)
    api.put("client-scopes", present["id"], body=merged(present, scope))
    _replace_mappers(api, ("client-scopes", present["id"]), present, scope)


def _new_client_scopes(api: AdminAPI, wanted: RealmState, change: Change) -> None:
    for use, names in wanted.new_client_scopes.items():
        _set_scopes(api, (f"default-{use}-client-scopes",), names)


def _client(api: AdminAPI, wanted: RealmState, change: Change) -> None:
    client = wanted.clients[change.name]
    if change.is_creation:
        api.post("clients", body=client)
        return
    present = _client_named(api, change.name)
    api.put("clients", present["id"], body=merged(present, client))
    _replace_mappers(api, ("clients", present["id"]), present, client)
    for use in ("default", "optional"):
        if f"{use}ClientScopes" in client:
            _set_scopes(api, ("clients", present["id"], f"{use}-client-scopes"), client[f"{use}ClientScopes"])


def _role(api: AdminAPI, wanted: RealmState, change: Change) -> None:
    client_id, _, role = change.name.partition(":")
    path = ("clients", _client_named(api, client_id)["id"], "roles")
    body = {"name": role, "description": wanted.roles[client_id][role]}
    if change.is_creation:
        api.post(*path, body=body)
    else:
        api.put(*path, role, body=merged(api.get(*path, role), body))


def _account_roles(api: AdminAPI, wanted: RealmState, change: Change) -> None:
    roles = wanted.account_roles[change.name]
    client = _client_named(api, change.name)["id"]
    administration = _client_named(api, ADMINISTRATION)["id"]
    account = api.get("clients", client, "service-account-user")["id"]
    known = {role["name"]: role for role in api.get("clients", administration, "roles")}
    places = {
        "account": ("users", account, "role-mappings", "clients", administration),
        "scope": ("clients", client, "scope-mappings", "clients", administration),
    }
    for use, path in places.items():
        present = {role["name"] for role in api.get(*path)}
        if missing := set(roles[use]) - present:
            api.post(*path, body=[known[name] for name in sorted(missing)])
        if surplus := present - set(roles[use]):
            api.delete(*path, body=[known[name] for name in sorted(surplus)])


_STEPS: Mapping[str, Callable[[AdminAPI, RealmState, Change], None]] = {
    "login flow": _login_flow,
    "realm": _realm,
    "user profile": _user_profile,
    "client scope": _client_scope,
    "new client scopes": _new_client_scopes,
    "client": _client,
    "role": _role,
    "account roles": _account_roles,
}


def _client_named(api: AdminAPI, client_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get("clients", clientId=client_id)[0]
    return found


def _replace_mappers(
    api: AdminAPI, owner: tuple[str, str], present: Representation, wanted: Representation
) -> None:
    if "protocolMappers" not in wanted:
        return
    for mapper in present.get("protocolMappers", []):
        api.delete(*owner, "protocol-mappers", "models", mapper["id"])
    for mapper in wanted["protocolMappers"]:
        api.post(*owner, "protocol-mappers", "models", body=mapper)


def _set_scopes(api: AdminAPI, path: tuple[str, ...], wanted: list[str]) -> None:
    """Attaches exactly the wanted scopes, by their ids."""
    ids = {scope["name"]: scope["id"] for scope in api.get("client-scopes")}
    present = {scope["name"] for scope in api.get(*path)}
    for name in sorted(present - set(wanted)):
        api.delete(*path, ids[name])
    for name in sorted(set(wanted) - present):
        api.put(*path, ids[name])
