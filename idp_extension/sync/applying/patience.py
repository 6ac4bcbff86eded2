"""Goes on trying while Keycloak is away, all threads together; stops when that lasts."""

import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from idp_extension.admin_api import GatewayError, Refused

_T = TypeVar("_T")
_TOO_MANY = 429
FIRST_WAIT, LONGEST_WAIT = 0.2, 10.0
MOST_TRIES, MOST_TRIES_AWAY = 4, 25
"""Of what Keycloak refuses for a reason of the moment, or does not answer, while it serves others."""


class KeptAway(GatewayError):
    """Keycloak served nobody for as long as a run may wait."""


class Stopped(Exception):
    """Somebody stopped the run."""


class Patience:
    """Shared by the threads of one run.

    Args:
        seconds: how long Keycloak may be away before the run gives up.
        first_wait: in seconds; each that follows is twice as long, up to LONGEST_WAIT.
    """

    def __init__(self, seconds: float, first_wait: float = FIRST_WAIT) -> None:
        self._seconds, self._first_wait = seconds, first_wait
        self._lock = threading.Lock()
        self._waits = 0
        self._calm_at = 0.0
        self._served_at = time.monotonic()
        self._over = threading.Event()

    def stop(self) -> None:
        """End all waiting: each thread stops before its next call."""
        self._over.set()

    def patiently(self, work: Callable[[int], _T]) -> _T:
        """The work's result; it is given the number of the try, 0 first.

        Raises:
            KeptAway: Keycloak was away for too long.
            GatewayError: no repeat helps.
            Stopped: somebody stopped the run.
        """
        tries = refusals = 0
        while True:
            self._wait()
            try:
                result = work(tries)
            except GatewayError as error:
                tries += 1
                is_away = error.is_away or (isinstance(error, Refused) and error.status == _TOO_MANY)
                refusals += not is_away
                if error.is_permanent or refusals >= MOST_TRIES or tries >= MOST_TRIES_AWAY:
                    raise
                if self._gives_up(is_away):
                    raise KeptAway(f"Keycloak stayed away, run it again to go on: {error}") from error
            else:
                self._served()
                return result

    def _wait(self) -> None:
        with self._lock:
            left = self._calm_at - time.monotonic()
        if self._over.wait(max(0.0, left)):
            raise Stopped

    def _served(self) -> None:
        with self._lock:
            self._waits, self._served_at = 0, time.monotonic()

    def _gives_up(self, is_away: bool) -> bool:
        """Keep all threads off for a while, longer each time."""
        with self._lock:
            now = time.monotonic()
            if now >= self._calm_at:  # one step of the ladder for all who were hit at once
                wait = min(self._first_wait * 2**self._waits, LONGEST_WAIT)
                self._calm_at = now + wait * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
                self._waits += 1
            return is_away and now - self._served_at > self._seconds
