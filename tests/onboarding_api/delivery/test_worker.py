"""The worker in this process: what it does with each answer of a target."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from onboarding_api.delivery.clock import clock_of
from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.delivery.overview import parked
from onboarding_api.delivery.worker import Deliver, Worker
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.delivery import DeliveryClass, DeliveryState, Target
from onboarding_api.model.ledger.kinds import Kind
from tests.builders.deliveries import TEST, kind_of, put, row_of

NOTICE = Kind("notice", Target.MAIL, frozenset({DeliveryClass.COURTESY}), "notice", {"notice": str})


class Unreachable(Exception):
    pass


def finished(ledger: Ledger, lease: Lease) -> None:
    with ledger.finishing(lease):
        pass


def failing(_ledger: Ledger, _lease: Lease) -> None:
    raise Unreachable("cendrine@eus.example")


@contextmanager
def working(database: Database, target: Deliver, lease_seconds: float = 30) -> Iterator[None]:
    """A worker at work during the block; at its end it has stopped in good order."""
    ledger = Ledger(database, clock_of(database), lambda: 1.0, lasts=timedelta(seconds=lease_seconds))
    with at_work(Worker(ledger, {TEST.name: target}, [TEST], threads={TEST.target: 4})):
        yield


@contextmanager
def at_work(worker: Worker) -> Iterator[None]:
    """The same for a worker that is there."""
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def until(is_so: Callable[[], bool], seconds: float = 5) -> float:
    """Wait for something; how long it took."""
    start = time.monotonic()
    while not is_so():
        assert time.monotonic() - start < seconds, "it did not come"
        time.sleep(0.005)
    return time.monotonic() - start


def is_done(database: Database, id_: str) -> bool:
    return row_of(database, id_).state == DeliveryState.DONE


def test_a_new_row_is_delivered_at_once(database: Database) -> None:
    with working(database, finished):
        put(database)
        time.sleep(0.05)  # it now sleeps
        id_ = put(database)
        assert until(lambda: is_done(database, id_)) < 0.5


def test_the_next_row_of_a_lane_follows_without_waiting(database: Database) -> None:
    ids = [put(database, lane="a") for _ in range(5)]
    with working(database, finished):
        assert until(lambda: is_done(database, ids[-1])) < 0.8


def test_lanes_go_side_by_side(database: Database) -> None:
    together = threading.Barrier(4)

    def meeting(ledger: Ledger, lease: Lease) -> None:
        together.wait(5)
        finished(ledger, lease)

    ids = [put(database) for _ in range(4)]
    with working(database, meeting):
        until(lambda: all(is_done(database, id_) for id_ in ids))


@pytest.mark.attack(40)
def test_a_failure_is_recorded_without_its_text_and_tried_again(database: Database) -> None:
    id_ = put(database)
    with working(database, failing):
        until(lambda: row_of(database, id_).last_error is not None)

    row = row_of(database, id_)
    assert (row.state, row.last_error, row.attempts) == (DeliveryState.OPEN, "Unreachable", 1)


def test_an_unknown_kind_is_parked(database: Database) -> None:
    id_ = put(database, kind_of("pigeon"))
    with working(database, finished):
        until(lambda: row_of(database, id_).state == DeliveryState.PARKED)

    assert row_of(database, id_).last_error == "UnfitRow"


def keyed(ledger: Ledger, lease: Lease) -> None:
    """As targets do: it takes what it needs from the arguments."""
    {"letter_sent": None}[lease.args["notice"]]
    ledger.finish(lease)


@pytest.mark.parametrize(
    "args", ["{}", "[]", '"x"', "null", '{"notice": 7}', '{"notice": "unknown"}', "no JSON at all"]
)
def test_what_no_retry_can_cure_is_parked_at_once_and_lets_its_lane_go_on(
    database: Database, args: str
) -> None:
    """PostgreSQL refuses to keep what is no JSON; there the row says null."""
    if database.engine.dialect.name == "postgresql" and args == "no JSON at all":
        args = "null"
    bad = put(database, NOTICE, lane="a", args={"notice": "letter_sent"})
    behind = put(database, NOTICE, lane="a", args={"notice": "letter_sent"})
    with database.writing() as session:
        session.execute(text("UPDATE delivery SET args = :args WHERE id = :id"), {"args": args, "id": bad})
    ledger = Ledger(database, clock_of(database), lambda: 1.0)
    with at_work(Worker(ledger, {NOTICE.name: keyed}, [NOTICE], threads={NOTICE.target: 1})):
        until(lambda: is_done(database, behind))

    (row,) = parked(database)
    assert (row.id, row.attempts) == (bad, 1)


def test_a_stop_waits_for_the_delivery_under_way(database: Database) -> None:
    has_begun = threading.Event()

    def slow(ledger: Ledger, lease: Lease) -> None:
        has_begun.set()
        time.sleep(0.1)
        finished(ledger, lease)

    id_ = put(database)
    with working(database, slow):
        assert has_begun.wait(5)

    assert is_done(database, id_)


def test_a_cancelled_row_does_not_disturb_the_worker(database: Database) -> None:
    def cancelled_meanwhile(ledger: Ledger, lease: Lease) -> None:
        if lease.args.get("cancel"):
            ledger.cancel(lease.id)
        finished(ledger, lease)

    cancelled, next_ = put(database, lane="a", args={"cancel": True}), put(database, lane="a")
    with working(database, cancelled_meanwhile):
        until(lambda: is_done(database, next_))

    assert row_of(database, cancelled).state == DeliveryState.CANCELLED


@pytest.mark.slow
def test_a_long_delivery_keeps_its_row(database: Database) -> None:
    def long(ledger: Ledger, lease: Lease) -> None:
        time.sleep(1.2)
        finished(ledger, lease)

    id_ = put(database)
    with working(database, long, lease_seconds=0.4):
        until(lambda: is_done(database, id_))

    assert row_of(database, id_).attempts == 1
