"""What a test spends: one that became slow fails, by CPU and statements, never by the clock of the wall."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

# Contracts, each several times what the heaviest test needs; what needs more is marked `slow`.
MOST_CPU_SECONDS = 10.0
MOST_STATEMENTS = 10_000
EXEMPT = frozenset({"slow", "keycloak", "browser"})


class TooSlow(AssertionError):
    """The test did its work, and too much of it."""


class Spent:
    """What was spent so far; other threads of this process count too."""

    def __init__(self) -> None:
        self.statements = 0
        self._began = time.process_time()

    @property
    def cpu_seconds(self) -> float:
        """Of this process, all threads."""
        return time.process_time() - self._began

    def check(
        self, most_cpu_seconds: float = MOST_CPU_SECONDS, most_statements: int = MOST_STATEMENTS
    ) -> None:
        """Refuse what is over its bound.

        Raises:
            TooSlow: says which of the two, and how much.
        """
        if self.cpu_seconds > most_cpu_seconds:
            raise TooSlow(f"{self.cpu_seconds:.1f} s of CPU: {most_cpu_seconds:g} are allowed without `slow`")
        if self.statements > most_statements:
            raise TooSlow(f"{self.statements} SQL statements: {most_statements} are allowed without `slow`")


@contextmanager
def watched() -> Iterator[Spent]:
    """Count what is spent in the block."""
    spent = Spent()

    def count(*_: Any) -> None:
        spent.statements += 1

    event.listen(Engine, "after_cursor_execute", count)
    try:
        yield spent
    finally:
        event.remove(Engine, "after_cursor_execute", count)
