"""What a service keeps in its own process: visits, and the log-out tokens it has seen."""

import secrets
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


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
            self._keep(key, value)
        return key

    def get(self, key: str) -> T | None:
        """The value, unless its time is over."""
        with self._lock:
            ends_at, value = self._kept.get(key, (0.0, None))
            return value if ends_at > time.monotonic() else None

    def is_new(self, key: str, value: T) -> bool:
        """Keep a value under a given key, unless one is there that lives; whether it was kept."""
        with self._lock:
            ends_at, _ = self._kept.get(key, (0.0, value))
            if ends_at > time.monotonic():
                return False
            self._keep(key, value)
        return True

    def drop(self, is_meant: Callable[[T], bool]) -> None:
        """Forget all the values that are meant."""
        with self._lock:
            for key in [key for key, (_, value) in self._kept.items() if is_meant(value)]:
                del self._kept[key]

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

    def _keep(self, key: str, value: T) -> None:
        self._kept[key] = (time.monotonic() + self._seconds, value)
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
