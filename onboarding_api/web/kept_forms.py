"""What was typed when the session ended: it goes through the new log-in, and is sent by a click alone."""

import json
from collections.abc import Mapping
from typing import Any

from flask import request, session

from onboarding_api.web.schemas.form import CSRF_FIELD
from onboarding_api.web.session import COOKIE, whose

LONGEST = 2200
"""Signs: it travels in a sealed cookie beside the attempt, and browsers keep 4,096 bytes of one."""
KEPT = "kept"


def typed_now() -> str | None:
    """The form of this request, whose session is over; None when there is nothing to keep, or too much."""
    owner = request.cookies.get(COOKIE, "").partition(".")[2]
    if request.method != "POST" or "sub" in session or not owner:
        return None
    fields = [[name, value] for name, value in request.form.items(multi=True) if name != CSRF_FIELD]
    kept = json.dumps({"path": request.path, "fields": fields, "whose": owner})
    return kept if fields and len(kept) <= LONGEST else None


def resume(kept: str | None) -> bool:
    """After the log-in: whether the same person is back, and finds what she had typed."""
    found: Mapping[str, Any] | None = json.loads(kept) if kept else None
    if found is None or found["whose"] != whose(session.get("sub")):
        return False
    session[KEPT] = found
    return True
