"""The guard of a relying Flask service: log-in by SSO, one active structure, its roles and no others.

    guard = StructureGuard(
        app, client, session_cookie="__Host-mes-prets", home="/", public_url="https://prets.example"
    )

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
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Generic, ParamSpec, TypeVar
from urllib.parse import urlencode

from flask import Flask, abort, g, redirect, request
from flask.typing import ResponseReturnValue

from idp_extension.relying_party.client import Attempt, LoginRefused, OpenIDClient, Tokens
from idp_extension.relying_party.issuer import IssuerUnavailable

P = ParamSpec("P")
T = TypeVar("T")
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


class MemoryStore(Generic[T]):
    """Values in this process, for a time and bounded in number: the oldest one makes room for the newest.

    A service with this guard runs as one process, with as many threads as it likes.
    """

    def __init__(self, seconds: float, most: int = 10_000) -> None:
        self._seconds = seconds
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, T]] = {}

    def add(self, value: T) -> str:
        """Keep a value; what it is found by is a fresh random key."""
        key = secrets.token_urlsafe(32)
        with self._lock:
            self._kept[key] = (time.monotonic() + self._seconds, value)
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        return key

    def get(self, key: str) -> T | None:
        """The value, unless its time is over."""
        with self._lock:
            ends_at, value = self._kept.get(key, (0.0, None))
            return value if ends_at > time.monotonic() else None

    def replace(self, key: str, value: T) -> None:
        """Another value under the same key and for the same time; nothing when it is gone meanwhile."""
        with self._lock:
            if key in self._kept:
                self._kept[key] = (self._kept[key][0], value)

    def take(self, key: str) -> T | None:
        """The value, which is forgotten."""
        value = self.get(key)
        with self._lock:
            self._kept.pop(key, None)
        return value


class StructureGuard:
    """Routes `/connexion`, `/connexion/retour` and `/deconnexion`, and the decorator `requires`."""

    def __init__(
        self, app: Flask, client: OpenIDClient, *, session_cookie: str, home: str, public_url: str
    ) -> None:
        self._client = client
        self._cookie = session_cookie
        self._home = home
        self._public_url = public_url
        # Apart, so that log-ins begun by nobody in particular never push out the visits of others.
        self._attempts = MemoryStore[Attempt](ATTEMPT_SECONDS)
        self._visits = MemoryStore[Tokens](VISIT_SECONDS)
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
        key = self._key()
        tokens = self._visits.get(key)
        if tokens is None:
            return None
        if tokens.access_claims["exp"] - time.time() < REFRESH_BEFORE_SECONDS:
            try:
                tokens = self._client.refresh(tokens)
            except LoginRefused:
                self._visits.take(key)
                return None
            self._visits.replace(key, tokens)
        return Visit(tokens)

    def _log_in(self) -> ResponseReturnValue:
        siren = request.args.get("structure")
        url, attempt = self._client.begin(**({"structure": siren} if siren else {}))
        return self._remember(self._attempts.add(attempt), url)

    def _come_back(self) -> ResponseReturnValue:
        attempt = self._attempts.take(self._key())
        if attempt is None and self._visits.get(self._key()):
            return redirect(self._home)  # the back button, after a log-in that went well
        if attempt is None:
            abort(400)
        try:
            tokens = self._client.finish(attempt, request.args)
        except LoginRefused:
            abort(400)
        return self._remember(self._visits.add(tokens), self._home)

    def _log_out(self) -> ResponseReturnValue:
        # A form of another site carries that site's Origin (CSRF); ours always carries our own.
        if request.headers.get("Origin") != self._public_url:
            abort(400)
        tokens = self._visits.take(self._key())
        url = self._home
        if tokens is not None:
            with suppress(IssuerUnavailable):
                url = self._client.log_out_url(tokens.id_token, f"{self._public_url}{self._home}")
        answer = redirect(url, 303)
        answer.delete_cookie(self._cookie, secure=True, httponly=True, samesite="Lax")
        return answer

    def _key(self) -> str:
        return request.cookies.get(self._cookie, "")

    def _remember(self, key: str, then: str) -> ResponseReturnValue:
        # What the browser had before ends here: a number planted in it is worth nothing (session fixation).
        self._visits.take(self._key())
        answer = redirect(then)
        answer.set_cookie(self._cookie, key, secure=True, httponly=True, samesite="Lax", path="/")
        return answer
