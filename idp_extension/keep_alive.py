"""The admin API over bare kept-alive connections, for what is sent by the thousand: a tenth of the CPU.

Token, paths and errors are `AdminAPI`'s. An answer cut in its headers is told from a whole one where it
matters: a made object has a whole id in its `Location`, JSON is read to its end.
"""

import json
import re
import threading
from collections.abc import Iterator
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from idp_extension.admin_api import AdminAPI, GatewayError, NotSent, Refused, Unknown
from idp_extension.connections import OneTokenConnection, by_key
from idp_extension.relying_party.client_key import ClientKey

TIMEOUT_SECONDS = 5.0
STREAM_SECONDS = 120.0
_MADE_AT = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII)
_UNAUTHORIZED = 401
_PIECE = 1 << 16


class KeepAliveAPI(AdminAPI):
    """Admin REST calls on one realm, at most `threads` at a time. Safe to share between threads."""

    def __init__(
        self, base_url: str, realm: str, connection: OneTokenConnection, threads: int, timeout: float
    ) -> None:
        super().__init__(realm, connection)
        self._base = urlsplit(base_url.rstrip("/")).path
        self._pool = urllib3.connection_from_url(
            base_url, maxsize=threads, block=True, retries=False, timeout=timeout
        )
        self._timeout, self._count = timeout, threading.Lock()
        self.requests = self.bytes = 0

    @classmethod
    def speaking(
        cls,
        base_url: str,
        realm: str,
        key: ClientKey,
        *,
        issuer: str = "",
        threads: int = 4,
        timeout: float = TIMEOUT_SECONDS,
    ) -> Self:
        """Speaks as a service account of `realm`, as `AdminAPI.as_service_account`."""
        named = issuer or f"{base_url.rstrip('/')}/realms/{realm}"
        return cls(base_url, realm, by_key(key, named, base_url, realm, timeout), threads, timeout)

    def create(self, *segments: str, body: object) -> str:
        """Posts, and gives the id of what was made.

        Raises:
            Refused: with status 409, when there is one already.
            Unknown: the answer has no whole id: it may have been made.
        """
        answer = self._answer("POST", self._path(segments), {}, body)
        found = _MADE_AT.search(answer.headers.get("Location", "")[-37:])
        if found is None:
            raise Unknown(f"POST {self._path(segments)}: no whole id in the answer")
        return found[1]

    def lines(self, *segments: str) -> Iterator[str]:
        """Reads lines below the realm, as they come.

        Raises:
            Refused: Keycloak says no, 404 too.
            Unknown: the answer ended in the middle.
        """
        answer = self._answer("GET", self._path(segments), {}, is_streamed=True)
        rest = b""
        try:
            for piece in answer.stream(_PIECE):
                *whole, rest = (rest + piece).split(b"\n")
                self._counted(len(piece), 0)
                yield from (line.decode() for line in whole)
        except HTTPError as error:
            raise _network_error(error) from error
        finally:
            answer.release_conn()
        if rest:
            yield rest.decode()

    def close(self) -> None:
        """Closes the sockets kept alive."""
        self._pool.close()
        super().close()

    def _json(self, method: str, path: str, params: dict[str, str]) -> Any:
        try:
            return json.loads(self._answer(method, path, params).data)
        except ValueError as error:
            raise Unknown(f"{method} {path}: the answer is not JSON") from error

    def _send(self, method: str, path: str, params: dict[str, str], body: object = None) -> Any:
        return self._answer(method, path, params, body)

    def _answer(
        self,
        method: str,
        path: str,
        params: dict[str, str],
        body: object = None,
        *,
        is_streamed: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        self._ensure_token()
        answer = self._once(method, path, params, body, is_streamed)
        if answer.status == _UNAUTHORIZED:  # the token ended, or the server's keys changed: nothing was done
            answer.drain_conn()
            self._renew_token()
            answer = self._once(method, path, params, body, is_streamed)
        if answer.status not in range(200, 300):
            message = answer.data.decode("utf-8", "replace")[:200]  # unread, it would stand before the next
            answer.release_conn()
            raise Refused(answer.status, f"{method} {path}: {message}")
        return answer

    def _once(
        self, method: str, path: str, params: dict[str, str], body: object, is_streamed: bool
    ) -> urllib3.BaseHTTPResponse:
        data = None if body is None else json.dumps(body).encode()
        url = f"{self._base}/{path}" + (f"?{urlencode(params)}" if params else "")
        token = (self._connection.token or {}).get("access_token", "")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        timeout = STREAM_SECONDS if is_streamed else self._timeout
        try:
            answer = self._pool.request(
                method, url, body=data, headers=headers, preload_content=not is_streamed, timeout=timeout
            )
        except HTTPError as error:
            raise _network_error(error) from error
        self._counted(len(data or b"") + (0 if is_streamed else len(answer.data)), 1)
        return answer

    def _counted(self, bytes_: int, requests: int) -> None:
        with self._count:
            self.bytes += bytes_
            self.requests += requests


def _network_error(error: HTTPError) -> GatewayError:
    if isinstance(error, NewConnectionError | ConnectTimeoutError):
        return NotSent(f"no connection to Keycloak: {error}")
    return Unknown(f"no whole answer from Keycloak: {error}")
