"""A counter of what should never happen: the engine could not give a clean answer."""

from collections import Counter
from threading import Lock

__all__ = ["AlarmCounter"]


class AlarmCounter:
    """Counts by code; safe between threads. Whoever watches the service reads `counts`."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def raise_alarm(self, code: str) -> None:
        """One more of a code."""
        with self._lock:
            self._counts[code] += 1

    def counts(self) -> dict[str, int]:
        """How many of each code since the start of the process."""
        with self._lock:
            return dict(self._counts)
