"""How long a row waits for its next try."""

import random
from datetime import timedelta

LONGEST_WAIT = timedelta(hours=1)
LONGEST_WAIT_URGENT = timedelta(seconds=10)
"""Breakers see to it that a target which is away is not overrun."""


def waiting_time(tries: int, factor: float) -> timedelta:
    """Time to the next try: `min(1 h, 2^tries s) x factor`."""
    return min(LONGEST_WAIT, timedelta(seconds=2 ** min(tries, 12))) * factor


def spread() -> float:
    """A factor that keeps rows that failed together from coming back together."""
    return random.uniform(0.8, 1.2)  # noqa: S311 - no secret
