"""The guard of a relying Flask service: log-in by SSO, one active structure, its roles and no others.

    guard = StructureGuard(app, client, session_cookie="__Host-mes-prets", home="/")

    @app.get("/demandes")
    @guard.requires("demande")
    def demandes(): ...

`guard.visit()` gives the visit under way: the person, the structure, the roles. Tokens stay on the
server; the browser holds a random number. Roles are asked again from Keycloak when the access token is
about to end, so a role taken back is gone within its life (≤ 300 s).
"""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlencode

from flask import Flask, abort, g, redirect, request
from flask.typing import ResponseReturnValue

from idp_extension.relying_party.client import Attempt, LoginRefused, OpenIDClient, Tokens
from idp_extension.relying_party.issuer import IssuerUnavailable

P = ParamSpec("P")
ATTEMPT_SECONDS = 600
VISIT_SECONDS = 3600
REFRESH_BEFORE_SECONDS = 30


@dataclass(frozen=True)
class Visit:
    """A logged-in browser: who, for which structure, with which roles of this service."""

    tokens: Tokens

    @property
    def name(self) -> str:
        """« Cendrine Martin », as Keycloak has it."""
        return str(self.tokens.id_claims.get("name", ""))

    @property
    def structure(self) -> Mapping[str, object] | None:
        """`{siren, name, roles}`, or None."""
        return self.tokens.structure

    def roles(self, client_id: str) -> frozenset[str]:
        """Roles held on this service for the active structure, from `resource_access`."""
        access = self.tokens.access_claims.get("resource_access", {})
        return frozenset(access.get(client_id, {}).get("roles", []))


@dataclass(frozen=True)
class _Entry:
    """What the server keeps behind a cookie."""

    ends_at: float
    attempt: Attempt | None = None
    tokens: Tokens | None = None


class MemoryStore:
    """Entries in this process, bounded in number; a service of several processes gives its own store."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def get(self, key: str) -> _Entry | None:
        """The entry of this key, unless its time is over."""
        with self._lock:
            entry = self._entries.get(key)
            return entry if entry and entry.ends_at > time.monotonic() else None

    def put(self, key: str, entry: _Entry) -> None:
        """Keep an entry; the oldest ones go first when the store is full."""
        with self._lock:
            self._entries[key] = entry
            while len(self._entries) > self._most:
                self._entries.pop(next(iter(self._entries)))

    def drop(self, key: str) -> None:
        """Forget an entry."""
        with self._lock:
            self._entries.pop(key, None)


class StructureGuard:
    """Routes `/connexion`, `/connexion/retour` and `/deconnexion`, and the decorator `requires`."""

    def __init__(
        self, app: Flask, client: OpenIDClient, *, session_cookie: str, home: str, public_url: str
    ) -> None:
        self._client = client
        self._cookie = session_cookie
        self._home = home
        self._public_url = public_url
        self._store = MemoryStore()
        app.add_url_rule("/connexion", view_func=self._log_in, endpoint="log_in")
        app.add_url_rule("/connexion/retour", view_func=self._come_back, endpoint="come_back")
        app.add_url_rule("/deconnexion", view_func=self._log_out, endpoint="log_out", methods=["POST"])

    def visit(self) -> Visit | None:
        """The visit of this request, refreshed when its token is about to end; None when logged out.

        Raises:
            IssuerUnavailable: the token had to be refreshed and Keycloak does not answer.
        """
        if "visit" not in g:
            g.visit = self._current_visit()
        visit: Visit | None = g.visit
        return visit

    def requires(
        self, role: str
    ) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
        """Open a view only to a visit that holds this role for its structure; 403 otherwise."""

        def guarded(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
            @wraps(view)
            def answer(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
                visit = self.visit()
                if visit is None:
                    return self.send_to_log_in()
                if role not in visit.roles(self._client.client_id):
                    abort(403)
                return view(*args, **kwargs)

            return answer

        return guarded

    def send_to_log_in(self) -> ResponseReturnValue:
        """Redirect to our own log-in route, with the structure that was asked for."""
        siren = request.args.get("structure")
        return redirect("/connexion" + (f"?{urlencode({'structure': siren})}" if siren else ""))

    def _current_visit(self) -> Visit | None:
        key = request.cookies.get(self._cookie, "")
        entry = self._store.get(key)
        if entry is None or entry.tokens is None:
            return None
        tokens = entry.tokens
        if tokens.access_claims["exp"] - time.time() < REFRESH_BEFORE_SECONDS:
            try:
                tokens = self._client.refresh(tokens)
            except LoginRefused:
                self._store.drop(key)
                return None
            self._store.put(key, replace(entry, tokens=tokens))
        return Visit(tokens)

    def _log_in(self) -> ResponseReturnValue:
        siren = request.args.get("structure")
        url, attempt = self._client.begin(**({"structure": siren} if siren else {}))
        return self._remember(_Entry(time.monotonic() + ATTEMPT_SECONDS, attempt=attempt), url)

    def _come_back(self) -> ResponseReturnValue:
        key = request.cookies.get(self._cookie, "")
        entry = self._store.get(key)
        if entry is None or entry.attempt is None:
            abort(400)
        self._store.drop(key)
        try:
            tokens = self._client.finish(entry.attempt, request.args)
        except LoginRefused:
            abort(400)
        # A new number after the log-in: one planted before it is worth nothing (session fixation).
        return self._remember(_Entry(time.monotonic() + VISIT_SECONDS, tokens=tokens), self._home)

    def _log_out(self) -> ResponseReturnValue:
        # A form of another site carries that site's Origin (CSRF); ours always carries our own.
        if request.headers.get("Origin") != self._public_url:
            abort(400)
        key = request.cookies.get(self._cookie, "")
        entry = self._store.get(key)
        self._store.drop(key)
        if entry is None or entry.tokens is None:
            return redirect(self._home)
        try:
            url = self._client.log_out_url(entry.tokens.id_token, f"{self._public_url}{self._home}")
        except IssuerUnavailable:
            url = self._home
        answer = redirect(url)
        answer.delete_cookie(self._cookie, secure=True, httponly=True, samesite="Lax")
        return answer

    def _remember(self, entry: _Entry, then: str) -> ResponseReturnValue:
        key = secrets.token_urlsafe(32)
        self._store.put(key, entry)
        answer = redirect(then)
        answer.set_cookie(self._cookie, key, secure=True, httponly=True, samesite="Lax", path="/")
        return answer
