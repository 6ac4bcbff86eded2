"""Keycloak tells a service that a session has ended (OpenID Connect Back-Channel Logout 1.0).

Nobody is at the other end but Keycloak: the logout token is believed for its signature, or not at all.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from idp_extension.relying_party.issuer import Claims, Issuer, TokenRefused

LOGOUT_TOKEN = frozenset({"logout+jwt"})
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LONGEST_TOKEN = 8192
LONGEST_LIFE_SECONDS = 3600


class Ended(NamedTuple):
    """Which sessions ended: one, by Keycloak's number for it (24 characters, no UUID), or all of a person."""

    sid: str | None
    sub: str | None


class LogoutTokens:
    """Reads the logout tokens for one service. Safe to share between threads.

    Args:
        issuer: who signs them.
        client_id: of the service.
        is_first: tells whether a token's number comes for the first time, and notes it for at least
            LONGEST_LIFE_SECONDS.
    """

    def __init__(self, issuer: Issuer, client_id: str, is_first: Callable[[str], bool]) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._is_first = is_first

    def read(self, token: str) -> Ended:
        """The sessions that ended, by the checks of §2.6.

        Raises:
            TokenRefused: one of the checks failed; nothing is to be ended.
            IssuerUnavailable: the keys could not be fetched.
        """
        if len(token) > LONGEST_TOKEN:
            raise TokenRefused("size")
        claims = self._issuer.verify(
            token, audience=self._client_id, types=LOGOUT_TOKEN, essential=frozenset({"jti"})
        )
        if not isinstance(claims.get("events"), dict) or not isinstance(claims["events"].get(EVENT), dict):
            raise TokenRefused("events")
        if claims["exp"] - claims["iat"] > LONGEST_LIFE_SECONDS:
            raise TokenRefused("exp")  # it would outlive what is known of it
        if "nonce" in claims:
            raise TokenRefused("nonce")
        ended = Ended(_text(claims, "sid"), _text(claims, "sub"))
        if ended == (None, None):
            raise TokenRefused("sid or sub")
        jti: Any = claims["jti"]
        if not isinstance(jti, str) or not self._is_first(jti):
            raise TokenRefused("jti")
        return ended


def _text(claims: Claims, name: str) -> str | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= 255:
        raise TokenRefused(name)
    return value
