"""Reads the realm that is there, in the form of the wanted one."""

from typing import Any

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.state import ADMINISTRATION, RealmState, Representation

FLOWS = ("authentication", "flows")


def read_live(api: AdminAPI) -> RealmState | None:
    """The realm as the server tells it, None when there is none.

    Raises:
        GatewayError: Keycloak did not answer, or refused.
    """
    settings = api.find()
    if settings is None:
        return None
    clients = {client["clientId"]: client for client in api.get("clients")}
    return RealmState(
        name=api.realm,
        settings=settings | _event_settings(api),
        user_profile=api.get("users", "profile"),
        scopes={scope["name"]: scope for scope in api.get("client-scopes")},
        new_client_scopes={
            "default": _names(api.get("default-default-client-scopes")),
            "optional": _names(api.get("default-optional-client-scopes")),
        },
        clients=clients,
        roles={
            client_id: {role["name"]: role.get("description", "") for role in _roles(api, client["id"])}
            for client_id, client in clients.items()
        },
        account_roles={
            client_id: _account_roles(api, client["id"], clients[ADMINISTRATION]["id"])
            for client_id, client in clients.items()
            if client.get("serviceAccountsEnabled")
        },
        flows={
            flow["alias"]: {"steps": _steps(api.get(*FLOWS, flow["alias"], "executions"))}
            for flow in api.get(*FLOWS)
            if not flow["builtIn"]
        },
    )


def groups_with_administration(api: AdminAPI) -> tuple[str, ...]:
    """Paths of the groups whose members administer the realm (CVE-2026-94000); there should be none.

    Asked from the role's side: a few calls, however many groups there are.
    """
    administration = api.get("clients", clientId=ADMINISTRATION)[0]["id"]
    holders = [
        api.get("clients", administration, "roles", role["name"], "groups")
        for role in _roles(api, administration)
    ]
    holders += [
        api.get("roles", role["name"], "groups")
        for role in api.get("roles", briefRepresentation="true")
        if role["composite"] and _contains_administration(api, role["id"], administration)
    ]
    return tuple(sorted({group["path"] for groups in holders for group in groups}))


def _contains_administration(api: AdminAPI, role_id: str, administration: str) -> bool:
    return any(
        part.get("containerId") == administration for part in api.get("roles-by-id", role_id, "composites")
    )


def _event_settings(api: AdminAPI) -> dict[str, Any]:
    return dict(api.get("events", "config"))


def _roles(api: AdminAPI, client_uuid: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("clients", client_uuid, "roles")
    return found


def _account_roles(api: AdminAPI, client_uuid: str, administration: str) -> Representation:
    account = api.get("clients", client_uuid, "service-account-user")
    return {
        "account": _names(api.get("users", account["id"], "role-mappings", "clients", administration)),
        "scope": _names(api.get("clients", client_uuid, "scope-mappings", "clients", administration)),
    }


def _steps(executions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tree of a login flow: Keycloak tells it line by line, each with its depth."""
    open_flows: list[list[dict[str, Any]]] = [[]]
    for execution in executions:
        step = {"requirement": execution["requirement"]}
        depth = execution["level"]
        open_flows[depth].append(step)
        del open_flows[depth + 1 :]
        if execution.get("authenticationFlow"):
            step |= {"flow": execution["displayName"], "steps": []}
            open_flows.append(step["steps"])
        else:
            step["provider"] = execution["providerId"]
    return open_flows[0]


def _names(found: list[dict[str, Any]]) -> list[str]:
    return sorted(item["name"] for item in found)
