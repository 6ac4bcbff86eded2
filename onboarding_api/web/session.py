"""Sessions of the portal: kept on the server, found by the digest of a random cookie.

Times out after fifteen minutes without a request and after ten hours at most (ASVS 7.3.1, 7.3.2); the
number changes at log-in, so that one planted before it is worth nothing (session fixation, ASVS 7.2.4).
Who only looks at a form leaves no row: the secret behind the form's token is then the cookie itself.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any, cast

from flask import Flask, Request, Response, session
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from idp_extension.relying_party.back_channel import Ended
from onboarding_api.model.base import Database
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import DatabaseBusy
from onboarding_api.model.web_session import WebSession

COOKIE = "__Host-bdt"
IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=10)
# A page more or less does not move the fifteen minutes: one write a minute is enough.
SEEN_EVERY = timedelta(minutes=1)
# Said or chosen beside an act that is done, or good for a while as it was: losing them is no error.
COURTESIES = frozenset({"_flashes", "siren", "keycloak"})
# Flask-WTF's secret in the place of the session's number; `__Host-` keeps other hosts from planting one.
_FORM_SECRET, _FORM_COOKIE = "csrf_token", re.compile(r"form-([0-9a-f]{40})")


class PortalSession(dict[str, Any], SessionMixin):
    """What the server keeps for one browser; `changes` tells what a request did to it."""

    def __init__(self, values: Mapping[str, Any] | None = None, token: str | None = None) -> None:
        super().__init__(values or {})
        self.opened = deepcopy(dict(self))
        self.token = token
        self.seen_at: datetime | None = None
        self.is_renewed = False
        self.is_ended = False
        self.is_switched = False
        self.is_unread = False

    def log_in(self, values: Mapping[str, Any]) -> None:
        """Forget what the browser had, take these values, and change the cookie.

        The same person goes on with the structure she was working for.
        """
        siren = self.get("siren") if self.get("sub") == values.get("sub") else None
        self.clear()
        self.update(values if siren is None else {**values, "siren": siren})
        self.is_renewed = True

    def switch_to(self, siren: str) -> None:
        """Work for another structure. It is the whole act, so it is told when it cannot be written."""
        self["siren"] = siren
        self.is_switched = True

    @property
    def changes(self) -> set[str]:
        """The keys that this request added, changed or took away."""
        return {key for key in self.keys() | self.opened.keys() if self.get(key) != self.opened.get(key)}

    def end(self) -> None:
        """Nothing remains: neither the row nor the cookie."""
        self.clear()
        self.is_ended = True


def current_session() -> PortalSession:
    """The session of this request."""
    return cast(PortalSession, session._get_current_object())  # type: ignore[attr-defined]


def refuse_unread() -> None:
    """Before each request.

    Raises:
        DatabaseBusy: the session of the cookie could not be read.
    """
    if current_session().is_unread:
        raise DatabaseBusy


class ServerSessions(SessionInterface):
    """Flask's `session`, in the table `web_session`.

    Args:
        database: the house's.
        clock: aware UTC.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def open_session(self, app: Flask, request: Request) -> PortalSession:
        """The session of the cookie; an empty one when there is none or when its time is over.

        One that cannot be read is empty too, and says so: the request is refused in words, which nobody
        could do from here (`refuse_unread`).
        """
        token = request.cookies.get(COOKIE)
        if not token:
            return PortalSession()
        if form := _FORM_COOKIE.fullmatch(token):
            return PortalSession({_FORM_SECRET: form.group(1)})
        try:
            return self._read(token)
        except DatabaseBusy:
            unread = PortalSession()
            unread.is_unread = True
            return unread

    def _read(self, token: str) -> PortalSession:
        with self._database.reading() as db:
            row = db.get(WebSession, _digest(token))
            if row is None or _is_over(row, self._clock()):
                return PortalSession()
            opened = PortalSession(row.values, token)
            opened.seen_at = row.seen_at
            return opened

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed; send the cookie when it is new.

        Raises:
            DatabaseBusy: something that matters changed and could not be written.
        """
        if not isinstance(session, PortalSession):
            return  # it could not be opened: the page of that fault is on its way
        current = session
        if current.is_ended:
            self._forget(current, response)
        elif current.is_renewed:
            self._start(current, response)
        elif not current.changes:
            self._touch(current)
        elif current.token:
            self._update(current)
        elif current.keys() == {_FORM_SECRET}:
            _send(response, f"form-{current[_FORM_SECRET]}")
        else:
            self._start(current, response)

    def _start(self, current: PortalSession, response: Response) -> None:
        now, token = self._clock(), f"{secrets.token_urlsafe(32)}.{whose(current.get('sub'))}"
        with self._database.writing() as db:
            _drop(db, current.token)
            db.execute(
                delete(WebSession).where(
                    or_(WebSession.seen_at < now - IDLE, WebSession.created_at < now - LONGEST)
                )
            )
            db.add(
                WebSession(
                    token_digest=_digest(token),
                    person_id=current.get("person_id"),
                    keycloak_sid=current.get("keycloak_sid"),
                    values=dict(current),
                    created_at=now,
                    seen_at=now,
                )
            )
        _send(response, token)

    def _update(self, current: PortalSession) -> None:
        """Write the keys that changed: a slow page must not put back the others as it found them."""
        changes = current.changes
        is_needed = current.is_switched or not changes <= COURTESIES
        with nullcontext() if is_needed else suppress(DatabaseBusy), self._database.writing() as db:
            row = db.get(WebSession, _digest(cast(str, current.token)), with_for_update=True)
            if row is not None:
                kept = {key: value for key, value in row.values.items() if key not in changes}
                row.values = kept | {key: value for key, value in current.items() if key in changes}
                row.seen_at = self._clock()

    def _touch(self, current: PortalSession) -> None:
        """Note that the browser is still there."""
        now = self._clock()
        if current.token and current.seen_at and now - current.seen_at > SEEN_EVERY:
            mine = WebSession.token_digest == _digest(current.token)
            with suppress(DatabaseBusy), self._database.writing() as db:
                db.execute(update(WebSession).where(mine).values(seen_at=now))

    def _forget(self, current: PortalSession, response: Response) -> None:
        with self._database.writing() as db:
            _drop(db, current.token)
        response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="Lax", path="/")


def end_sessions(database: Database, ended: Ended) -> None:
    """End here what ended in Keycloak: one session by its number there, or all of a person."""
    if ended.sid is not None:
        meant = WebSession.keycloak_sid == ended.sid
    else:
        person = select(Person.id).where(Person.keycloak_id == ended.sub)
        meant = WebSession.person_id.in_(person)
    with database.writing() as db:
        db.execute(delete(WebSession).where(meant))


def whose(sub: str | None) -> str:
    """Whose session a cookie was, when the session is over: it proves nothing, and opens nothing."""
    return hashlib.sha256(sub.encode()).hexdigest()[:16] if sub else ""


def _send(response: Response, cookie: str) -> None:
    response.set_cookie(COOKIE, cookie, secure=True, httponly=True, samesite="Lax", path="/")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _drop(db: Session, token: str | None) -> None:
    if token:
        db.execute(delete(WebSession).where(WebSession.token_digest == _digest(token)))


def _is_over(row: WebSession, now: datetime) -> bool:
    return now - row.seen_at > IDLE or now - row.created_at > LONGEST
