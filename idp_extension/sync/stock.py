"""What Keycloak has, read by its stock admin API: one account, one structure, or the whole of it.

One account and one structure is how a single change is looked into. The whole costs several calls an object
and is the oracle of the snapshot (`idp_extension.sync.snapshot`), and its substitute on a server without it.
"""

from collections.abc import Iterator
from typing import Any

from idp_extension.admin_api import AdminAPI, Refused
from idp_extension.gateway.calls import uuid
from idp_extension.gateway.groups import group_path
from idp_extension.sync.state import ActualGroup, ActualState, ActualUser, role_name

_PAGE = 500
_FORBIDDEN = 403


def read_user(api: AdminAPI, user_id: str) -> ActualUser | None:
    """The account of an id, with all that hangs on it; None when there is none."""
    body = api.find("users", uuid(user_id))
    return None if body is None else _user(api, body)


def read_user_named(api: AdminAPI, identifiant: str) -> ActualUser | None:
    """The account of a username; None when there is none."""
    found = api.get("users", username=identifiant, exact="true", briefRepresentation="false")
    return next((_user(api, body) for body in found if body["username"] == identifiant.lower()), None)


def read_group(api: AdminAPI, group_id: str) -> ActualGroup | None:
    """The group of an id, with those below it; None when there is none."""
    body = api.find("groups", uuid(group_id))
    return None if body is None else _group(api, body)


def read_group_named(api: AdminAPI, siren: str) -> ActualGroup | None:
    """The top-level group of that name, with those below it; None when there is none."""
    found = api.get("groups", search=siren, exact="true", briefRepresentation="true")
    return next((read_group(api, body["id"]) for body in found if body["name"] == siren), None)


def read_all(api: AdminAPI) -> ActualState:
    """The whole state, call by call."""
    groups = tuple(_group(api, body) for body in _pages(api, "groups"))
    users = [_user(api, body) for body in _pages(api, "users")]
    for client in api.get("clients"):
        if client.get("serviceAccountsEnabled"):
            body = api.get("clients", client["id"], "service-account-user")
            users.append(_user(api, body | {"serviceAccountClientId": client["id"]}))
    return ActualState(groups, tuple(users))


def _pages(api: AdminAPI, *segments: str) -> Iterator[dict[str, Any]]:
    first = 0
    while True:
        page = api.get(*segments, briefRepresentation="false", first=str(first), max=str(_PAGE))
        yield from page
        if len(page) < _PAGE:
            return
        first += _PAGE


def _group(api: AdminAPI, body: dict[str, Any]) -> ActualGroup:
    attributes = body.get("attributes") or {}
    roles = [role_name("", role) for role in body.get("realmRoles") or ()]
    for client_id, names in (body.get("clientRoles") or {}).items():
        roles += [role_name(client_id, role) for role in names]
    children = _pages(api, "groups", body["id"], "children") if body.get("subGroupCount", 1) else ()
    return ActualGroup(
        id=body["id"],
        name=body["name"],
        label=(attributes.get("label") or [""])[0],
        attributes=tuple(sorted(attributes.keys() - {"label"})),
        roles=tuple(sorted(roles)),
        children=tuple(sorted((_group(api, child) for child in children), key=lambda each: each.name)),
    )


def _user(api: AdminAPI, body: dict[str, Any]) -> ActualUser:
    id_ = body["id"]
    roles = api.get("users", id_, "role-mappings")
    # Who may not view the realm is told of its roles here alone.
    held = [role_name("", role["name"]) for role in api.get("users", id_, "role-mappings", "realm")]
    for client_id, mapped in roles.get("clientMappings", {}).items():
        held += [role_name(client_id, role["name"]) for role in mapped["mappings"]]
    linked = api.get("users", id_, "federated-identity")
    return ActualUser(
        id=id_,
        identifiant=body["username"],
        email=body.get("email", ""),
        prenom=body.get("firstName", ""),
        nom=body.get("lastName", ""),
        is_active=body["enabled"],
        is_email_verified=body.get("emailVerified", False),
        storage=body.get("federationLink") or body.get("origin") or "",
        service_account_of=body.get("serviceAccountClientId", ""),
        attributes=tuple(sorted(body.get("attributes") or ())),
        required_actions=tuple(sorted(body.get("requiredActions") or ())),
        identity_providers=tuple(sorted(each["identityProvider"] for each in linked)),
        credentials=_credentials(api, id_),
        roles=tuple(sorted(held)),
        groups=tuple(sorted(group_path(group) for group in api.get("users", id_, "groups"))),
    )


def _credentials(api: AdminAPI, user_id: str) -> tuple[str, ...] | None:
    """Their types; None for an account that may not manage users."""
    try:
        return tuple(sorted({each["type"] for each in api.get("users", user_id, "credentials")}))
    except Refused as refusal:
        if refusal.status != _FORBIDDEN:
            raise
        return None
