"""Real worker processes, killed or stopped in mid-delivery: nothing is lost, order is kept."""

import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import func, select

from onboarding_api.model.base import Database
from onboarding_api.model.ledger.delivery import Delivery, DeliveryState
from tests.builders import recording_worker
from tests.builders.deliveries import put, row_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
KILLS = 20
LANES = 10
ROWS_A_LANE = 30
THREADS = 4
LEASE_SECONDS = 1


class Effect(NamedTuple):
    word: str
    lane: str
    number: int
    pid: int


class Workers:
    """Starts worker processes that deliver into one file, and reads it."""

    def __init__(self, database_url: str, path: Path) -> None:
        self._command = [
            *(sys.executable, "-m", recording_worker.__name__),
            database_url,
            str(path),
            str(LEASE_SECONDS),
        ]
        self._path = path
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        worker = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, cwd=ROOT)
        self.started.append(worker)
        return worker

    def effects(self) -> list[Effect]:
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        return [
            Effect(word, lane, int(number), int(pid)) for word, lane, number, pid in map(str.split, lines)
        ]

    def has_started(self, worker: subprocess.Popen[bytes]) -> bool:
        return any(effect.pid == worker.pid for effect in self.effects())

    def end(self) -> None:
        for worker in self.started:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.terminate()
                worker.wait(10)


@pytest.fixture
def workers(database_url: str, tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(database_url, tmp_path / "effects")
    yield workers
    workers.end()


def until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def count_undone(database: Database) -> int:
    with database.reading() as session:
        undone = select(func.count()).where(Delivery.state != DeliveryState.DONE)
        return session.scalars(undone).one()


@pytest.mark.invariant("I2")
def test_twenty_kills_lose_nothing_and_keep_the_order(database: Database, workers: Workers) -> None:
    for number in range(ROWS_A_LANE):
        for lane in range(LANES):
            put(database, lane=f"lane-{lane}", args={"lane": f"lane-{lane}", "number": number})
    workers.start()
    for _ in range(KILLS):
        victim = workers.started[-1]
        workers.start()
        until(partial(workers.has_started, victim))
        time.sleep(random.uniform(0, 0.1))
        victim.kill()
        victim.wait()
    until(lambda: count_undone(database) == 0)

    by_lane: dict[str, list[int]] = defaultdict(list)
    for effect in workers.effects():
        if effect.word == "start":
            by_lane[effect.lane].append(effect.number)
    repeats = sum(map(len, by_lane.values())) - LANES * ROWS_A_LANE
    assert all(numbers == sorted(numbers) for numbers in by_lane.values())
    assert all(set(numbers) == set(range(ROWS_A_LANE)) for numbers in by_lane.values())
    assert 0 < repeats <= KILLS * THREADS


@pytest.mark.attack(50)
def test_a_worker_stopped_past_its_lease_repeats_but_records_nothing(
    database: Database, workers: Workers
) -> None:
    id_ = put(database, lane="a", args={"lane": "a", "number": 1, "seconds": 0.2})
    stopped = workers.start()
    until(lambda: workers.has_started(stopped))
    stopped.send_signal(signal.SIGSTOP)
    other = workers.start()
    until(lambda: row_of(database, id_).state == DeliveryState.DONE)
    by_other = row_of(database, id_)

    stopped.send_signal(signal.SIGCONT)
    until(lambda: Effect("end", "a", 1, stopped.pid) in workers.effects())
    other.terminate()
    other.wait(10)
    later = put(database, lane="a", args={"lane": "a", "number": 2})
    until(lambda: row_of(database, later).state == DeliveryState.DONE)  # it works on, with a fresh lease

    row = row_of(database, id_)
    assert (row.state, row.attempts, row.done_at) == (DeliveryState.DONE, 2, by_other.done_at)
    assert [effect.pid for effect in workers.effects() if effect.word == "end"] == [
        other.pid,
        stopped.pid,
        stopped.pid,
    ]
