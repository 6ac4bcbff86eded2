"""A target that gives no answer is left alone, and asked again by one row at a time."""

import threading
import time
from datetime import timedelta

import pytest

from onboarding_api.delivery.breakers import BreakerRule, Breakers
from onboarding_api.delivery.clock import clock_of
from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.delivery.overview import counters
from onboarding_api.delivery.worker import Worker
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.breaker import LONGEST_PAUSE, BreakerState
from onboarding_api.model.ledger.delivery import DeliveryState, Target
from tests.builders.deliveries import TEST, HandClock, put, row_of
from tests.onboarding_api.delivery.test_worker import at_work, until

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
MAIL, KEYCLOAK = Target.MAIL, Target.KEYCLOAK


@pytest.fixture
def breakers(database: Database, clock: HandClock) -> Breakers:
    return Breakers(database, clock, BreakerRule(3, timedelta(seconds=2)))


def test_it_opens_after_so_many_silences_in_a_row(breakers: Breakers, clock: HandClock) -> None:
    for state in (CLOSED, CLOSED, OPEN):
        breakers.failed(MAIL)
        assert breakers.look() == {MAIL: state}

    clock.forward(seconds=2)
    assert breakers.look() == {MAIL: HALF_OPEN}


def test_an_answer_between_two_silences_keeps_it_closed(breakers: Breakers) -> None:
    for _ in range(5):
        breakers.failed(MAIL)
        breakers.failed(MAIL)
        breakers.look()
        breakers.answered(MAIL)
    assert breakers.look() == {MAIL: CLOSED}


def test_one_row_probes_and_pauses_double_up_to_ten_seconds(breakers: Breakers, clock: HandClock) -> None:
    for _ in range(3):
        breakers.failed(MAIL)
    assert not breakers.may_probe(MAIL)
    clock.forward(seconds=2)
    for pause in (4, 8, 10, 10):
        assert (breakers.may_probe(MAIL), breakers.may_probe(MAIL)) == (True, False)
        breakers.failed(MAIL)
        clock.forward(seconds=pause - 0.1)
        assert breakers.look() == {MAIL: OPEN}
        clock.forward(seconds=0.1)
        assert breakers.look() == {MAIL: HALF_OPEN}

    assert breakers.may_probe(MAIL)
    breakers.look()
    breakers.answered(MAIL)
    assert breakers.look() == {MAIL: CLOSED}


def test_rows_under_way_when_it_opened_do_not_make_it_longer(breakers: Breakers, clock: HandClock) -> None:
    for _ in range(20):
        breakers.failed(MAIL)
    clock.forward(seconds=2)
    assert breakers.look() == {MAIL: HALF_OPEN}


@pytest.mark.attack(51)
def test_a_pause_of_a_clock_that_was_ahead_is_over_when_it_is_set_back(
    breakers: Breakers, clock: HandClock
) -> None:
    clock.forward(hours=1)
    for _ in range(3):
        breakers.failed(MAIL)
    assert breakers.look() == {MAIL: OPEN}
    clock.forward(hours=-1)
    assert breakers.look() == {MAIL: HALF_OPEN}


def test_numbers_that_no_breaker_can_have_are_refused() -> None:
    for bad in ({"opens_after": 0}, {"pause": timedelta()}, {"pause": LONGEST_PAUSE + timedelta(seconds=1)}):
        with pytest.raises(ValueError, match="a breaker opens"):
            BreakerRule(**bad)


class Silent(Exception):
    is_permanent = False
    is_away = True
    is_without_effect = True


def test_a_worker_leaves_a_silent_target_alone_and_finds_it_back(database: Database) -> None:
    """Of thirty rows three are tried, then one at a time; when the target answers, all leave."""
    ids = [put(database) for _ in range(30)]
    tried: list[float] = []
    is_back = threading.Event()

    def deliver(ledger: Ledger, lease: Lease) -> None:
        tried.append(time.monotonic())
        if not is_back.is_set():
            raise Silent
        ledger.finish(lease)

    ledger = Ledger(database, clock_of(database), lambda: 0.01)
    rule = BreakerRule(3, timedelta(seconds=0.3))
    worker = Worker(ledger, {TEST.name: deliver}, [TEST], threads={KEYCLOAK: 1}, breaker=rule)
    with at_work(worker):
        until(lambda: len(tried) == 5)
        assert counters(database, ledger.clock).breakers[KEYCLOAK] is not CLOSED
        is_back.set()
        until(lambda: all(row_of(database, id_).state == DeliveryState.DONE for id_ in ids), 10)

    # While it was open nothing was tried.
    assert min(tried[3] - tried[2], tried[4] - tried[3]) > 0.25
    assert counters(database, ledger.clock).breakers[KEYCLOAK] is CLOSED
