"""One worker watches; when it dies another goes on where it stopped, and it does not come between."""

from datetime import timedelta

from onboarding_api.delivery.watch.lease import LEASE, WatchLease
from onboarding_api.model.base import Database
from tests.builders.deliveries import NOON, HandClock


def test_one_watches_and_another_goes_on_where_it_stopped(database: Database) -> None:
    clock = HandClock()
    first, second = WatchLease(database, clock), WatchLease(database, clock)

    assert first.take() == NOON, "what was before is the first full plan's"
    assert second.take() is None
    first.keep(NOON + timedelta(seconds=3))
    clock.now += LEASE
    assert first.take() == NOON + timedelta(seconds=3)

    clock.now += LEASE
    assert second.take() == NOON + timedelta(seconds=3)
    first.keep(NOON + timedelta(seconds=9))
    assert first.take() is None
    clock.now += LEASE
    assert second.take() == NOON + timedelta(seconds=3), "a worker that lost the watch moved nothing"


def test_a_clock_that_was_set_back_holds_the_watch_for_nobody(database: Database) -> None:
    clock = HandClock(NOON + timedelta(hours=1))
    assert WatchLease(database, clock).take()
    clock.now = NOON
    assert WatchLease(database, clock).take()
