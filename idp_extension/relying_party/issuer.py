"""The issuer: its metadata and keys, fetched once and kept, and the one place that checks a token.

Checks follow OpenID Connect Core 1.0 §3.1.3.7, RFC 7519 and RFC 9700: signature by a key of the
configured issuer only (a `jku`, `x5u` or `jwk` in the token is never followed), algorithms from a list,
`iss`, `aud`, `exp`, `iat`, and the token's type, so that an ID token never passes for an access token.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from idp_extension.relying_party.key_strength import strong_keys

ALGORITHMS = ("RS256", "PS256", "ES256")
LEEWAY_SECONDS = 30
KEYS_MAX_AGE_SECONDS = 600
FORCED_REFRESH_EVERY_SECONDS = 60

Claims = Mapping[str, Any]


class IssuerUnavailable(Exception):
    """Keycloak does not answer, or not as an issuer: say so in words and try again later."""


class TokenRefused(Exception):
    """The token is not one of ours for this use; the text names the check, never a claim's value."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What we use of the discovery document (OpenID Connect Discovery 1.0 §3)."""

    authorization: str
    token: str
    end_session: str
    jwks: str


class Issuer:
    """One OpenID provider, found by its issuer URL. Safe to share between threads.

    Args:
        url: the issuer, exactly as tokens carry it, e.g. `https://id.example.fr/realms/bdt`.
        reach_at: where this process reaches the issuer, when that is not `url`: inside a network of
            containers the browser's address leads nowhere. Tokens still carry `url`.
        timeout: seconds for each HTTP call.
        monotonic: seconds of a clock that never goes back; only tests give another one.
    """

    def __init__(
        self,
        url: str,
        *,
        reach_at: str = "",
        timeout: float = 5.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url
        self._reach_at = reach_at or url
        self._timeout = timeout
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._endpoints: Endpoints | None = None
        self._keys: KeySet | None = None
        self._keys_at = self._forced_at = -math.inf

    def endpoints(self) -> Endpoints:
        """The issuer's addresses, read once.

        Raises:
            IssuerUnavailable: no answer, or one that names another issuer.
        """
        with self._lock:
            if self._endpoints is None:
                self._endpoints = self._discover()
            return self._endpoints

    def endpoints_now(self) -> Endpoints:
        """The same, asked again: whoever is sent there must not meet a server that is down.

        Raises:
            IssuerUnavailable: no answer, or one that names another issuer.
        """
        found = self._discover()
        with self._lock:
            self._endpoints = found
        return found

    def verify(
        self,
        token: str,
        *,
        audience: str,
        types: frozenset[str],
        essential: frozenset[str] = frozenset({"sub"}),
    ) -> Claims:
        """The claims of a token that passed every check.

        Args:
            token: compact JWS.
            audience: must be in `aud`.
            types: allowed values of the header's `typ`, in lower case (RFC 8725 §3.11).
            essential: claims that must be there besides those that are checked in any case.

        Raises:
            TokenRefused: one of the checks failed.
            IssuerUnavailable: the keys could not be fetched.
        """
        decoded = self._decode(token)
        header_type = str(decoded.header.get("typ", "")).lower().removeprefix("application/")
        if header_type not in types:
            raise TokenRefused("typ")
        checks: dict[str, jwt.ClaimsOption] = {
            "iss": {"essential": True, "value": self.url},
            "aud": {"essential": True, "value": audience},
            **{name: {"essential": True} for name in ("exp", "iat", *essential)},
        }
        registry = jwt.JWTClaimsRegistry(None, LEEWAY_SECONDS, **checks)
        try:
            registry.validate(decoded.claims)
        except JoseError as error:
            raise TokenRefused(type(error).__name__) from None
        return decoded.claims

    def _decode(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._key_set(), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            # Perhaps the keys turned; a forged `kid` must not make us hammer the issuer.
            try:
                return jwt.decode(token, self._key_set(is_forced=True), algorithms=list(ALGORITHMS))
            except (JoseError, ValueError) as error:
                raise TokenRefused(type(error).__name__) from None

    def _key_set(self, is_forced: bool = False) -> KeySet:
        keys = self._keys
        if keys and not is_forced and not self._are_old():
            return keys
        # One asks and the others wait for its answer, save those who merely have old keys: a Keycloak that
        # hangs must not stop every thread.
        if keys and not is_forced and self._asking.locked():
            return keys
        with self._asking:
            return self._asked_keys(is_forced)

    def _asked_keys(self, is_forced: bool) -> KeySet:
        now = self._monotonic()
        is_due = self._are_old()
        if is_forced and now - self._forced_at >= FORCED_REFRESH_EVERY_SECONDS:
            is_due, self._forced_at = True, now
        if self._keys and not is_due:
            return self._keys
        # Noted before the call: an issuer that hangs is not asked again for each token.
        self._keys_at = now
        try:
            self._keys = self._fetch_keys(self.endpoints().jwks)
        except IssuerUnavailable:
            if self._keys is None:
                raise  # else old keys are better than none
        return self._keys

    def _are_old(self) -> bool:
        return self._monotonic() - self._keys_at > KEYS_MAX_AGE_SECONDS

    def _fetch_keys(self, address: str) -> KeySet:
        document = self._get(address)
        try:
            keys = strong_keys(document["keys"])
            if not keys:
                raise IssuerUnavailable("no key that may be believed")
            return KeySet.import_key_set({"keys": keys})
        except (KeyError, TypeError, AttributeError, ValueError, JoseError) as error:
            raise IssuerUnavailable(f"no key set: {type(error).__name__}") from None

    def _discover(self) -> Endpoints:
        document = self._get(f"{self._reach_at}/.well-known/openid-configuration")
        if document.get("issuer") != self.url:
            raise IssuerUnavailable("the discovery document names another issuer")
        try:
            return Endpoints(
                authorization=document["authorization_endpoint"],
                token=document["token_endpoint"],
                end_session=document["end_session_endpoint"],
                jwks=document["jwks_uri"],
            )
        except KeyError as missing:
            raise IssuerUnavailable(f"the discovery document has no {missing}") from None

    def _get(self, address: str) -> dict[str, Any]:
        try:
            answer = requests.get(address, timeout=self._timeout, allow_redirects=False)
            answer.raise_for_status()
            document = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise IssuerUnavailable(type(error).__name__) from None
        if answer.is_redirect or not isinstance(document, dict):
            raise IssuerUnavailable("not a JSON document")
        return document


def level_of(claims: Claims) -> int:
    """How well the person was authenticated: 1 = password, 2 = second factor.

    A token got by SSO carries 0: a password stood behind it once.
    """
    acr = claims.get("acr")
    return max(1, int(acr)) if isinstance(acr, str) and acr.isdecimal() else 1
