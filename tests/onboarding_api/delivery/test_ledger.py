"""Lease, finish, retry, park: the same on SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from onboarding_api.delivery.errors import told
from onboarding_api.delivery.ledger import LEASE, Lease, LeaseLost, Ledger
from onboarding_api.delivery.overview import Waiting, counters, parked
from onboarding_api.delivery.queue import Place
from onboarding_api.delivery.waiting import waiting_time
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.breaker import BreakerState
from onboarding_api.model.ledger.delivery import DeliveryClass, DeliveryState, Target
from onboarding_api.model.ledger.kinds import CLAIM_EXPIRY
from onboarding_api.model.refusals import NotFound, NotPossibleNow
from tests.builders.deliveries import COURTESY, NOON, HandClock, kind_of, lease_all, put, row_of


class Unreachable(Exception):
    pass


class RefusedForGood(Exception):
    is_permanent = True
    is_away = False
    is_without_effect = True
    status = 400


def the_only(leases: tuple[Lease, ...]) -> Lease:
    assert len(leases) == 1
    return leases[0]


def finish(ledger: Ledger, lease: Lease) -> None:
    with ledger.finishing(lease):
        pass


def test_a_due_row_is_leased_once_and_finished(database: Database, ledger: Ledger) -> None:
    id_ = put(database, args={"person_id": "p"}, key="mail:1")

    lease = the_only(lease_all(ledger))

    assert (lease.id, lease.kind, lease.key, lease.args) == (id_, "test", "mail:1", {"person_id": "p"})
    assert (lease.attempt, lease.tries) == (1, 1)
    assert lease_all(ledger) == ()
    finish(ledger, lease)
    row = row_of(database, id_)
    assert (row.state, row.done_at, row.owner, row.lease_until) == (DeliveryState.DONE, NOON, None, None)


def test_a_row_due_later_waits(database: Database, ledger: Ledger, clock: HandClock) -> None:
    put(database, due=NOON + timedelta(days=10))

    assert lease_all(ledger) == ()
    clock.forward(days=10)
    assert len(lease_all(ledger)) == 1


def test_a_lease_takes_ten_at_most_oldest_due_first(database: Database, ledger: Ledger) -> None:
    ids = [put(database, due=NOON - timedelta(minutes=n)) for n in range(12)]

    first, second = lease_all(ledger, 50), lease_all(ledger, 50)

    assert {lease.id for lease in first} == set(ids[2:])
    assert {lease.id for lease in second} == set(ids[:2])


def test_an_undelivered_head_holds_its_lane_and_no_other(
    database: Database, ledger: Ledger, clock: HandClock
) -> None:
    head, behind, elsewhere = put(database, lane="a"), put(database, lane="a"), put(database, lane="b")

    leases = lease_all(ledger)

    assert [lease.id for lease in leases] == [head, elsewhere]
    ledger.fail(leases[0], Unreachable())
    finish(ledger, leases[1])
    assert lease_all(ledger) == ()  # the head waits for its next try, and holds its lane meanwhile
    clock.forward(seconds=3)
    finish(ledger, the_only(lease_all(ledger)))
    assert the_only(lease_all(ledger)).id == behind


def test_a_row_due_later_holds_its_lane(database: Database, ledger: Ledger) -> None:
    put(database, lane="a", due=NOON + timedelta(days=1))
    put(database, lane="a")

    assert lease_all(ledger) == ()


@pytest.mark.attack(49)
def test_a_parked_row_lets_its_lane_go_on(database: Database, ledger: Ledger) -> None:
    head, behind = put(database, lane="a"), put(database, lane="a")

    ledger.fail(the_only(lease_all(ledger)), RefusedForGood())

    assert row_of(database, head).state == DeliveryState.PARKED
    assert the_only(lease_all(ledger)).id == behind


def test_a_worker_past_its_lease_changes_nothing(
    database: Database, ledger: Ledger, clock: HandClock
) -> None:
    id_ = put(database)
    stopped = the_only(lease_all(ledger))
    clock.forward(seconds=LEASE.total_seconds() + 1)
    winner = the_only(lease_all(ledger))

    assert winner.owner != stopped.owner
    assert (winner.attempt, stopped.attempt) == (2, 1)
    for act in (
        lambda: finish(ledger, stopped),
        lambda: ledger.fail(stopped, Unreachable()),
        lambda: ledger.mark_sending(stopped),
    ):
        with pytest.raises(LeaseLost):
            act()
    assert row_of(database, id_).owner == winner.owner
    finish(ledger, winner)
    with pytest.raises(LeaseLost):
        finish(ledger, stopped)


def test_what_is_written_with_the_end_is_kept_or_dropped_with_it(database: Database, ledger: Ledger) -> None:
    id_ = put(database)
    lease = the_only(lease_all(ledger))

    def finish_with_a_next_one(error: Exception | None) -> None:
        with ledger.finishing(lease) as session:
            session.add(kind_of("next").row("n", key="next", args={}, due=NOON))
            if error:
                raise error

    with pytest.raises(Unreachable):
        finish_with_a_next_one(Unreachable())
    assert row_of(database, id_).state == DeliveryState.OPEN
    finish_with_a_next_one(None)
    assert the_only(lease_all(ledger)).kind == "next"


def test_a_renewed_lease_lasts(database: Database, ledger: Ledger, clock: HandClock) -> None:
    put(database)
    lease = the_only(lease_all(ledger))
    for _ in range(5):
        clock.forward(seconds=20)
        ledger.renew([lease])

    assert lease_all(ledger) == ()
    finish(ledger, lease)


def test_a_lost_lease_is_not_renewed(database: Database, ledger: Ledger, clock: HandClock) -> None:
    put(database)
    stopped = the_only(lease_all(ledger))
    clock.forward(minutes=1)
    winner = the_only(lease_all(ledger))
    clock.forward(seconds=20)
    ledger.renew([stopped])

    clock.forward(seconds=20)
    assert the_only(lease_all(ledger)).attempt == winner.attempt + 1


def test_waiting_times_double_up_to_an_hour() -> None:
    assert [waiting_time(n, 1.0).total_seconds() for n in (1, 2, 3, 11, 12, 50)] == [
        *(2, 4, 8, 2048),
        *(3600, 3600),
    ]
    assert waiting_time(2, 0.8) == timedelta(seconds=3.2)
    assert waiting_time(40, 1.2) == timedelta(minutes=72)


def test_a_failed_row_waits_longer_each_time_then_is_parked(
    database: Database, ledger: Ledger, clock: HandClock
) -> None:
    id_ = put(database)
    for wait in (2, 4, 8, 16):
        ledger.fail(the_only(lease_all(ledger)), Unreachable())
        assert row_of(database, id_).due - clock.now == timedelta(seconds=wait)
        clock.forward(seconds=wait)
    ledger.fail(the_only(lease_all(ledger)), Unreachable())

    row = row_of(database, id_)
    assert (row.state, row.attempts, row.last_error) == (DeliveryState.PARKED, 5, "Unreachable")
    assert [each.id for each in parked(database)] == [id_]


def test_a_permanent_error_parks_at_once(database: Database, ledger: Ledger) -> None:
    id_ = put(database)
    ledger.fail(the_only(lease_all(ledger)), RefusedForGood("of paul.durand@eus.example"))

    row = row_of(database, id_)
    assert (row.state, row.last_error) == (DeliveryState.PARKED, "RefusedForGood 400")


class Away(Exception):
    is_permanent = False
    is_away = True
    is_without_effect = True


def test_a_row_whose_target_is_away_comes_back_soon_however_long_it_lasts_and_its_lane_with_it(
    database: Database, ledger: Ledger, clock: HandClock
) -> None:
    head, behind = put(database, lane="a"), put(database, lane="a")
    for wait in (2, 4, 8, *[10] * 21):
        ledger.fail(the_only(lease_all(ledger)), Away())
        row = row_of(database, head)
        assert (row.state, row.due - clock.now) == (DeliveryState.OPEN, timedelta(seconds=wait))
        clock.forward(seconds=wait)

    lease = the_only(lease_all(ledger))
    assert (lease.attempt, lease.tries) == (25, 1)  # what is its own fault is counted from here
    finish(ledger, lease)
    assert the_only(lease_all(ledger)).id == behind


def test_a_postponed_row_comes_back_and_never_wears_out(
    database: Database, ledger: Ledger, clock: HandClock
) -> None:
    put(database)
    for _ in range(10):
        ledger.postpone(the_only(lease_all(ledger)), timedelta(hours=1))
        assert lease_all(ledger) == ()
        clock.forward(hours=1)
    assert the_only(lease_all(ledger)).tries == 1


@pytest.mark.attack(49)
def test_a_row_that_kills_its_workers_is_parked(database: Database, ledger: Ledger, clock: HandClock) -> None:
    id_ = put(database)
    for _ in range(5):
        the_only(lease_all(ledger))
        clock.forward(minutes=1)

    assert lease_all(ledger) == ()
    row = row_of(database, id_)
    assert (row.state, row.last_error, row.owner) == (DeliveryState.PARKED, "WorkerDied", None)


def test_a_reopened_row_has_all_its_tries_again_but_its_attempts_go_on(
    database: Database, ledger: Ledger
) -> None:
    id_ = put(database)
    ledger.fail(the_only(lease_all(ledger)), RefusedForGood())
    ledger.reopen(id_)

    lease = the_only(lease_all(ledger))

    assert (lease.attempt, lease.tries) == (2, 1)
    finish(ledger, lease)
    with pytest.raises(NotPossibleNow):
        ledger.reopen(id_)
    with pytest.raises(NotFound):
        ledger.reopen("no-such-row")


def test_a_cancelled_row_leaves_its_worker_without_lease(database: Database, ledger: Ledger) -> None:
    id_ = put(database, lane="a")
    behind = put(database, lane="a")
    lease = the_only(lease_all(ledger))
    ledger.cancel(id_)

    with pytest.raises(LeaseLost):
        finish(ledger, lease)
    assert the_only(lease_all(ledger)).id == behind
    with pytest.raises(NotPossibleNow):
        ledger.cancel(id_)


def test_sending_is_remembered_over_a_retry(database: Database, ledger: Ledger, clock: HandClock) -> None:
    id_ = put(database)
    lease = the_only(lease_all(ledger))
    ledger.mark_sending(lease)
    assert row_of(database, id_).state == DeliveryState.SENDING

    ledger.fail(lease, Unreachable())
    clock.forward(seconds=2)
    finish(ledger, the_only(lease_all(ledger)))
    assert row_of(database, id_).state == DeliveryState.DONE


def test_counters_tell_what_waits_and_for_how_long(
    database: Database, ledger: Ledger, clock: HandClock
) -> None:
    put(database, COURTESY, due=NOON - timedelta(minutes=9))
    ledger.fail(the_only(lease_all(ledger)), RefusedForGood())
    put(database, COURTESY)
    put(database, COURTESY)
    put(database, CLAIM_EXPIRY, args={"claim_id": "c"}, due=NOON + timedelta(days=30))
    clock.forward(minutes=3)

    found = counters(database, clock)

    assert found.open_by_kind == {"courtesy": 2, "timer.claim_expiry": 1}
    assert (found.oldest_age, found.parked) == (timedelta(minutes=3), {DeliveryClass.COURTESY: 1})
    assert found.waiting == {
        Place(Target.MAIL, DeliveryClass.COURTESY): Waiting(2, timedelta(minutes=3)),
        Place(Target.TIMERS, DeliveryClass.TAKING_AWAY): Waiting(1, timedelta()),
    }
    assert set(found.breakers.values()) == {BreakerState.CLOSED}


def test_a_row_waiting_for_a_timer_only_has_no_age(database: Database, clock: HandClock) -> None:
    assert counters(database, clock).oldest_age == timedelta()
    put(database, due=NOON + timedelta(days=30))
    assert counters(database, clock).oldest_age == timedelta()


def test_a_row_that_fails_again_and_again_is_as_old_as_it_is(
    database: Database, ledger: Ledger, clock: HandClock
) -> None:
    put(database)
    for _ in range(4):
        clock.forward(minutes=5)
        ledger.fail(the_only(lease_all(ledger)), Away())

    assert counters(database, clock).oldest_age == timedelta(minutes=20)


@pytest.mark.parametrize(
    ("error", "text_"),
    [
        (ValueError("Madame Martin"), "ValueError"),
        (RefusedForGood("cendrine@eus.example"), "RefusedForGood 400"),
        (OSError(28, "No space left on device: /x/cendrine"), "OSError"),
        (NotFound(), "NotFound not_found"),
    ],
)
def test_an_error_is_told_without_its_text(error: Exception, text_: str) -> None:
    assert told(error) == text_


def test_lessees_never_share_a_row(database: Database, ledger: Ledger) -> None:
    ids = {put(database) for _ in range(30)}

    with ThreadPoolExecutor(4) as pool:
        claims = [lease for leases in pool.map(lambda _: lease_all(ledger, 5), range(8)) for lease in leases]

    assert len(claims) == len({lease.id for lease in claims})
    assert {lease.id for lease in claims} | {lease.id for lease in lease_all(ledger)} == ids


def test_an_idle_look_takes_no_write_lock(
    sqlite_template: object, database: Database, ledger: Ledger
) -> None:
    """On SQLite a worker that writes when idle would stop every use case ten times a second."""
    with database.writing() as session:
        session.execute(text("SELECT 1"))
        assert lease_all(ledger) == ()
