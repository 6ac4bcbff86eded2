"""Windows that move, counted by several processes together; a clock set back, a store that is down."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import event, select, text

from onboarding_api.limits.bounds import BOUNDS, Bound, Per, amounts_from
from onboarding_api.limits.limiter import SWEPT_EVERY_SECONDS, Limiter
from onboarding_api.limits.windows import MOST_KEYS
from onboarding_api.model.base import Database
from onboarding_api.model.limit_window import LimitWindow
from onboarding_api.model.refusals import DatabaseBusy, LimitsDown, TooMuchAsked

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MAIL = Bound("recall_mail", {Per.RECEIVER: "3/hour"})
FORM = Bound("recall", {Per.NETWORK: "5/hour", Per.BROWSER: "2/hour"})
PAGE = Bound("reading", {Per.NETWORK: "3/minute"}, is_shared=False, is_open_when_down=True)
CENDRINE = {Per.RECEIVER: "cendrine@eus.example"}
HERE = {Per.NETWORK: "192.0.2.1", Per.BROWSER: "a"}


class Moment:
    """Both clocks of a limiter, in the test's hands."""

    def __init__(self) -> None:
        self.now, self.seconds = MONDAY, 1000.0

    def wait(self, **duration: float) -> None:
        self.now += timedelta(**duration)
        self.seconds += timedelta(**duration).total_seconds()


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
def limiter(database: Database, moment: Moment) -> Limiter:
    return a_limiter(database, moment)


def a_limiter(database: Database, moment: Moment, amounts: str = "") -> Limiter:
    changed = amounts_from(amounts) if amounts else {}
    return Limiter(database, lambda: moment.now, "secret", changed, lambda: moment.seconds)


def passes(limiter: Limiter, bound: Bound, keys: dict[Per, str], times: int) -> int:
    return sum(limiter.has_room(bound, keys) for _ in range(times))


def rows(database: Database) -> list[LimitWindow]:
    with database.reading() as session:
        found = list(session.scalars(select(LimitWindow)))
        session.expunge_all()
        return found


def test_three_pass_in_any_hour_and_never_a_fourth(limiter: Limiter, moment: Moment) -> None:
    passed: list[datetime] = []
    for _ in range(400):
        if limiter.has_room(MAIL, CENDRINE):
            passed.append(moment.now)
        moment.wait(minutes=1)
    assert len(passed) == 3 * 7
    assert all(later - first >= timedelta(hours=1) for first, later in zip(passed, passed[3:], strict=False))


def test_two_processes_count_together(database: Database, moment: Moment) -> None:
    one, other = a_limiter(database, moment), a_limiter(database, moment)
    assert passes(one, MAIL, CENDRINE, 2) == 2
    assert passes(other, MAIL, CENDRINE, 2) == 1


def test_many_at_once_are_counted_exactly(limiter: Limiter) -> None:
    start = threading.Barrier(8)

    def ask(_: int) -> bool:
        start.wait()
        return limiter.has_room(MAIL, CENDRINE)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(ask, range(8))) == 3


def test_whoever_is_refused_is_told_from_when_and_counts_for_nothing(
    limiter: Limiter, moment: Moment
) -> None:
    assert passes(limiter, FORM, HERE, 2) == 2
    moment.wait(minutes=10)
    with pytest.raises(TooMuchAsked) as refusal:
        limiter.spend(FORM, HERE)
    assert refusal.value.again_at == MONDAY + timedelta(hours=1)
    # The refusal of one browser took nothing from the others of its network.
    assert passes(limiter, FORM, {**HERE, Per.BROWSER: "b"}, 2) == 2
    assert passes(limiter, FORM, {**HERE, Per.BROWSER: "c"}, 2) == 1


@pytest.mark.attack(51)
@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=400)], ids=str)
def test_no_limit_lasts_for_ever_when_the_clock_is_set_back(
    limiter: Limiter, moment: Moment, back: timedelta
) -> None:
    assert passes(limiter, MAIL, CENDRINE, 4) == 3
    moment.now -= back
    assert passes(limiter, MAIL, CENDRINE, 4) == 3
    moment.now += timedelta(hours=1)
    assert passes(limiter, MAIL, CENDRINE, 4) == 3


