"""What every call of the gateway owes: an id that is one, and a conflict that is looked into."""

import re
from typing import Any

from idp_extension.admin_api import AdminAPI, Refused, Unknown

NOT_FOUND = 404
_CONFLICT = 409
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


class NotAUUID(ValueError):
    """An id that is not a UUID. In a path it could name another resource, so it is never sent."""


def uuid(value: str) -> str:
    """The id, if it is one.

    Raises:
        NotAUUID: it is not.
    """
    if not _UUID.fullmatch(value):
        raise NotAUUID(f"not a UUID: {value!r}")
    return value


def created(api: AdminAPI, *segments: str, body: object) -> Refused | None:
    """Post, and return a conflict instead of raising it: the caller looks for what exists.

    Raises:
        GatewayError: anything but a conflict.
    """
    try:
        api.post(*segments, body=body)
    except Refused as refusal:
        if refusal.status != _CONFLICT:
            raise
        return refusal
    return None


def drop_role(api: AdminAPI, holder: str, id_: str, role: str) -> None:
    """Take a role off that a user or a group holds by itself; none is no fault.

    Args:
        api: of the realm.
        holder: `users` or `groups`.
        id_: of the holder.
        role: as `mes-prets:demande`; one of the realm is named `:offline_access`.

    Raises:
        Unknown: it still holds the role.
    """
    path = (holder, uuid(id_), "role-mappings")
    for way, mapped in _mapped(api, path, role):
        api.delete(*path, *way, body=[mapped])
    if _mapped(api, path, role):
        raise Unknown(f"role {role} was not taken off {holder} {id_}")


def _mapped(api: AdminAPI, path: tuple[str, ...], role: str) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    client_id, _, name = role.partition(":")
    if not client_id:  # who may not view the realm is told of its roles here alone
        return [(("realm",), each) for each in api.get(*path, "realm") if each["name"] == name]
    client = api.get(*path).get("clientMappings", {}).get(client_id, {"id": "", "mappings": ()})
    return [(("clients", client["id"]), each) for each in client["mappings"] if each["name"] == name]
