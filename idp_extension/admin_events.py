"""Keycloak's own journal of what administrators did: read on from a moment, each event once, ours left out.

Only what goes over its admin API is written there: not what people do themselves, nor what is changed in its
database. The moment of an event is taken before it is committed, so that one may come behind a later one:
the last stretch is always read again.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from idp_extension.admin_api import AdminAPI

OVERLAP = timedelta(seconds=30)
"""Longer than any admin call may take: our own are given up after five seconds."""
PAGE = 500
_ID = r"(?P<id>[0-9a-f-]{36})"
_OF_USER, _OF_GROUP = re.compile(rf"users/{_ID}(?P<rest>/.*)?"), re.compile(rf"groups/{_ID}(?P<rest>/.*)?")


class About(StrEnum):
    """What an event is about, and has to be read again."""

    USER = "user"
    GROUP = "group"
    REALM = "realm"


class Act(StrEnum):
    """What an administrator does to a person and no state of hers shows afterwards."""

    PASSWORD_SET = "password set"  # noqa: S105 - a sentence
    CREDENTIAL_REMOVED = "credential removed"
    IMPERSONATED = "impersonated"
    SESSIONS_ENDED = "sessions ended"
    ACTION_MAIL_SENT = "action mail sent"
    OTHER = "other act"
    EVENTS_LOST = "events lost"
    """Cleared away, or not written for a while."""


_CONFIG = "events/config"
_ACTS = (
    (re.compile(r"/reset-password"), Act.PASSWORD_SET),
    (re.compile(r"/(disable-credential-types|credentials/[0-9a-f-]{36})"), Act.CREDENTIAL_REMOVED),
    (re.compile(r"/impersonation"), Act.IMPERSONATED),
    (re.compile(r"/logout|/sessions/.*"), Act.SESSIONS_ENDED),
    (re.compile(r"/(execute-actions|reset-password|send-verify)-email"), Act.ACTION_MAIL_SENT),
)


@dataclass(frozen=True, slots=True)
class AdminEvent:
    """One act of an administrator. `by_client` is the client's UUID, `by_user` his own id in his realm.

    `object_id` is Keycloak's id of what was written, where the path names its parent alone.
    """

    id: str
    at: datetime
    operation: str
    resource: str
    path: str
    by_user: str
    by_client: str
    by_address: str
    object_id: str = ""

    @property
    def about(self) -> tuple[tuple[About, str], ...]:
        """What has to be read again, and Keycloak's ids of it; the act itself where it is of the realm."""
        for about, pattern in ((About.USER, _OF_USER), (About.GROUP, _OF_GROUP)):
            if found := pattern.fullmatch(self.path):
                moved = ((about, self.object_id),) if found["rest"] == "/children" and self.object_id else ()
                return ((about, found["id"]), *moved)
        what = f"{self.operation.lower()} {self.resource.lower()} {self.path}".strip()
        return ((About.REALM, what[:255]),)

    @property
    def act(self) -> Act | None:
        """What was done to a person, where her state does not tell."""
        if self.path == _CONFIG:
            return Act.EVENTS_LOST
        found = _OF_USER.fullmatch(self.path)
        rest = (found["rest"] or "") if found else ""
        for pattern, act in _ACTS:
            if pattern.fullmatch(rest):
                return act
        return Act.OTHER if found and self.operation == "ACTION" else None


class AdminEvents:
    """Reads on, turn by turn. Not shared between threads.

    Args:
        api: as an account that may view events.
        ours: names of the clients whose acts are the house's own.
        since: the moment of the last event that was looked into before.
    """

    def __init__(self, api: AdminAPI, ours: frozenset[str], since: datetime) -> None:
        self._api, self._ours, self.read_until = api, ours, since
        self._our_ids: frozenset[str] = frozenset()
        self._seen: dict[str, datetime] = {}

    def new(self) -> Iterator[AdminEvent]:
        """The acts of others that were not given yet, oldest first; then, where it is so, that some are lost.

        An event counts as given when the next one is asked for: whoever fails in between is given it again.

        Raises:
            GatewayError: Keycloak does not answer, or not to this account.
        """
        if not self._our_ids:
            self._our_ids = frozenset(self._ids_of_ours())
        begin, missing = self.read_until - OVERLAP, set(self._seen)
        for event in self._events(begin):
            missing.discard(event.id)
            if event.id in self._seen:
                continue
            if event.by_client not in self._our_ids:
                yield event
            self._seen[event.id] = event.at
            self.read_until = max(self.read_until, event.at)
        # The last event read is always read again: gone, it was cleared away, and who knows what with it.
        if missing:
            self._seen.clear()
            yield _lost(self.read_until, missing)
        begin = self.read_until - OVERLAP
        self._seen = {id_: at for id_, at in self._seen.items() if at >= begin}

    def _events(self, begin: datetime) -> Iterator[AdminEvent]:
        since = str(int(begin.timestamp() * 1000))
        yield from map(_event, self._pages("admin-events", direction="asc", dateFrom=since))
        # This act is written into the journal of log-ins alone.
        yield from map(
            _impersonation, self._pages("events", type="IMPERSONATE", direction="asc", dateFrom=since)
        )

    def _pages(self, journal: str, **asked: str) -> Iterator[dict[str, Any]]:
        first = 0
        while True:
            page = self._api.get(journal, **asked, first=str(first), max=str(PAGE))
            yield from page
            if len(page) < PAGE:
                return
            first += PAGE

    def _ids_of_ours(self) -> Iterator[str]:
        for client_id in sorted(self._ours):
            yield from (client["id"] for client in self._api.get("clients", clientId=client_id))


def _moment(body: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(body["time"] / 1000, UTC)


def _event(body: dict[str, Any]) -> AdminEvent:
    by = body.get("authDetails") or {}
    return AdminEvent(
        id=body["id"],
        at=_moment(body),
        operation=body.get("operationType", ""),
        resource=body.get("resourceType", ""),
        path=body.get("resourcePath", ""),
        by_user=by.get("userId", ""),
        by_client=by.get("clientId", ""),
        by_address=by.get("ipAddress", ""),
        object_id=_id_in(body.get("representation") or ""),
    )


def _impersonation(body: dict[str, Any]) -> AdminEvent:
    details = body.get("details") or {}
    return AdminEvent(
        id=body["id"],
        at=_moment(body),
        operation="ACTION",
        resource="USER",
        path=f"users/{body['userId']}/impersonation",
        by_user=details.get("impersonator", ""),
        by_client=body.get("clientId") or "",
        by_address=body.get("ipAddress") or "",
    )


def _lost(at: datetime, missing: set[str]) -> AdminEvent:
    return AdminEvent(min(missing), at, "ACTION", "REALM", _CONFIG, "", "", "")


def _id_in(representation: str) -> str:
    """Of a representation as Keycloak keeps it; it cuts long ones."""
    try:
        read = json.loads(representation)
    except ValueError:
        return ""
    return str(read.get("id", "")) if isinstance(read, dict) else ""
