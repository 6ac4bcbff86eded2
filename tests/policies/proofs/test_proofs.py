"""The proofs: all properties hold, and for each one a planted fault that the proof must catch."""

from pathlib import Path
from typing import Any

import pytest

from policies.catalogue.faults import BadSource
from policies.catalogue.yaml_source import load_yaml
from policies.engine.decide import Engine
from policies.engine.revision import Policies, read_policies
from policies.language.statements import read_rule
from policies.review.proofs.prove import Prover, prove, read_properties
from tests.policies.conftest import Replace

HERE = Path(__file__).parent
PLANTED = load_yaml(HERE / "planted_faults.yaml", HERE).data


def planted(policies: Policies, faults: Any) -> Any:
    """The policies with slips in them."""
    rules = {rule.id: rule for rule in policies.rules}
    for fault in faults:
        if "rule" not in fault:
            rules["NEW"] = read_rule("planted", 1, fault["by"])
        elif "replace" not in fault:
            del rules[fault["rule"]]
        else:
            text = rules[fault["rule"]].text
            assert fault["replace"] in text, fault
            rules[fault["rule"]] = read_rule("planted", 1, text.replace(fault["replace"], fault["by"]))
    return policies.with_rules(tuple(rules.values()))


@pytest.mark.attack(4)
def test_every_property_of_the_product_is_proved(engine: Engine) -> None:
    proof = prove(engine.policies)
    assert [verdict.property.id for verdict in proof.verdicts if verdict.outcome != "PROVED"] == []
    assert (proof.redundant, proof.dead) == ((), ())
    assert proof.holds


def test_every_property_has_its_planted_fault(engine: Engine) -> None:
    assert {each.id for each in read_properties(engine.policies)} == set(PLANTED)


@pytest.mark.slow
@pytest.mark.parametrize("property_id", PLANTED)
def test_the_proof_catches_the_planted_fault(engine: Engine, property_id: str) -> None:
    rule = next(each for each in read_properties(engine.policies) if each.id == property_id)
    verdict = Prover(planted(engine.policies, PLANTED[property_id])).verdict(rule)
    assert verdict.outcome == "REFUTED"
    if rule.note("kind") != "possible":
        assert verdict.case is not None
        assert verdict.is_replayed, "the engine does not confirm the counter-example"


@pytest.mark.slow
def test_a_rule_that_says_nothing_new_is_redundant(engine: Engine) -> None:
    policies = engine.policies
    text = policies.rule("G-TERMS").text.replace('"G-TERMS"', '"G-AGAIN"')
    doubled = policies.with_rules((*policies.rules, read_rule("planted", 1, text)))
    assert {rule.id for rule in Prover(doubled).redundant()} == {"G-TERMS", "G-AGAIN"}


def test_a_question_that_nobody_may_ask_is_dead(engine: Engine) -> None:
    rules = tuple(rule for rule in engine.policies.rules if rule.id != "ADMIN-INVITE")
    prover = Prover(engine.policies.with_rules(rules))
    assert [str(each) for each in prover.dead()] == ["User invite Structure"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            '@kind("only-if")\n@control("G-33")',
            '@kind("onlyif")\n@control("G-33")',
            "must be one of never",
        ),
        (
            'action == Action::"askNewLetter",\n  resource is Claim',
            'action == Action::"askNewLetter",\n  resource is Letter',
            "it would prove nothing",
        ),
    ],
)
def test_a_property_that_proves_nothing_is_an_error(
    replace_in: Replace, old: str, new: str, told: str
) -> None:
    root = replace_in("properties/safety.cedar", old, new)
    with pytest.raises(BadSource, match=r"properties/safety.cedar:\d+: P-") as caught:
        read_properties(read_policies(root))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("P-ADMIN-LEVEL", "context.acr > 9 && context.acr < 3"),
        ("P-SELF-DECISION", "resource.membership.user == principal && resource.membership.user != principal"),
        ("P-FONCTION", "!resource.service.requiresFonction || resource.service.requiresFonction"),
        ("P-OWN-STRUCTURE", "true"),
        ("L-REVOKE", "principal.isActive && !principal.isActive"),
    ],
)
def test_a_property_that_holds_whatever_the_rules_say_is_vacuous_and_not_proved(
    engine: Engine, name: str, condition: str
) -> None:
    rule = next(each for each in read_properties(engine.policies) if each.id == name)
    text = f"{rule.text[: rule.text.index('when')]}when {{ {condition} }};"
    assert Prover(engine.policies).verdict(read_rule("properties", 1, text)).outcome == "VACUOUS"


def test_what_the_solver_cannot_settle_is_unknown_and_not_proved(engine: Engine) -> None:
    def does_not_know(*_arguments: object) -> None:
        raise TimeoutError

    rule = next(each for each in read_properties(engine.policies) if each.id == "P-CONFLICT")
    assert Prover(engine.policies, does_not_know).verdict(rule).outcome == "UNKNOWN"


def test_a_refutation_reads_as_a_story(engine: Engine) -> None:
    rule = next(each for each in read_properties(engine.policies) if each.id == "P-CONFLICT")
    bad = planted(engine.policies, PLANTED["P-CONFLICT"])
    case = Prover(bad).verdict(rule).case
    assert case
    assert Engine(bad).decide(case.request).allowed
    assert not Engine(engine.policies).decide(case.request).allowed
