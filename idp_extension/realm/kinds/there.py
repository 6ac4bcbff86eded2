"""A realm that is being read: what several kinds of objects need of it is asked once."""

from collections.abc import Iterable, Mapping
from typing import Any

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.state import Representation, role_name

# What Keycloak draws, counts or says of who asks: it is of this object, or of this question, alone.
_OWN = frozenset(
    {"id", "containerId", "parentId", "access", "secret", "internalId", "clientRole", "composite"}
)
_OWN_ATTRIBUTES = frozenset({"client.secret.creation.time"})


class There:
    """The realm that is there. `settings` is its representation; `ids` is filled by who reads."""

    def __init__(self, api: AdminAPI, settings: Representation) -> None:
        self.api = api
        self.settings = settings
        self.clients: list[dict[str, Any]] = api.get("clients")
        self.scopes: list[dict[str, Any]] = api.get("client-scopes")
        self.realm_roles: list[dict[str, Any]] = api.get("roles", briefRepresentation="false")
        self.client_roles: dict[str, list[dict[str, Any]]] = {
            client["clientId"]: api.get("clients", client["id"], "roles", briefRepresentation="false")
            for client in self.clients
        }
        self.accounts: dict[str, str] = {
            client["clientId"]: api.get("clients", client["id"], "service-account-user")["id"]
            for client in self.clients
            if client.get("serviceAccountsEnabled")
        }
        self.ids: dict[tuple[str, str], str] = {}
        self._client_of = {client["id"]: client["clientId"] for client in self.clients}

    def named(self, roles: Iterable[Mapping[str, Any]]) -> list[str]:
        """The names of roles, of the realm or of its clients."""
        return sorted(role_name(role["name"], self._client_of.get(role["containerId"], "")) for role in roles)

    def every_role(self) -> dict[str, dict[str, Any]]:
        """All roles, by their names."""
        found = {role_name(role["name"]): role for role in self.realm_roles}
        for client_id, roles in self.client_roles.items():
            found |= {role_name(role["name"], client_id): role for role in roles}
        return found

    def mapped(self, *path: str) -> list[str]:
        """The names of the roles that are mapped to a person, a group, a client or a scope."""
        found = self.api.get(*path)
        of_clients = [role for each in found.get("clientMappings", {}).values() for role in each["mappings"]]
        return self.named([*found.get("realmMappings", []), *of_clients])


def plain(found: Mapping[str, Any], *without: str) -> dict[str, Any]:
    """A representation, less what is of this object alone."""
    kept = {key: value for key, value in found.items() if key not in _OWN and key not in without}
    if "attributes" in kept and isinstance(kept["attributes"], Mapping):
        kept["attributes"] = {k: v for k, v in kept["attributes"].items() if k not in _OWN_ATTRIBUTES}
    if "protocolMappers" in kept:
        kept["protocolMappers"] = [plain(mapper) for mapper in kept["protocolMappers"]]
    return kept


def exactly(found: Mapping[str, Any], wanted: Representation) -> dict[str, Any]:
    """What to send so that an object becomes the wanted one: what is too much is sent empty."""
    body: dict[str, Any] = {key: found[key] for key in found if key in _OWN} | dict(wanted)
    for key, value in found.items():
        if key in _OWN:
            continue
        if isinstance(value, Mapping):
            known = body.get(key) or {}
            surplus = value.keys() - known.keys() - _OWN_ATTRIBUTES
            body[key] = dict(known) | {each: _empty(value[each]) for each in surplus}
        elif key not in body:
            body[key] = _empty(value)
    return body


def _empty(value: Any) -> Any:
    if isinstance(value, str):
        return ""
    return [] if isinstance(value, list) else None
