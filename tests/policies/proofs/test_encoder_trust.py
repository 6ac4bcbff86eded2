"""The encoder is the trusted part of the proofs: the engine must agree with it, model after model."""

import random
from typing import Any, get_args

import pytest

from policies.engine.decide import Engine
from policies.language.cedar import policies_to_pst, pst
from policies.language.environments import specialise
from policies.language.model import Environment
from policies.language.statements import read_rule
from policies.language.typed import Reader, Unsupported, type_in
from policies.review.changes.diff import compare
from policies.review.proofs.encoder_check import replay_random_models, replay_random_rules
from policies.review.proofs.lint import soundness_faults
from policies.review.proofs.prove import Prover, read_properties
from policies.review.proofs.smt import Question, load_z3, world_of

ATTACH = Environment("User", "attach", "Membership")
ANY_NODE = {node.__name__ for node in pst.Expr.__args__}


def condition_of(text: str) -> Any:
    (template,) = policies_to_pst(
        f"permit (principal is User, action, resource is Membership) when {{ {text} }};"
    ).static_policies.values()
    (clause,) = template.clauses
    return clause.expr


def test_models_of_every_environment_agree_with_the_engine(engine: Engine) -> None:
    replayed = replay_random_models(engine.policies, seed=random.randrange(2**31), per_environment=1)
    assert replayed.mismatches == ()
    assert replayed.models > 10


@pytest.mark.slow
def test_a_thousand_models_agree_with_the_engine(engine: Engine) -> None:
    seed = random.randrange(2**31)
    replayed = replay_random_models(engine.policies, seed, per_environment=60)
    assert (replayed.mismatches, replayed.models >= 1_000) == ((), True), f"seed {seed}: {replayed.models}"


@pytest.mark.slow
def test_ten_thousand_models_of_two_thousand_random_conditions_agree_with_the_engine(engine: Engine) -> None:
    """The whole grammar, not only what the rules of today use; 36 conditions in each environment."""
    seed = random.randrange(2**31)
    replayed = replay_random_rules(engine.policies, seed, groups=3, models=85)
    assert (replayed.mismatches, replayed.models >= 10_000) == ((), True), f"seed {seed}: {replayed.models}"


@pytest.mark.parametrize(
    "condition",
    [
        "context.acr + 1 > 2",
        "context.acr * 2 > 2",
        "-context.acr > 2",
        '"a" like "b*"',
        'ip("10.0.0.1").isLoopback()',
        'decimal("1.0").lessThan(decimal("2.0"))',
        'principal in Structure::"eus"',
        'principal is User in Structure::"eus"',
        "{ a: 1 } == { a: 1 }",
        'resource.hasTag("x")',
        "context.now.toDate() == context.now",
        'context.now < datetime("2026-01-01")',
        "[] == [principal]",
        "[[principal]].contains([principal])",
        "[principal, context.acr].contains(principal)",
        'principal == User::"alice"',
        'resource.structure.type == StructureType::"galaxy"',
        "context == context",
        'action == Action::"attach"',
        "if principal.isActive then principal else resource",
        'duration("99999999999d") > duration("1d")',
        "context.acr == context.now",
        "principal.isActive < resource.isActive",
        "context.acr",
    ],
)  # fmt: skip
def test_a_node_outside_the_supported_part_is_refused_by_the_check_and_by_the_encoder(
    engine: Engine, condition: Any
) -> None:
    expr = condition_of(condition)
    question = Question(world_of(engine.policies.model), ATTACH)
    with pytest.raises(Unsupported):
        question.truth(expr)
    scope = 'principal is User, action == Action::"attach", resource is Membership'
    rule = read_rule("rules/new.cedar", 7, f'@id("NEW") permit ({scope}) when {{ {condition} }};')
    faults = soundness_faults([rule], engine.policies)
    assert faults
    assert all(str(fault).startswith("rules/new.cedar:7: NEW: ") for fault in faults)


def test_each_node_and_operator_of_the_language_is_read_or_refused(engine: Engine) -> None:
    """Nothing falls through: a node is in the reader's list, or is refused by name."""
    made = []
    reader = Reader(engine.policies.model, ATTACH, lambda name, *_: made.append(name))
    assert {node.__name__ for node in reader._nodes} == ANY_NODE - {"StringLit", "Slot", "Like", "Record"}
    for op in get_args(pst.BinaryOpName):
        expr = pst.BinaryOp(op, pst.StringLit("x"), pst.StringLit("x"))
        with pytest.raises(Unsupported):
            type_in(engine.policies.model, ATTACH, expr)
    for op in get_args(pst.UnaryOpName):
        with pytest.raises(Unsupported):
            type_in(engine.policies.model, ATTACH, pst.UnaryOp(op, pst.StringLit("x")))
    assert load_z3().get_version() >= (4, 12)


# Ways to say « never » of the guard on one's own request, where `is` and `has` were taken for false.
HIDDEN = [
    "!((if context.acr > 1 then resource.membership.user else principal) is User)",
    "((if context.acr > 1 then principal else principal) is User) == false",
    "[((if context.acr > 1 then principal else principal) is User)].contains(false)",
    "(if (if context.acr > 1 then principal else principal) is User then false else true)",
    "((resource is Habilitation) != true)",
    "!(((if context.acr > 1 then resource else resource) has state) || (resource is Habilitation))",
    "([resource is Habilitation, resource is Habilitation] == [false])",
]


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_guard_switched_off_by_a_hidden_is_proves_nothing_and_shows_in_the_diff(
    engine: Engine, hidden: Any
) -> None:
    policies = engine.policies
    old = "resource.membership.user == principal"
    text = policies.rule("G-SELF-DECISION").text.replace(old, f"{old} && {hidden}")
    broken = read_rule("rules/93-services.cedar", 1, text)
    others = tuple(rule for rule in policies.rules if rule.id != "G-SELF-DECISION")
    changed = policies.with_rules((*others, broken))
    assert soundness_faults([broken], changed) == []
    property_ = next(each for each in read_properties(policies) if each.id == "P-SELF-DECISION")
    verdict = Prover(changed).verdict(property_)
    assert (verdict.outcome, verdict.is_replayed) == ("REFUTED", True)
    assert compare(policies, changed).newly_allowed


def test_an_is_of_any_expression_is_decided_by_its_type(engine: Engine) -> None:
    for text, expected in (
        ("(if principal.isActive then resource.user else principal) is User", True),
        ("(if principal.isActive then resource.user else principal) is Staff", False),
        ("resource.structure.type has nosuch", False),
    ):
        assert specialise(condition_of(text), engine.policies.model, ATTACH) == pst.BoolLit(expected)
