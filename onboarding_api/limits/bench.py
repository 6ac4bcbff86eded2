"""`python -m onboarding_api.limits.bench [URL]`: what counting costs, and whether it is a hot spot.

The database is a fresh SQLite one in a temporary directory, or the empty one whose URL is given.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median

from onboarding_api.limits.bounds import Bound, Per
from onboarding_api.limits.limiter import Limiter
from onboarding_api.migrations import migrate
from onboarding_api.model.base import Database

SECONDS = 3.0
THREADS = (1, 4, 8)
FORM = Bound("bench", {Per.NETWORK: "20/hour", Per.BROWSER: "10/hour"})
FULL = Bound("bench_full", {Per.NETWORK: "1/hour"})
PAGE = Bound("bench_page", {Per.NETWORK: "1000000/minute"}, is_shared=False)


def rate(act: Callable[[], object], threads: int) -> tuple[float, float]:
    """How often a second, and the median in milliseconds."""
    end = time.monotonic() + SECONDS

    def work(_number: int) -> list[float]:
        spent = []
        while (start := time.monotonic()) < end:
            act()
            spent.append(time.monotonic() - start)
        return spent

    with ThreadPoolExecutor(threads) as pool:
        all_spent = [one for spent in pool.map(work, range(threads)) for one in spent]
    return len(all_spent) / SECONDS, median(all_spent) * 1000


def main() -> None:
    """Measure on one database and print the table."""
    with tempfile.TemporaryDirectory() as directory:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(directory) / 'bench.db'}"
        migrate(url)
        database = Database(url)
        limiter = Limiter(database, lambda: datetime.now(UTC), "bench", {})
        numbers = count()
        mine: dict[str, Callable[[], object]] = {
            "a caller of his own each time": lambda: limiter.spend(
                FORM, {per: str(next(numbers)) for per in FORM.items}
            ),
            "one caller, refused": lambda: limiter.has_room(FULL, {Per.NETWORK: "one"}),
            "reading, in memory": lambda: limiter.spend(PAGE, {Per.NETWORK: str(next(numbers) % 500)}),
        }
        sys.stdout.write("| what | threads | a second | median, ms |\n|---|---|---|---|\n")
        for name, act in mine.items():
            for threads in THREADS:
                often, spent = rate(act, threads)
                sys.stdout.write(f"| {name} | {threads} | {often:,.0f} | {spent:.2f} |\n")
        database.engine.dispose()


if __name__ == "__main__":
    main()
