"""The guard of a relying Flask service: log-in by SSO, one active structure, its roles and no others.

    guard = StructureGuard(
        app, client, secret=..., session_cookie="__Host-mes-prets", home="/", public_url="https://prets.example"
    )

    @app.get("/demandes")
    @guard.requires("demande")
    def demandes(): ...

`guard.visit()` gives the visit under way: the person, the structure, the roles. A browser has one visit for
each structure it came for; the parameter `structure` of an address says which is meant, so that two tabs act
each for its own. Tokens stay on the server; the browser holds a random number. Roles are asked again from
Keycloak when the access token is about to end, so a role taken back is gone within its life (≤ 300 s); a
session that ends in Keycloak ends here at once, when the realm knows the address `/deconnexion/keycloak`.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlencode

from flask import Flask, abort, g, redirect, request
from flask.typing import ResponseReturnValue

from idp_extension.relying_party.attempts import AttemptCookies
from idp_extension.relying_party.back_channel import LONGEST_LIFE_SECONDS, LogoutTokens
from idp_extension.relying_party.client import LoginRefused, OpenIDClient, Tokens
from idp_extension.relying_party.issuer import IssuerUnavailable, TokenRefused
from idp_extension.relying_party.memory_store import MemoryStore
from idp_extension.relying_party.seal import Seal

P = ParamSpec("P")
VISIT_SECONDS = 3600
REFRESH_BEFORE_SECONDS = 30
MOST_STRUCTURES = 20
"""Visits of one browser at once: the oldest makes room."""
NOT_KEPT = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
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


class StructureGuard:
    """Routes `/connexion`, `/connexion/retour`, `/deconnexion` and `/deconnexion/keycloak`, and `requires`.

    Args:
        app: the service.
        client: its OpenID Connect client.
        secret: seals log-ins under way; the client secret will do.
        session_cookie: its name, `__Host-…`.
        home: the path to come back to.
        public_url: origin of the service, without a final slash.
    """

    def __init__(
        self,
        app: Flask,
        client: OpenIDClient,
        *,
        secret: str,
        session_cookie: str,
        home: str,
        public_url: str,
    ) -> None:
        self._client = client
        self._cookie = session_cookie
        self._home = home
        self._public_url = public_url
        self._attempts = AttemptCookies(Seal(secret, "log-in under way"), session_cookie)
        # Of one browser: the tokens of each structure, the last one that it came for at the end.
        self._visits = MemoryStore[Mapping[str, Tokens]](VISIT_SECONDS)
        seen = MemoryStore[bool](LONGEST_LIFE_SECONDS)
        self._logout_tokens = LogoutTokens(
            client.issuer, client.client_id, lambda jti: seen.is_new(jti, True)
        )
        app.add_url_rule("/connexion", view_func=self._log_in, endpoint="log_in")
        app.add_url_rule("/connexion/retour", view_func=self._come_back, endpoint="come_back")
        app.add_url_rule("/deconnexion", view_func=self._log_out, endpoint="log_out", methods=["POST"])
        told = "/deconnexion/keycloak"
        app.add_url_rule(
            told, view_func=self._told_by_keycloak, endpoint="told_by_keycloak", methods=["POST"]
        )

    def visit(self) -> Visit | None:
        """The visit of this request: for the structure in its address, else the last one; None for none.

        It is refreshed when its token is about to end.

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
        visits = self._visits.get(key)
        if not visits:
            return None
        siren = request.args.get("structure") or list(visits)[-1]
        tokens = visits.get(siren)
        if tokens is None:
            return None
        if tokens.access_claims["exp"] - time.time() < REFRESH_BEFORE_SECONDS:
            try:
                tokens = self._client.refresh(tokens)
            except LoginRefused:
                self._visits.take(key)
                return None
            self._visits.replace(key, {**visits, siren: tokens})
        return Visit(tokens)

    def _log_in(self) -> ResponseReturnValue:
        siren = request.args.get("structure")
        url, attempt = self._client.begin(**({"structure": siren} if siren else {}))
        answer = redirect(url)
        self._attempts.keep(answer, request.cookies, attempt, {})
        return answer

    def _come_back(self) -> ResponseReturnValue:
        begun = self._attempts.find(request.cookies, request.args.get("state", ""))
        if begun is None and self._visits.get(self._key()):
            return redirect(self._home)  # the back button, after a log-in that went well
        if begun is None:
            abort(400)
        try:
            tokens = self._client.finish(begun.attempt, request.args)
        except LoginRefused:
            abort(400)
        # The number ends here that the browser had before, and what it led to unless it is hers: one that was
        # planted in it is worth nothing (session fixation).
        before = self._visits.take(self._key()) or {}
        kept = {siren: one for siren, one in before.items() if _is_of_one_session(one, tokens)}
        kept.pop(siren := tokens.siren or "", None)
        answer = redirect(self._home + (f"?{urlencode({'structure': siren})}" if siren else ""))
        self._attempts.forget(answer, begun.cookie)
        key = self._visits.add({**dict(list(kept.items())[1 - MOST_STRUCTURES :]), siren: tokens})
        answer.set_cookie(self._cookie, key, secure=True, httponly=True, samesite="Lax", path="/")
        return answer

    def _told_by_keycloak(self) -> ResponseReturnValue:
        """Keycloak's own call: a session has ended, or all those of a person."""
        try:
            ended = self._logout_tokens.read(request.form.get("logout_token", ""))
        except TokenRefused:
            return {"error": "invalid_request"}, 400, NOT_KEPT
        if ended.sid is not None:
            self._visits.drop(
                lambda visits: any(one.id_claims.get("sid") == ended.sid for one in visits.values())
            )
        else:
            self._visits.drop(
                lambda visits: any(one.id_claims["sub"] == ended.sub for one in visits.values())
            )
        return "", 200, NOT_KEPT

    def _log_out(self) -> ResponseReturnValue:
        if not self._is_own_form():
            abort(400)
        visits = self._visits.take(self._key())
        url = self._home
        if visits:
            hint = list(visits.values())[-1].id_token
            with suppress(IssuerUnavailable):
                url = self._client.log_out_url(hint, f"{self._public_url}{self._home}")
        answer = redirect(url, 303)
        answer.delete_cookie(self._cookie, secure=True, httponly=True, samesite="Lax")
        return answer

    def _is_own_form(self) -> bool:
        """Whether a page of this service sent the form, not one of another site (CSRF).

        Browsers say it in `Sec-Fetch-Site`, which no page can change. An older one says it in `Origin`, which
        is `null` where a service sends `Referrer-Policy: no-referrer`.
        """
        site = request.headers.get("Sec-Fetch-Site")
        return site == "same-origin" if site else request.headers.get("Origin") == self._public_url

    def _key(self) -> str:
        return request.cookies.get(self._cookie, "")


def _is_of_one_session(one: Tokens, other: Tokens) -> bool:
    return all(one.id_claims.get(name) == other.id_claims.get(name) for name in ("sub", "sid"))
