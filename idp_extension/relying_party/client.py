"""Log-in by authorisation code with PKCE: what a service sends to Keycloak and checks on the way back.

Sources: OpenID Connect Core 1.0 §3.1, RFC 7636 (PKCE, S256 only), RFC 9207 (`iss` of the answer),
RFC 9700 §2.1 and §4.4 (state bound to the browser, mix-up).
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from idp_extension.relying_party.client_key import BadKey, ClientKey
from idp_extension.relying_party.issuer import Claims, Issuer, IssuerUnavailable, TokenRefused

ID_TOKEN = frozenset({"jwt"})
ACCESS_TOKEN = frozenset({"at+jwt"})


class LoginRefused(Exception):
    """The answer does not belong to this browser's request, or Keycloak said no.

    `reason` is a stable word: `state`, `issuer`, `nonce`, `azp`, `subject`, `token`, `structure`,
    or Keycloak's own error code (`access_denied`, `login_required` …).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Attempt:
    """A log-in under way; keep it in the browser's session, on the server or signed."""

    state: str
    nonce: str
    code_verifier: str

    def as_values(self) -> dict[str, str]:
        """For the session; `Attempt(**values)` reads it back."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a successful log-in gives; the claims are checked."""

    id_token: str
    id_claims: Claims
    access_claims: Claims
    refresh_token: str

    @property
    def structure(self) -> Mapping[str, Any] | None:
        """The claim `structure {siren, name, roles}`, or None when no structure is active."""
        claim = self.access_claims.get("structure")
        return claim if isinstance(claim, Mapping) else None

    @property
    def siren(self) -> str | None:
        """SIREN of the active structure."""
        return str(self.structure["siren"]) if self.structure else None


class OpenIDClient:
    """A confidential client of one issuer. Safe to share between threads.

    Args:
        issuer: who logs people in.
        client_id: of this service, as the realm knows it.
        proof: its key, or the secret it shares with Keycloak.
        redirect_uri: exactly as registered.
        scope: `openid` is needed.
    """

    def __init__(
        self,
        issuer: Issuer,
        client_id: str,
        proof: ClientKey | str,
        redirect_uri: str,
        *,
        scope: str = "openid",
        timeout: float = 5.0,
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._key = proof if isinstance(proof, ClientKey) else None
        self._secret = proof if isinstance(proof, str) else None
        self._redirect_uri = redirect_uri
        self._scope = scope
        self._timeout = timeout

    def begin(self, **parameters: str) -> tuple[str, Attempt]:
        """The address to send the browser to, and the attempt to keep until it comes back.

        Args:
            parameters: of the authorisation request, e.g. `structure="216600742"`, `prompt="none"`.

        Raises:
            IssuerUnavailable: Keycloak does not answer.
        """
        attempt = Attempt(
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            code_verifier=secrets.token_urlsafe(48),
        )
        url, _ = self._session().create_authorization_url(
            self.issuer.endpoints_now().authorization,
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.code_verifier,
            **parameters,
        )
        return url, attempt

    def finish(self, attempt: Attempt, answer: Mapping[str, str]) -> Tokens:
        """Turn the answer on the redirect URI into checked tokens.

        Args:
            attempt: what `begin` gave to this very browser.
            answer: query parameters of the redirect.

        Raises:
            LoginRefused: some check failed, or Keycloak refused.
            IssuerUnavailable: Keycloak does not answer.
        """
        if not _is_same(answer.get("state", ""), attempt.state):
            raise LoginRefused("state")
        if answer.get("iss") != self.issuer.url:
            raise LoginRefused("issuer")
        if "error" in answer or "code" not in answer:
            raise LoginRefused(answer.get("error", "code"))
        tokens = self._exchange(
            grant_type="authorization_code", code=answer["code"], code_verifier=attempt.code_verifier
        )
        if not _is_same(str(tokens.id_claims.get("nonce", "")), attempt.nonce):
            raise LoginRefused("nonce")
        return tokens

    def refresh(self, tokens: Tokens) -> Tokens:
        """Fresh tokens for the same person and the same structure.

        Keycloak shares one client session between the tabs of a browser: after a switch in one tab the
        other's refresh yields the new structure, which this session must not take over.

        Raises:
            LoginRefused: ended or revoked (`invalid_grant`), or for another structure (`structure`).
            IssuerUnavailable: Keycloak does not answer.
        """
        fresh = self._exchange(grant_type="refresh_token", refresh_token=tokens.refresh_token)
        if fresh.id_claims["sub"] != tokens.id_claims["sub"]:
            raise LoginRefused("subject")
        # No structure at all means that the last role was taken back: no right, but no confusion either.
        if fresh.siren not in (tokens.siren, None):
            raise LoginRefused("structure")
        return fresh

    def prolong(self, refresh_token: str, *, timeout: float | None = None) -> str:
        """Ask whether a session still lives; it lives longer for being asked.

        Returns:
            The refresh token to ask with the next time.

        Raises:
            LoginRefused: the session ended, or its account is disabled or gone (`invalid_grant`).
            IssuerUnavailable: Keycloak does not answer.
        """
        parameters = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._ask_tokens(parameters, timeout).get("refresh_token", refresh_token)

    def log_out_url(self, id_token: str, return_to: str) -> str:
        """Where to send the browser to end the SSO session (OpenID Connect RP-Initiated Logout 1.0).

        Raises:
            IssuerUnavailable: Keycloak does not answer.
        """
        query = urlencode(
            {
                "id_token_hint": id_token,
                "client_id": self.client_id,
                "post_logout_redirect_uri": return_to,
            }
        )
        return f"{self.issuer.endpoints_now().end_session}?{query}"

    def _exchange(self, **parameters: str) -> Tokens:
        answer = self._ask_tokens(parameters)
        try:
            id_claims = self.issuer.verify(answer["id_token"], audience=self.client_id, types=ID_TOKEN)
            # An access token is for those it names; that it was made for us is its `azp`.
            access_claims = self.issuer.verify(
                answer["access_token"], audience=self.client_id, types=ACCESS_TOKEN
            )
        except (TokenRefused, KeyError):
            raise LoginRefused("token") from None
        if {id_claims.get("azp"), access_claims.get("azp")} != {self.client_id}:
            raise LoginRefused("azp")
        if id_claims["sub"] != access_claims["sub"]:
            raise LoginRefused("subject")
        return Tokens(
            id_token=answer["id_token"],
            id_claims=id_claims,
            access_claims=access_claims,
            refresh_token=answer.get("refresh_token", ""),
        )

    def _ask_tokens(self, parameters: Mapping[str, str], timeout: float | None = None) -> dict[str, str]:
        endpoint = self.issuer.endpoints().token
        try:
            with self._session() as session:
                answer: dict[str, str] = session.fetch_token(
                    endpoint,
                    timeout=timeout or self._timeout,
                    allow_redirects=False,
                    redirect_uri=self._redirect_uri,
                    **parameters,
                    **(self._key.proof(self.issuer.url) if self._key else {}),
                )
        except OAuthError as error:
            raise LoginRefused(str(error.error)) from None
        except (BadKey, requests.RequestException, ValueError) as error:
            raise IssuerUnavailable(type(error).__name__) from None
        return answer

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self.client_id,
            self._secret,
            scope=self._scope,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            # By key, the proof is among the parameters of the request itself.
            token_endpoint_auth_method="none" if self._key else "client_secret_basic",
        )


def _is_same(given: str, expected: str) -> bool:
    # As bytes: `compare_digest` takes no text outside ASCII, and an attacker may send any.
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
