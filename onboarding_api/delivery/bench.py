"""How fast the ledger is: `python -m onboarding_api.delivery.bench [DATABASE_URL]`.

Enqueues rows one by one, as decisions do, then lets one worker finish them with a target that does nothing.
Without an argument a scratch SQLite database is used; a database that is named must be empty of deliveries,
and its rows are left there. The product needs less than one row a second (34,875 communes).
"""

import logging
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from onboarding_api.delivery.clock import clock_of
from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.delivery.worker import Worker
from onboarding_api.migrations import migrate
from onboarding_api.model.base import Database, new_id
from onboarding_api.model.ledger.delivery import DeliveryClass, Target
from onboarding_api.model.ledger.kinds import Kind

ROWS = 1000
LANES = 100
BENCH = Kind("bench", Target.KEYCLOAK, frozenset({DeliveryClass.TAKING_AWAY}), "bench", {})


def main() -> None:
    """Print the figures."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as directory:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(directory, 'bench.db')}"
        migrate(url)
        database = Database(url)
        ledger = Ledger(database, clock_of(database))
        enqueued = _timed(lambda: _enqueue(ledger))
        done = _timed(lambda: _drain(ledger))
        latencies = sorted(_latencies(ledger))
        database.engine.dispose()
    name = url.partition(":")[0]
    sys.stdout.write(
        f"{name}: enqueue {ROWS / enqueued:.0f}/s, done {ROWS / done:.0f}/s, enqueued -> delivered "
        f"p50 {latencies[len(latencies) // 2] * 1000:.0f} ms, p95 {latencies[-5] * 1000:.0f} ms\n"
    )


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _put(ledger: Ledger, lane: str) -> None:
    row = BENCH.row(lane, key=new_id(), args={}, due=ledger.clock())
    with ledger.database.writing() as session:
        session.add(row)


def _enqueue(ledger: Ledger) -> None:
    for number in range(ROWS):
        _put(ledger, f"lane-{number % LANES}")


def _drain(ledger: Ledger) -> None:
    """Run a worker until it has finished every row."""
    stop, left = threading.Event(), iter(range(ROWS - 1, -1, -1))

    def deliver(ledger: Ledger, lease: Lease) -> None:
        ledger.finish(lease)
        if next(left) == 0:
            stop.set()

    Worker(ledger, {"bench": deliver}, [BENCH]).run(stop)


def _latencies(ledger: Ledger, rounds: int = 100) -> list[float]:
    """From the commit of a row to its target, with an idle worker."""
    stop, arrived = threading.Event(), threading.Event()

    def deliver(ledger: Ledger, lease: Lease) -> None:
        arrived.set()
        ledger.finish(lease)

    worker = threading.Thread(target=Worker(ledger, {"bench": deliver}, [BENCH]).run, args=(stop,))
    worker.start()
    seconds = []
    for _ in range(rounds):
        arrived.clear()
        _put(ledger, new_id())
        seconds.append(_timed(lambda: arrived.wait(10)))
    stop.set()
    worker.join()
    return seconds


if __name__ == "__main__":
    main()
