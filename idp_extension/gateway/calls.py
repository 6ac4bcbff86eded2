"""What every call of the gateway owes: an id that is one, and a conflict that is looked into."""

import re

from idp_extension.admin_api import AdminAPI, Refused

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
