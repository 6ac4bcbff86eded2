"""The door to the rules: a clean Allow, or a refusal; and nothing of the engine's own words."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from policies.engine.alarms import AlarmCounter
from policies.engine.decide import ENGINE_FAULT, Engine, decide, decide_many
from policies.engine.explain import explain_fr
from policies.engine.journal import journal_record, request_of
from policies.engine.request import Entity, EntityRef, Request
from policies.engine.revision import read_policies
from policies.review.cases.scenarios import read_scenarios


@pytest.fixture(scope="session")
def validation(engine: Engine) -> Request:
    """Alice validates Paul's request: allowed."""
    cases = read_scenarios(engine.policies)
    return next(case.request for case in cases if case.title == "Alice valide la demande de Paul")


@pytest.fixture
def watched(engine: Engine) -> tuple[Engine, AlarmCounter]:
    alarms = AlarmCounter()
    return Engine(engine.policies, alarms), alarms


def without(request: Request, ref_id: str) -> Request:
    return replace(request, entities=tuple(each for each in request.entities if each.ref.id != ref_id))


def with_attribute(request: Request, ref_id: str, **changes: Any) -> Request:
    return replace(
        request,
        entities=tuple(
            Entity(each.ref, {**each.attributes, **changes}) if each.ref.id == ref_id else each
            for each in request.entities
        ),
    )


def test_a_decision_has_no_truth_value(validation: Request) -> None:
    with pytest.raises(TypeError, match="truth value"):
        bool(decide(validation))


def test_an_allow_names_its_rule_and_both_digests(validation: Request) -> None:
    decision = decide(validation)
    assert (decision.allowed, decision.rules, decision.missing) == (True, ("ADMIN-DECIDE",), ())
    assert len(decision.policy_digest) == len(decision.facts_digest) == 64


def test_the_facts_digest_changes_with_a_fact_and_not_with_their_order(validation: Request) -> None:
    turned = replace(validation, entities=validation.entities[::-1])
    assert decide(turned).facts_digest == decide(validation).facts_digest
    changed = with_attribute(validation, "paul", isActive=False)
    assert decide(changed).facts_digest != decide(validation).facts_digest


@pytest.mark.parametrize("ref_id", ["alice", "paul", "eus", "paul-at-eus", "paul-demande"])
def test_a_missing_entity_refuses_and_alarms(
    watched: tuple[Engine, AlarmCounter], validation: Request, ref_id: str
) -> None:
    engine, alarms = watched
    decision = engine.decide(without(validation, ref_id))
    assert (decision.allowed, decision.rules) == (False, (ENGINE_FAULT,))
    assert alarms.counts() == {"open_slice": 1}


@pytest.mark.parametrize(
    ("ref_id", "changes"),
    [
        ("paul", {"isActive": "yes"}),
        ("paul", {"isActive": None}),
        ("paul", {"surname": 3}),
        ("eus", {"admins": EntityRef("User", "alice")}),
        ("paul-demande", {"state": EntityRef("HabilitationState", "almost")}),
        ("paul-demande", {"service": EntityRef("Structure", "eus")}),
    ],
)
def test_facts_that_do_not_fit_the_model_refuse_and_alarm(
    watched: tuple[Engine, AlarmCounter], validation: Request, ref_id: str, changes: Any
) -> None:
    engine, alarms = watched
    decision = engine.decide(with_attribute(validation, ref_id, **changes))
    assert (decision.allowed, decision.rules) == (False, (ENGINE_FAULT,))
    assert sum(alarms.counts().values()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "becomeKing"},
        {"resource": EntityRef("Structure", "eus")},
        {"actor": EntityRef("Robot", "r2")},
        {"acr": "2"},
    ],
)
def test_a_question_outside_the_model_refuses_and_alarms(
    watched: tuple[Engine, AlarmCounter], validation: Request, changes: Any
) -> None:
    engine, alarms = watched
    assert engine.decide(replace(validation, **changes)).rules == (ENGINE_FAULT,)
    assert sum(alarms.counts().values()) == 1


def test_a_refusal_never_quotes_the_engine(
    watched: tuple[Engine, AlarmCounter],
    validation: Request,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine, _ = watched
    secret = with_attribute(validation, "paul", isActive="Cendrine Martin")
    sentences = explain_fr(engine.decide(secret))
    out, err = capfd.readouterr()
    assert sentences == ("La décision n'a pas pu être prise. Réessayez dans quelques minutes.",)
    assert "Martin" not in out + err + caplog.text


def test_a_moment_without_zone_is_a_programming_error(validation: Request) -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(validation, now=datetime(2026, 1, 1))  # noqa: DTZ001


def test_many_decisions_equal_the_same_decisions_alone(engine: Engine) -> None:
    requests = [case.request for case in read_scenarios(engine.policies)[:40]]
    assert decide_many(requests) == tuple(decide(request) for request in requests)
    shared = [replace(requests[0], action=action) for action in ("attach", "detach", "editProfile")]
    assert decide_many(shared) == tuple(decide(request) for request in shared)


def test_a_refusal_says_what_is_missing_in_french(validation: Request) -> None:
    decision = decide(replace(validation, actor=EntityRef("User", "paul")))
    assert decision.missing == ("ADMIN-DECIDE#1",)
    assert explain_fr(decision) == (
        "Vous n'êtes pas administrateur de cette structure.",
        "Vous ne pouvez pas décider de votre propre habilitation.",
    )


def test_a_journal_record_is_enough_to_decide_again(engine: Engine) -> None:
    for case in read_scenarios(engine.policies)[:60]:
        decision = engine.decide(case.request)
        record = journal_record(case.request, decision)
        assert engine.decide(request_of(record)) == decision


def test_the_policy_digest_sees_meaning_and_not_form(copied_policies: Path, engine: Engine) -> None:
    guards = copied_policies / "rules/95-first-admin.cedar"
    guards.write_text("// one more remark\n\n" + guards.read_text(encoding="utf-8"), encoding="utf-8")
    assert read_policies(copied_policies).digest == engine.policies.digest
    text = guards.read_text(encoding="utf-8")
    guards.write_text(text.replace("attemptsTotal >= ", "attemptsTotal > "), encoding="utf-8")
    assert read_policies(copied_policies).digest != engine.policies.digest


@pytest.mark.slow
def test_twenty_thousand_decisions_need_no_more_memory(validation: Request) -> Any:
    def resident_kilobytes() -> int:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    now = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(2_000):
        decide(replace(validation, now=now))
    before = resident_kilobytes()
    for _ in range(20_000):
        decide(replace(validation, now=now))
    assert resident_kilobytes() - before < 4_096
