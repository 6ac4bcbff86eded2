"""Trust in the encoder: random models of the solver, each asked again to the engine.

In each environment every rule is asserted, denied or left free at random; a model of that is a question on
which the solver and the engine must agree, decision and rule ids.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from policies.engine.decide import Engine
from policies.engine.revision import Policies
from policies.language.model import Environment
from policies.review.proofs.models import ModelCase, case_of, holds, solver_of
from policies.review.proofs.random_rules import random_rules
from policies.review.proofs.smt import Question, world_of

# Of the rules that are asked about, how many are asked to hold; how many random rules are tried together.
HELD, GROUP = 0.45, 12


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many models were asked again, and those on which the engine disagrees."""

    models: int
    mismatches: tuple[ModelCase, ...]


def replay_random_models(policies: Policies, seed: int, per_environment: int) -> Replayed:
    """Draw and replay models of every environment; queries that no model fits are passed over."""
    draw = random.Random(seed)  # noqa: S311 - a reproducible draw, not a secret
    engine = Engine(policies, explains=False)
    return _replayed(
        engine,
        [
            case
            for environment in policies.model.environments
            for case in _models(engine, environment, draw, per_environment, chosen=0.8)
        ],
    )


def replay_random_rules(policies: Policies, seed: int, groups: int, models: int) -> Replayed:
    """The same for random rules of the whole grammar: so many groups of them in each environment."""
    draw = random.Random(seed)  # noqa: S311 - a reproducible draw, not a secret
    replayed = []
    for environment in policies.model.environments:
        for _ in range(groups):
            rules = random_rules(policies, environment, draw, GROUP)
            engine = Engine(policies.with_rules(rules), explains=False)
            found = _models(engine, environment, draw, models, chosen=2 / GROUP)
            replayed.append(_replayed(engine, list(found)))
    wrong = tuple(case for each in replayed for case in each.mismatches)
    return Replayed(sum(each.models for each in replayed), wrong)


def _replayed(engine: Engine, cases: list[ModelCase]) -> Replayed:
    decisions = engine.decide_many([case.request for case in cases])
    wrong = (case for case, decision in zip(cases, decisions, strict=True) if not case.agrees(decision))
    return Replayed(len(cases), tuple(wrong))


def _models(
    engine: Engine, environment: Environment, draw: random.Random, number: int, chosen: float
) -> Iterator[ModelCase]:
    """Models in which each rule is asked to hold or not to, as often as `chosen` says."""
    question = Question(world_of(engine.policies.model), environment)
    applied = engine.contract(environment).applied
    z3 = question.z3
    solver = solver_of(question, applied, seed=draw.randrange(2**31))
    for _ in range(number):
        flags = [holds(question, each) for each in applied if draw.random() < chosen]
        verdict = solver.check(*(flag if draw.random() < HELD else z3.Not(flag) for flag in flags))
        if verdict == z3.sat:
            yield case_of(question, applied, solver.model())
