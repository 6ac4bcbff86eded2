"""What Cedar alone would do wrong for us, shown on Cedar alone, and what our door makes of it."""

from dataclasses import replace
from typing import Any

import pytest

from policies.engine.alarms import AlarmCounter
from policies.engine.decide import ENGINE_FAULT, Engine, question_of
from policies.engine.facts import facts_text
from policies.engine.request import Entity, EntityRef, Request
from policies.language.cedar import Decision as CedarDecision
from policies.language.cedar import Entities, PolicySet, is_authorized_batch
from policies.review.cases.scenarios import read_scenarios


@pytest.fixture(scope="module")
def entering(engine: Engine) -> Any:
    """Paul enters a service: allowed, once its conditions are accepted."""
    cases = read_scenarios(engine.policies)
    return next(case.request for case in cases if case.title == "The conditions are accepted first")


def ask_cedar(engine: Engine, request: Request, facts: Any, schema: Any) -> Any:
    (answer,) = is_authorized_batch([question_of(request)], engine.policies.handle, facts, schema)
    return answer


def test_cedar_skips_a_guard_that_errors_and_we_refuse(engine: Engine, entering: Request) -> None:
    """Without its Service the guards on the service error, Cedar drops them and allows."""
    alone = Entities.from_json_str(facts_text(entering.entities), engine.policies.schema)
    answer = ask_cedar(engine, entering, alone, engine.policies.schema)
    assert answer.decision == CedarDecision.Allow
    assert answer.diagnostics.errors

    alarms = AlarmCounter()
    bare = replace(engine.policies, written_base="[]")
    decision = Engine(bare, alarms).decide(entering)
    assert (decision.allowed, decision.rules) == (False, (ENGINE_FAULT,))
    assert alarms.counts() == {"engine_error": 1}


def test_cedar_answers_a_bad_slice_with_its_whole_content_and_we_do_not(
    engine: Engine, entering: Request
) -> None:
    secret = Entity(EntityRef("User", "paul"), {"isActive": EntityRef("Fonction", "Cendrine Martin")})
    facts = (*(each for each in entering.entities if each.ref.id != "paul"), secret)
    answer = ask_cedar(engine, entering, facts_text(facts), engine.policies.schema)
    assert answer.decision == CedarDecision.NoDecision
    assert "Cendrine Martin" in str(answer.diagnostics.errors)
    decision = engine.decide(replace(entering, entities=facts))
    assert "Martin" not in repr(decision)


def test_cedar_without_schema_takes_a_context_of_another_type_and_we_refuse(
    engine: Engine, entering: Request
) -> None:
    facts = engine.policies.base.with_added_json_str(facts_text(entering.entities), engine.policies.schema)
    odd = replace(entering, acr="2")  # type: ignore[arg-type]  # on purpose
    assert ask_cedar(engine, odd, facts, None).decision == CedarDecision.Deny
    assert ask_cedar(engine, odd, facts, engine.policies.schema).decision == CedarDecision.NoDecision
    assert engine.decide(odd).rules == (ENGINE_FAULT,)


def test_cedar_numbers_rules_by_place_and_ours_keep_their_names(engine: Engine) -> None:
    text = "\n".join(rule.text for rule in engine.policies.rules)
    assert "policy0" in {
        template.id for template in PolicySet.from_str(text).to_pst().static_policies.values()
    }
    named = {template.id for template in engine.policies.handle.to_pst().static_policies.values()}
    assert named == {rule.id for rule in engine.policies.rules}


def test_a_default_refusal_of_cedar_gives_no_reason_and_ours_says_what_is_missing(
    engine: Engine, entering: Request
) -> None:
    stranger = replace(entering, actor=EntityRef("User", "bob"))
    with_bob = (*stranger.entities, Entity(EntityRef("User", "bob"), {"isActive": True}))
    decision = engine.decide(replace(stranger, action="withdrawRequest", entities=with_bob))
    assert (decision.rules, decision.missing) == ((), ("SELF-WITHDRAW#1", "SELF-WITHDRAW#2"))


def test_the_rules_of_a_decision_are_sorted(engine: Engine) -> None:
    for case in read_scenarios(engine.policies):
        rules = engine.decide(case.request).rules
        assert list(rules) == sorted(rules)
