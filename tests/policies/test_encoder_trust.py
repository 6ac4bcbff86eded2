"""The encoder is the trusted part of the proofs: the engine must agree with it, model after model."""

import random

import pytest

from policies.language.cedar import policies_to_pst, pst
from policies.language.model import Environment
from policies.language.subset import outside_subset
from policies.review.proofs.encoder_check import replay_random_models
from policies.review.proofs.smt import Question, Unsupported, load_z3, world_of


def test_models_of_every_environment_agree_with_the_engine(engine):
    replayed = replay_random_models(engine.policies, seed=random.randrange(2**31), per_environment=1)
    assert replayed.mismatches == ()
    assert replayed.models > 10


@pytest.mark.slow
def test_a_thousand_models_agree_with_the_engine(engine):
    seed = random.randrange(2**31)
    replayed = replay_random_models(engine.policies, seed, per_environment=22)
    assert (replayed.mismatches, replayed.models >= 1_000) == ((), True), f"seed {seed}: {replayed.models}"


@pytest.mark.parametrize(
    "condition",
    [
        "context.acr + 1 > 2",
        "context.acr * 2 > 2",
        '"a" like "b*"',
        'ip("10.0.0.1").isLoopback()',
        'decimal("1.0").lessThan(decimal("2.0"))',
        'principal in Structure::"eus"',
        "{ a: 1 } == { a: 1 }",
        'resource.hasTag("x")',
        "context.now.toDate() == context.now",
        '[] == [principal]',
        'principal == User::"alice"',
    ],
)  # fmt: skip
def test_a_node_outside_the_subset_is_an_error_never_skipped(engine, condition):
    text = f"permit (principal is User, action, resource is Membership) when {{ {condition} }};"
    (template,) = policies_to_pst(text).static_policies.values()
    (clause,) = template.clauses
    question = Question(world_of(engine.policies.model), Environment("User", "attach", "Membership"))
    with pytest.raises(Unsupported):
        question.truth(clause.expr)
    if condition != 'principal == User::"alice"':
        assert list(outside_subset(clause.expr))


def test_every_operator_of_the_language_is_known_or_refused():
    z3 = load_z3()
    assert z3.get_version() >= (4, 12)
    known = set(pst.BinaryOpName.__args__)
    allowed = {
        op for op in known if not list(outside_subset(pst.BinaryOp(op, pst.LongLit(1), pst.LongLit(2))))
    }
    assert allowed == {
        "and", "or", "eq", "not_eq", "less", "less_eq", "greater", "greater_eq",
        "contains", "contains_all", "contains_any", "offset", "duration_since",
    }  # fmt: skip
