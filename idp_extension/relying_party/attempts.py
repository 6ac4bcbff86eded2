"""Log-ins under way, kept by the browser that began them, each in a sealed cookie of its own.

So a log-in begins without a write, several tabs can log in at the same moment, and any process of the service
can finish what another began. Whoever does not hold the cookie cannot finish the log-in: the state is bound
to the browser (RFC 9700 §4.7).
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from werkzeug.wrappers import Response

from idp_extension.relying_party.client import Attempt
from idp_extension.relying_party.seal import Seal

ATTEMPT_SECONDS = 1800
"""As long as Keycloak's own log-in page is good for."""
MOST_ATTEMPTS = 5
"""Of one browser at once: a tab each. The oldest makes room."""


class Begun(NamedTuple):
    """An attempt, what the service wanted to remember with it, and the cookie it stands in."""

    attempt: Attempt
    remembered: Mapping[str, str]
    cookie: str


class AttemptCookies:
    """The cookies of one service.

    Args:
        seal: closes them.
        prefix: of their names; `__Host-…`, so that no other host can plant one.
        clock: seconds since 1970.
    """

    def __init__(self, seal: Seal, prefix: str, clock: Callable[[], float] = time.time) -> None:
        self._seal = seal
        self._prefix = f"{prefix}-"
        self._clock = clock

    def keep(
        self, response: Response, cookies: Mapping[str, str], attempt: Attempt, remembered: Mapping[str, str]
    ) -> None:
        """Have the browser keep an attempt.

        Args:
            response: the answer that sends the browser to Keycloak.
            cookies: those of the request.
            attempt: what `OpenIDClient.begin` gave.
            remembered: what to know when it comes back, as the page to go to.
        """
        values = {"attempt": attempt.as_values(), "remembered": dict(remembered), "at": self._clock()}
        response.set_cookie(
            self._name(attempt.state), self._seal.close(values), max_age=ATTEMPT_SECONDS, **_GUARDED
        )
        mine = sorted(self._mine(cookies), key=lambda one: one[1])
        for name, _ in mine[: max(0, len(mine) - MOST_ATTEMPTS + 1)]:
            self.forget(response, name)

    def find(self, cookies: Mapping[str, str], state: str) -> Begun | None:
        """The attempt that an answer with this state belongs to; None when this browser began none such."""
        name = self._name(state)
        values = self._opened(cookies.get(name, ""))
        if values is None or values["attempt"]["state"] != state:
            return None
        return Begun(Attempt(**values["attempt"]), values["remembered"], name)

    def forget(self, response: Response, name: str) -> None:
        """It is over: the answer serves once."""
        response.delete_cookie(name, **_GUARDED)

    def _mine(self, cookies: Mapping[str, str]) -> Iterator[tuple[str, float]]:
        for name, value in cookies.items():
            if name.startswith(self._prefix):
                values = self._opened(value)
                yield name, values["at"] if values else 0.0

    def _opened(self, value: str) -> Mapping[str, Any] | None:
        values = self._seal.open(value)
        return values if values and abs(self._clock() - values["at"]) <= ATTEMPT_SECONDS else None

    def _name(self, state: str) -> str:
        return self._prefix + hashlib.sha256(state.encode(errors="replace")).hexdigest()[:16]


_GUARDED: Mapping[str, Any] = {"secure": True, "httponly": True, "samesite": "Lax", "path": "/"}
