"""How long a search takes: 500 texts as people type them, drawn from the whole register."""

import random
import time
from collections.abc import Callable
from statistics import quantiles
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from onboarding_api.registry.folding import words
from onboarding_api.registry.search import search
from onboarding_api.registry.shipped import Entry, read_register

# What people type, by how often we expect it: nobody has measured it yet.
_HABITS: Final[tuple[tuple[int, Callable[[Entry, random.Random], str]], ...]] = (
    (30, lambda entry, _: entry.bare_name),
    (25, lambda entry, _: f"{entry.bare_name} {entry.departement}"),
    (10, lambda entry, _: f"{entry.name} ({entry.departement_name})"),
    (10, lambda entry, _: entry.postcodes[0]),
    (10, lambda entry, _: entry.siren),
    (5, lambda entry, _: words(entry.bare_name)[0]),
    (10, lambda entry, dice: _mistyped(entry.bare_name, dice)),
)


class Bench(NamedTuple):
    """Durations of one search in milliseconds; the goal is a p95 of at most 50."""

    searches: int
    p50: float
    p95: float
    slowest: float
    slowest_text: str


def bench_search(session: Session, searches: int = 500, seed: int = 1) -> Bench:
    """Search texts drawn with a fixed seed, and time each."""
    dice = random.Random(seed)  # noqa: S311 - a draw of examples, no secret
    weights, habits = zip(*_HABITS, strict=True)
    entries = list(read_register())
    timed = []
    for _ in range(searches):
        text = dice.choices(habits, weights)[0](dice.choice(entries), dice)
        start = time.perf_counter()
        search(session, text)
        timed.append((1000 * (time.perf_counter() - start), text))
    centiles = quantiles((duration for duration, _ in timed), n=100)
    return Bench(searches, centiles[49], centiles[94], *max(timed))


def _mistyped(name: str, dice: random.Random) -> str:
    place = dice.randrange(len(name))
    return name[:place] + dice.choice("aeiourstln") + name[place + 1 :]
