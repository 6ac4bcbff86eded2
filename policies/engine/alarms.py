"""A counter of what should never happen: the engine could not give a clean answer."""

from collections import Counter
from collections.abc import Callable
from threading import Lock

Listener = Callable[[str, str], None]
"""Told the code of an alarm and the action that was asked about: never a fact."""


class AlarmCounter:
    """Counts by code, and tells those who listen; safe between threads."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._listeners: list[Listener] = []
        self._lock = Lock()

    def listen(self, listener: Listener) -> None:
        """Have each alarm told; the same listener is told once, however often it is named."""
        with self._lock:
            if listener not in self._listeners:
                self._listeners.append(listener)

    def raise_alarm(self, code: str, action: str) -> None:
        """One more of a code."""
        with self._lock:
            self._counts[code] += 1
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(code, action)

    def counts(self) -> dict[str, int]:
        """How many of each code since the start of the process."""
        with self._lock:
            return dict(self._counts)
