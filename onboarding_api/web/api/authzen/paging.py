"""Pages of a search: a token says where the next one begins, and of which search it is."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onboarding_api.access.looks import Cut, Found
from onboarding_api.model.refusals import BadInput

USUAL, MOST = 20, 100


@dataclass(frozen=True, slots=True)
class Page:
    """The part of the list that a search wants; `limit` is what its first message said, if anything."""

    cut: Cut
    limit: int | None
    search: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "Page":
        """The page of a checked message.

        Raises:
            BadInput: the token is none, or of another search: only `page.token` may differ between two pages.
        """
        search = json.dumps({name: body[name] for name in body if name != "page"}, sort_keys=True)
        digest = hashlib.sha256(search.encode()).hexdigest()[:16]
        page = body.get("page", {})
        after, limit = "", page.get("limit")
        if token := page.get("token"):
            after, limit = _read(token, digest)
            if page.get("limit", limit) != limit:
                raise BadInput("page.limit", "changed since the first page")
        return cls(Cut(min(USUAL if limit is None else limit, MOST), after), limit, digest)

    def written(self, found: Found) -> dict[str, Any]:
        """As the standard writes it in an answer."""
        token = "" if found.next is None else _written(found.next, self.limit, self.search)
        return {"next_token": token, "count": len(found.names)}


def _written(after: str, limit: int | None, search: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([after, limit, search]).encode()).decode()


def _read(token: str, search: str) -> tuple[str, int | None]:
    try:
        after, limit, of = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError, RecursionError):
        raise BadInput("page.token", "malformed") from None
    is_limit = limit is None or (type(limit) is int and limit >= 0)
    if not (isinstance(after, str) and after.isprintable() and is_limit and of == search):
        raise BadInput("page.token", "of another search")
    return after, limit
