"""Letters leave no faster than the house is used to; what is too much waits, and an alarm says so."""

from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.delivery.targets.paper import PaperBreaker
from onboarding_api.letters.carriers.port import CarrierUnavailable
from onboarding_api.limits.bounds import amounts_from
from onboarding_api.limits.limiter import Limiter
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.delivery import DeliveryState
from onboarding_api.model.ledger.kinds import LETTER_PRINT
from tests.builders.deliveries import NOON, HandClock, lease_all, put, row_of


class Printer:
    """Counts what it prints."""

    def __init__(self) -> None:
        self.printed = 0
        self.fault: Exception | None = None

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        if self.fault:
            raise self.fault
        self.printed += 1
        ledger.finish(lease)


@pytest.fixture
def printer() -> Printer:
    return Printer()


@pytest.fixture
def work(ledger: Ledger, printer: Printer) -> Callable[..., None]:
    """What the worker does with the letters that are due."""

    def go(amounts: str = "paper.house=10/hour,paper_day.house=25/day") -> None:
        limiter = Limiter(ledger.database, ledger.clock, "secret", amounts_from(amounts))
        breaker = PaperBreaker(printer, limiter)
        while leases := lease_all(ledger):
            for lease in leases:
                try:
                    breaker(ledger, lease)
                except CarrierUnavailable as error:
                    ledger.fail(lease, error)

    return go


def ask(database: Database, count: int) -> list[str]:
    return [put(database, LETTER_PRINT, args={"letter_id": str(number)}) for number in range(count)]


def held() -> float:
    return REGISTRY.get_sample_value("bdt_letters_held_total") or 0.0


@pytest.mark.attack(15)
def test_twelve_accounts_of_twelve_networks_do_not_make_twelve_letters_at_once(
    database: Database, printer: Printer, work: Callable[..., None], clock: HandClock
) -> None:
    before, ids = held(), ask(database, 12)
    work()
    assert printer.printed == 10
    assert held() == before + 2
    late = row_of(database, ids[-1])
    assert (late.state, late.due > NOON) == (DeliveryState.OPEN, True)
    clock.forward(minutes=59)
    work()
    assert printer.printed == 10
    clock.forward(minutes=2)
    work()
    assert printer.printed == 12


def test_a_day_of_letters_is_bounded_whatever_its_hours(
    database: Database, printer: Printer, work: Callable[..., None], clock: HandClock
) -> None:
    ask(database, 60)
    for _ in range(23):
        work()
        clock.forward(hours=1)
    assert printer.printed == 25
    clock.forward(hours=1)
    work()
    assert 25 < printer.printed <= 35


def test_somebody_who_looked_raises_the_amounts(
    database: Database, printer: Printer, work: Callable[..., None], clock: HandClock
) -> None:
    ask(database, 30)
    work()
    clock.forward(hours=1)
    work("paper.house=100/hour,paper_day.house=100/day")
    assert printer.printed == 30


def test_a_letter_that_did_not_leave_does_not_count(
    database: Database, printer: Printer, work: Callable[..., None], clock: HandClock
) -> None:
    ask(database, 10)
    printer.fault = CarrierUnavailable("failing", "down")
    for _ in range(5):
        work()
        clock.forward(minutes=5)
    printer.fault = None
    clock.forward(minutes=30)
    work()
    assert printer.printed == 10


def test_without_the_counters_no_letter_leaves_and_none_is_lost(
    database: Database, printer: Printer, work: Callable[..., None], clock: HandClock
) -> None:
    ids = ask(database, 2)
    with database.writing() as session:
        session.execute(text("ALTER TABLE limit_window RENAME TO lost"))
    try:
        work()
        assert printer.printed == 0
    finally:
        with database.writing() as session:
            session.execute(text("ALTER TABLE lost RENAME TO limit_window"))
    assert {row_of(database, id_).state for id_ in ids} == {DeliveryState.OPEN}
    clock.forward(minutes=11)
    work()
    assert printer.printed == 2
