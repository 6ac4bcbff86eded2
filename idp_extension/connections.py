"""How python-keycloak gets its token: once for all threads, and by signing where we have a key.

The library asks a token per thread, and knows secrets only.
"""

import threading
from typing import Any

from keycloak import KeycloakOpenIDConnection

from idp_extension.relying_party.client_key import ClientKey

_POOL_SIZE = 16


class OneTokenConnection(KeycloakOpenIDConnection):
    """Fetches one token however many threads wait for it (python-keycloak #708 asks one per thread)."""

    def __init__(self, **arguments: Any) -> None:
        self._token_lock = threading.RLock()
        self._seen = threading.local()
        # No retry by the library: it would send a POST twice when only the answer was lost.
        super().__init__(max_retries=0, pool_maxsize=_POOL_SIZE, **arguments)

    def ensure_token(self) -> None:
        """Fetches a token if none is valid."""
        with self._token_lock:
            self._seen.token = self.token
            super()._refresh_if_required()
            self._seen.token = self.token

    def _refresh_if_required(self) -> None:
        self.ensure_token()

    def refresh_token(self) -> None:
        """Renews the token, unless another thread did since this one last looked."""
        with self._token_lock:
            if self.token is self._seen.token:
                super().refresh_token()


class _KeyConnection(OneTokenConnection):
    """Gets its token by signing."""

    def __init__(self, key: ClientKey, issuer: str, **arguments: Any) -> None:
        self._key, self._issuer = key, issuer
        super().__init__(client_id=key.client_id, **arguments)

    def get_token(self) -> None:
        """Asks for a token with a proof made for this once."""
        proof: dict[str, Any] = dict(self._key.proof(self._issuer))
        self.token = self.keycloak_openid.token(grant_type="client_credentials", **proof)


def by_key(key: ClientKey, issuer: str, base_url: str, realm: str, timeout: float) -> OneTokenConnection:
    """A service account of a realm, which calls itself `issuer` and is reached at `base_url`."""
    return _KeyConnection(key, issuer, server_url=_with_slash(base_url), realm_name=realm, timeout=timeout)


def of_master(base_url: str, realm: str, timeout: float, **proof: str) -> OneTokenConnection:
    """An administrator of the server, who speaks of a realm."""
    return OneTokenConnection(
        server_url=_with_slash(base_url),
        realm_name=realm,
        user_realm_name="master",
        timeout=timeout,
        **proof,
    )


def _with_slash(base_url: str) -> str:
    return base_url.rstrip("/") + "/"
