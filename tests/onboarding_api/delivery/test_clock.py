"""A clock that was ahead and is set back: nothing is held, nothing waits for an hour that is over."""

import time
from datetime import timedelta

import pytest
import time_machine

from onboarding_api.delivery.clock import ClockWatch, drop_impossible_leases, undo_waits_of_a_wrong_clock
from onboarding_api.delivery.ledger import LeaseLost, Ledger
from onboarding_api.model.base import Database
from onboarding_api.model.journal import JournalEntry, append
from onboarding_api.model.ledger.delivery import Delivery
from tests.builders.deliveries import NOON, HandClock, lease_all, put, row_of

HOUR = timedelta(hours=1)


@pytest.mark.attack(51)
def test_a_lease_of_a_clock_that_was_ahead_holds_no_row(
    database: Database, ledger: Ledger, clock: HandClock
) -> None:
    put(database)
    clock.forward(hours=1)
    (ahead,) = lease_all(ledger)
    clock.forward(hours=-1)
    assert lease_all(ledger) == ()

    drop_impossible_leases(database, clock(), ledger.lasts)
    (again,) = lease_all(ledger)
    drop_impossible_leases(database, clock(), ledger.lasts)

    with pytest.raises(LeaseLost), ledger.finishing(ahead):
        pass
    with ledger.finishing(again):
        pass


@pytest.mark.attack(51)
def test_what_waits_since_a_clock_was_ahead_is_due_and_what_waits_for_its_day_is_not(
    database: Database, ledger: Ledger, clock: HandClock
) -> None:
    tried = put(database, lane="tried")
    another_day = put(database, lane="day", due=NOON + timedelta(days=10))
    written = put(database, lane="written", due=NOON + HOUR)
    timer_written = put(database, lane="timer", due=NOON + HOUR + timedelta(days=10))
    with database.writing() as session:
        entry = append(
            session,
            JournalEntry(at=NOON + HOUR, event="x", subject="x", details={}, decision={}),
        )
        for id_ in (written, timer_written):
            session.query(Delivery).filter_by(id=id_).one().journal_seq = entry.seq
    clock.forward(hours=1)
    lease = next(lease for lease in lease_all(ledger) if lease.id == tried)
    ledger.fail(lease, OSError())
    clock.forward(hours=-1)

    undo_waits_of_a_wrong_clock(database, clock())

    assert [row_of(database, id_).due - NOON for id_ in (tried, another_day, written, timer_written)] == [
        timedelta(),
        timedelta(days=10),
        timedelta(),
        HOUR + timedelta(days=10),
    ]


def test_a_clock_that_is_set_back_is_noticed_once() -> None:
    ahead = time_machine.travel(time.time() + 3600, tick=True)
    ahead.start()
    watch = ClockWatch()
    assert not watch.was_set_back()
    ahead.stop()
    assert watch.was_set_back()
    assert not watch.was_set_back()
    with time_machine.travel(time.time() + 3600, tick=True):
        assert not watch.was_set_back()