def test_rows_hold_no_address_and_go_when_their_time_is_over(
    limiter: Limiter, database: Database, moment: Moment
) -> None:
    for number in range(20):
        limiter.spend(MAIL, {Per.RECEIVER: f"person{number}@eus.example"})
    limiter.spend(FORM, HERE)
    kept = rows(database)
    assert len(kept) == 22
    assert not any("eus" in row.key or "192.0" in row.key for row in kept)
    moment.wait(hours=1, seconds=SWEPT_EVERY_SECONDS)
    limiter.spend(MAIL, CENDRINE)
    assert len(rows(database)) == 1


def test_a_refusal_writes_nothing(limiter: Limiter, database: Database) -> None:
    passes(limiter, MAIL, CENDRINE, 3)
    heard: list[str] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda *told: heard.append(told[2].lstrip().split()[0].upper()),
    )
    assert passes(limiter, MAIL, CENDRINE, 50) == 0
    assert set(heard) - {"BEGIN"} == {"SELECT"}


def test_installations_change_amounts_by_name(database: Database, moment: Moment) -> None:
    limiter = a_limiter(database, moment, "recall_mail.receiver=1/day, recall.network=2/15 minute")
    assert passes(limiter, MAIL, CENDRINE, 3) == 1
    assert passes(limiter, Bound("recall", {Per.NETWORK: "30/hour"}), HERE, 5) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        "recall",
        "recall.network",
        "recall.network=",
        "recall.person=3/hour",
        "nothing.network=3/hour",
        "recall.network=3",
        "recall.network=3/hour,recall.network=4/hour",
        "recall.network=-3/hour",
    ],
)
def test_an_amount_that_cannot_be_read_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        amounts_from(wrong)


def test_every_bound_says_what_happens_when_the_store_is_down() -> None:
    """What is read, and acts of rights, go on; what sends, guesses or makes accounts does not."""
    closed = {name for name, bound in BOUNDS.items() if not bound.is_open_when_down}
    assert closed == {name for name, bound in BOUNDS.items() if bound.is_shared} - {"logout_token"}
    assert closed >= {
        "registration",
        "registration_mail",
        "recall",
        "recall_mail",
        "letter",
        "request",
        "code",
    }


def test_a_store_that_is_down_is_told_and_counted(limiter: Limiter, database: Database) -> None:
    with database.writing() as session:
        session.execute(text("ALTER TABLE limit_window RENAME TO lost"))
    try:
        before = alarms("recall", "False")
        with pytest.raises(LimitsDown):
            limiter.spend(FORM, HERE)
        assert alarms("recall", "False") == before + 1
        open_one = Bound("recall", FORM.amounts, is_open_when_down=True)
        limiter.spend(open_one, HERE)
        assert passes(limiter, PAGE, HERE, 3) == 3
    finally:
        with database.writing() as session:
            session.execute(text("ALTER TABLE lost RENAME TO limit_window"))


def alarms(bound: str, went_on: str) -> float:
    labels = {"bound": bound, "went_on": went_on}
    return REGISTRY.get_sample_value("bdt_limit_store_down_total", labels) or 0.0


class NoDatabase:
    """Whoever asks it for anything fails."""


def test_what_is_only_read_is_counted_without_the_database(moment: Moment) -> None:
    limiter = a_limiter(NoDatabase(), moment)  # type: ignore[arg-type]
    assert passes(limiter, PAGE, HERE, 5) == 3
    moment.wait(seconds=61)
    assert passes(limiter, PAGE, HERE, 5) == 3


def test_memory_is_bounded_whatever_comes(moment: Moment) -> None:
    limiter = a_limiter(NoDatabase(), moment)  # type: ignore[arg-type]
    for number in range(MOST_KEYS + 500):
        limiter.spend(PAGE, {Per.NETWORK: str(number)})
    assert limiter.memory.reset() == MOST_KEYS


@pytest.mark.postgresql
def test_another_key_is_free_while_one_is_held(postgresql_tables: str, moment: Moment) -> None:
    database = Database(postgresql_tables)
    limiter = a_limiter(database, moment)
    limiter.spend(MAIL, CENDRINE)
    with database.writing() as session:
        session.execute(select(LimitWindow).with_for_update())
        limiter.spend(MAIL, {Per.RECEIVER: "paul@eus.example"})
    database.engine.dispose()


def test_a_database_that_is_busy_is_no_store_that_is_down(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "bdt.db")
    mine, other = (Database(f"sqlite:///{tmp_path / 'bdt.db'}") for _ in range(2))
    event.listen(mine.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=5"))
    with other.writing() as session:
        session.connection()
        with pytest.raises(DatabaseBusy):
            a_limiter(mine, Moment()).spend(FORM, HERE)
    mine.engine.dispose()
    other.engine.dispose()
