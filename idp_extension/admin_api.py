"""The thin layer over python-keycloak: one token, safe paths, errors told apart.

python-keycloak 7.1 joins paths without encoding them, asks one token per thread, and reports every network
failure as one error class. Gateway and realm therefore speak to Keycloak through `AdminAPI` only, which keeps
the library's session and token handling and answers for the rest.

    GatewayError        Keycloak did not do what was asked; `is_permanent`: no repeat will help; `is_away`: it
    │                   gave no answer; `is_without_effect`: certainly nothing has changed
    ├── NotSent         the command never left (no connection, no token): a repeat is safe
    ├── Unknown         it left, no whole answer came: read before repeating
    └── Refused         Keycloak answered no, with `status`
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import requests
from joserfc import jws
from keycloak.exceptions import KeycloakConnectionError, KeycloakError
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from idp_extension.connections import OneTokenConnection, by_key, of_master
from idp_extension.relying_party.client_key import BadKey, ClientKey

# For applying a realm: making one takes a busy server several seconds. The gateway allows itself less.
_TIMEOUT_SECONDS = 30.0
_HTTP_OK_RANGE = range(200, 300)
_HTTP_NOT_FOUND = 404
# 401 and 403 accuse our own account, 404 an object that somebody deleted meanwhile, 408 to 429 the moment:
# after a repair or a pause the same command succeeds.
_PASSING_REFUSALS = frozenset({401, 403, 404, 408, 409, 425, 429})
_NOBODY_THERE = frozenset({502, 503, 504})


class GatewayError(Exception):
    """Keycloak did not do what was asked."""

    @property
    def is_permanent(self) -> bool:
        """Whether no repeat will help."""
        return False

    @property
    def is_away(self) -> bool:
        """Whether nobody answered, as nobody would to another command."""
        return True

    @property
    def is_without_effect(self) -> bool:
        """Whether certainly nothing has changed."""
        return True


class NotSent(GatewayError):
    """No connection, or no token: the command never left, a repeat is safe."""


class Unknown(GatewayError):
    """The command left and no whole answer came back: it may have had its effect."""

    @property
    def is_without_effect(self) -> bool:
        """Nobody knows."""
        return False


class Refused(GatewayError):
    """Keycloak answered with an error. `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status

    @property
    def is_permanent(self) -> bool:
        """A refusal that no repeat will turn: a 4xx that blames the command itself."""
        return 400 <= self.status < 500 and self.status not in _PASSING_REFUSALS

    @property
    def is_away(self) -> bool:
        """What stands before Keycloak answered in its place."""
        return self.status in _NOBODY_THERE


class AdminAPI:
    """Admin REST calls on one realm. Safe to share between threads."""

    def __init__(self, realm: str, connection: OneTokenConnection) -> None:
        self.realm = realm
        self._connection = connection

    @classmethod
    def as_service_account(
        cls,
        base_url: str,
        realm: str,
        key: ClientKey,
        *,
        issuer: str = "",
        timeout: float = _TIMEOUT_SECONDS,
    ) -> "AdminAPI":
        """Speaks as a service account of `realm`.

        Args:
            base_url: where this process reaches Keycloak.
            realm: of the account, and the one spoken of.
            key: of the account.
            issuer: what the realm calls itself, when browsers reach Keycloak at another address.
            timeout: in seconds.
        """
        named = issuer or f"{base_url.rstrip('/')}/realms/{realm}"
        connection = by_key(key, named, base_url, realm, timeout)
        return cls(realm, connection)

    @classmethod
    def as_master_admin(
        cls,
        base_url: str,
        username: str,
        password: str,
        realm: str,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> "AdminAPI":
        """Speaks as the server's temporary bootstrap administrator. For the first apply of `realm` only."""
        return cls(realm, of_master(base_url, realm, timeout, username=username, password=password))

    @classmethod
    def as_master_service(
        cls,
        base_url: str,
        client_id: str,
        secret: str,
        realm: str,
        timeout: float = _TIMEOUT_SECONDS,
    ) -> "AdminAPI":
        """The same, by a temporary account that is no person: where nobody has the password grant."""
        proof = {"client_id": client_id, "client_secret_key": secret}
        return cls(realm, of_master(base_url, realm, timeout, **proof))

    def get(self, *segments: str, **params: str) -> Any:
        """Reads JSON below the realm.

        Raises:
            Refused: Keycloak says no, 404 too.
        """
        return self._json("GET", self._path(segments), params)

    def find(self, *segments: str, **params: str) -> Any | None:
        """Reads JSON below the realm, None when Keycloak says 404."""
        try:
            return self.get(*segments, **params)
        except Refused as refusal:
            if refusal.status == _HTTP_NOT_FOUND:
                return None
            raise

    def post(self, *segments: str, body: object = None) -> None:
        """Sends a POST. The answer is not used: what it would say is read back by the caller."""
        self._send("POST", self._path(segments), {}, body)

    def ask(self, *segments: str, **params: str) -> Any:
        """Sends a POST whose answer is JSON."""
        return self._json("POST", self._path(segments), params)

    def put(self, *segments: str, body: object = None, **params: str) -> None:
        """Sends a PUT."""
        self._send("PUT", self._path(segments), params, body)

    def delete(self, *segments: str, body: object = None) -> None:
        """Sends a DELETE."""
        self._send("DELETE", self._path(segments), {}, body)

    def create_realm(self, body: object) -> None:
        """Creates a realm. Only the master administrator may."""
        self._send("POST", "admin/realms", {}, body)

    def server_info(self) -> dict[str, Any]:
        """What the server tells of itself; `systemInfo` is for realm administrators alone."""
        found: dict[str, Any] = self._json("GET", "admin/serverinfo", {})
        return found

    def close(self) -> None:
        """Closes the sockets kept alive."""
        self._connection._s.close()

    def _path(self, segments: tuple[str, ...]) -> str:
        for segment in segments:
            if segment in ("", ".", ".."):
                raise ValueError(f"not a path segment: {segment!r}")
        return "/".join(["admin", "realms", *(quote(part, safe="") for part in (self.realm, *segments))])

    def _json(self, method: str, path: str, params: dict[str, str]) -> Any:
        try:
            return self._send(method, path, params).json()
        except requests.JSONDecodeError as error:  # an answer cut after its status line looks like a success
            raise Unknown(f"{method} {path}: the answer is not JSON") from error

    def _send(self, method: str, path: str, params: dict[str, str], body: object = None) -> requests.Response:
        self._ensure_token()
        try:
            response = self._raw(method, path, params, body)
        except KeycloakConnectionError as error:
            raise _network_error(error) from error
        except KeycloakError as error:  # a 401, then no new token: the command was turned away
            raise NotSent(f"no token: {error}") from error
        if response.status_code not in _HTTP_OK_RANGE:
            raise Refused(response.status_code, f"{method} {path}: {_message(response)}")
        return response

    def issued_at(self) -> datetime:
        """When Keycloak issued the token in use, by its own clock, in whole seconds (claim `iat`).

        Raises:
            NotSent: there is no token.
        """
        self._ensure_token()
        token = (self._connection.token or {})["access_token"]
        payload = jws.extract_compact(str(token).encode()).payload
        return datetime.fromtimestamp(json.loads(payload)["iat"], UTC)

    def _ensure_token(self) -> None:
        self._with_token(self._connection.ensure_token)

    def _renew_token(self) -> None:
        """After a 401; once for all the threads that got one."""
        self._with_token(self._connection.refresh_token)

    def _with_token(self, get: Callable[[], None]) -> None:
        try:
            get()
        except (
            BadKey,
            KeycloakError,
            requests.RequestException,
            LookupError,
            TypeError,
            ValueError,
        ) as error:
            # The last three: python-keycloak given HTML, or half an answer, by the token endpoint.
            raise NotSent(f"no token: {error}") from error

    def _raw(self, method: str, path: str, params: dict[str, str], body: object) -> requests.Response:
        connection = self._connection
        if method == "GET":
            return connection.raw_get(path, **params)
        data = None if body is None else json.dumps(body)
        if method == "POST":
            return connection.raw_post(path, data=data, **params)
        if method == "PUT":
            return connection.raw_put(path, data=data, **params)
        return connection.raw_delete(path, data=data, **params)


def _network_error(error: KeycloakConnectionError) -> GatewayError:
    cause = error.__cause__
    reason = getattr(cause.args[0], "reason", None) if cause is not None and cause.args else None
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return NotSent(f"no connection to Keycloak: {reason}")
    return Unknown(f"no whole answer from Keycloak: {cause}")


def _message(response: requests.Response) -> str:
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return response.reason or "no explanation"
    if not isinstance(body, dict):
        return "no explanation"
    return str(body.get("errorMessage") or body.get("error_description") or body.get("error") or body)
