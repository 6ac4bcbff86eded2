"""A worker process to be killed: it delivers by writing a line in a file.

Run it from the root: `python -m tests.builders.recording_worker DATABASE_URL FILE LEASE_SECONDS`.
"""

import os
import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from onboarding_api.delivery.clock import clock_of
from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.delivery.worker import Worker
from onboarding_api.model.base import Database
from tests.builders.deliveries import TEST

WORK_SECONDS = 0.03


class RecordingTarget:
    """Writes `start` and `end` lines: word, lane, number in the lane, process id."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        self._write("start", lease)
        time.sleep(lease.args.get("seconds", WORK_SECONDS))
        self._write("end", lease)
        with ledger.finishing(lease):
            pass

    def _write(self, word: str, lease: Lease) -> None:
        line = f"{word} {lease.args['lane']} {lease.args['number']} {os.getpid()}\n"
        # One write to a file opened for appending: lines of several processes never mix.
        with open(self._path, "ab", buffering=0) as file:
            file.write(line.encode())


def main() -> None:
    """Work until SIGTERM."""
    url, path, lease_seconds = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    database = Database(url)
    lasts = timedelta(seconds=float(lease_seconds))
    ledger = Ledger(database, clock_of(database), draw=lambda: 1.0, lasts=lasts)
    Worker(ledger, {TEST.name: RecordingTarget(Path(path))}, [TEST], threads={TEST.target: 4}).run(stop)


if __name__ == "__main__":
    main()
