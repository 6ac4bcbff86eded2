"""Each part is told, whatever another one does; and what each organ says of itself."""

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onboarding_api.checkup import neighbours, organs
from onboarding_api.checkup.examine import Finding, Health, examine, worst
from onboarding_api.delivery.overview import Counters, Waiting
from onboarding_api.delivery.queue import Place
from onboarding_api.migrations import SchemaUnfit
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.breaker import BreakerState
from onboarding_api.model.ledger.delivery import DeliveryClass, Target
from onboarding_api.model.projection.drift import WATCH_ID, Drift, DriftWatch

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
WELL = Finding(Health.WELL, "as it should be")
QUIET = Counters(waiting={}, parked={}, open_by_kind={}, breakers={})


def noon() -> datetime:
    return NOON


def test_a_dead_part_costs_its_deadline_once_and_hides_no_other() -> None:
    never = threading.Event()

    def say_nothing() -> Finding:
        never.wait()
        return WELL

    found = examine({"first": say_nothing, "second": say_nothing, "third": lambda: WELL}, deadline=0.2)
    never.set()

    assert [(each.part, each.finding.health) for each in found] == [
        ("first", Health.ILL), ("second", Health.ILL), ("third", Health.WELL),
    ]  # fmt: skip
    assert [each.finding.words[:15] for each in found[:2]] == ["no answer after"] * 2
    assert found[1].seconds < 2 * found[0].seconds, "the two were waited for together"


def test_an_error_is_told_by_its_class_and_by_its_words_only_where_they_are_for_operators() -> None:
    def fail(error: Exception) -> Finding:
        raise error

    found = examine({
        "one": lambda: fail(ValueError("cendrine.martin@eus.example")),
        "two": lambda: fail(SchemaUnfit("behind", "run `bdt migrate`")),
    })  # fmt: skip

    assert [each.finding.words for each in found] == ["ValueError", "run `bdt migrate`"]
    assert worst(found) is Health.ILL
    assert worst(()) is Health.WELL


RIGHT, MAILS = Place(Target.KEYCLOAK, DeliveryClass.TAKING_AWAY), Place(Target.MAIL, DeliveryClass.COURTESY)


@pytest.mark.parametrize(
    ("counters", "health", "words"),
    [
        (QUIET, Health.WELL, "oldest due since 0 s, 0 parked"),
        (replace(QUIET, parked={DeliveryClass.COURTESY: 2}), Health.POOR, "2 parked"),
        (replace(QUIET, parked={DeliveryClass.TAKING_AWAY: 1}), Health.ILL, "should be gone is not"),
        (replace(QUIET, breakers={Target.MAIL: BreakerState.OPEN}), Health.POOR, "no answer from mail"),
        (replace(QUIET, breakers={Target.MAIL: BreakerState.CLOSED}), Health.WELL, "0 parked"),
        (replace(QUIET, waiting={MAILS: Waiting(3, timedelta(minutes=9))}), Health.WELL, "540 s"),
        (replace(QUIET, waiting={RIGHT: Waiting(1, timedelta(minutes=11))}), Health.ILL, "worker running?"),
    ],
)
def test_the_ledger_says_what_an_operator_has_to_do(counters: Counters, health: Health, words: str) -> None:
    found = organs.ledger(lambda: counters)
    assert (found.health, words in found.words) == (health, True)


def watched(database: Database, **values: object) -> None:
    with database.writing() as session:
        session.merge(DriftWatch(id=WATCH_ID, **{"plan": {}, **values}))


def test_no_plan_an_old_one_and_one_that_saw_something(database: Database) -> None:
    seen = [organs.last_plan(database, noon)]
    for plan, age in ({}, 2), ({}, 27), ({"person_missing": 3, "group_gone": 0}, 1):
        watched(database, planned_at=NOON - timedelta(hours=age), plan=plan)
        seen.append(organs.last_plan(database, noon))

    assert [each.health for each in seen] == [Health.POOR, Health.WELL, Health.POOR, Health.POOR]
    assert [each.words for each in seen[1:]] == [
        "2 h old, 0 differences", "27 h old, 0 differences", "1 h old, 3 person_missing",
    ]  # fmt: skip
    assert seen[3].figures["plan:person_missing"] == 3


def test_drift_is_told_for_a_day_and_silence_of_the_watch_at_once(database: Database) -> None:
    seen = [organs.drift(database, noon)]
    for silent in (10, 70):
        watched(database, looked_at=NOON - timedelta(seconds=silent))
        seen.append(organs.drift(database, noon))
    watched(database, looked_at=NOON)
    with database.writing() as session:
        for number, (kind, answer, age) in enumerate(
            [("email", "alarm", 1), ("email", "repair", 2), ("group_label", "repair", 25)]
        ):
            session.add(
                Drift(
                    kind=kind, subject="p", answer=answer, words="", event_id=str(number),
                    found_at=NOON - timedelta(hours=age),
                )
            )  # fmt: skip
    seen.append(organs.drift(database, noon))

    assert [each.health for each in seen] == [Health.POOR, Health.WELL, Health.ILL, Health.POOR]
    assert seen[2].words.startswith("nobody watches since 70 s")
    assert seen[3].words == "within a day: 2 email"
    assert seen[3].figures["drift:email"] == 2


def put_letter(spool: Path) -> None:
    (spool / "old.pdf").touch()
    long_ago = (NOON - timedelta(hours=30)).timestamp()
    os.utime(spool / "old.pdf", (long_ago, long_ago))


@pytest.mark.parametrize(
    ("spoil", "health", "words"),
    [
        (lambda spool: None, Health.WELL, "0 letters lie there"),
        (put_letter, Health.POOR, "1 letters lie there, the oldest for 30 h"),
        (lambda spool: spool.rmdir(), Health.ILL, "is no directory"),
    ],
)
def test_the_spool(tmp_path: Path, spoil: Callable[[Path], None], health: Health, words: str) -> None:
    spool = tmp_path / "letters"
    spool.mkdir()
    spoil(spool)
    found = neighbours.spool(spool, noon)
    assert (found.health, words in found.words) == (health, True), found.words


@pytest.mark.parametrize(
    ("apart", "health"), [(0, Health.POOR), (3, Health.POOR), (-3, Health.POOR), (40, Health.ILL)]
)
def test_a_clock_that_is_wrong_and_one_that_does_not_tell(apart: int, health: Health) -> None:
    def does_not_tell() -> datetime:
        raise TimeoutError

    found = neighbours.clock(lambda: datetime.now(UTC) + timedelta(seconds=apart), does_not_tell)
    assert found.health is health
    assert found.words == f"database {abs(apart):.1f} s apart; keycloak does not tell"


def test_a_database_of_other_tables_is_told(tmp_path: Path) -> None:
    with pytest.raises(SchemaUnfit, match="bdt migrate"):
        neighbours.database(Database(f"sqlite:///{tmp_path / 'empty.db'}"))
