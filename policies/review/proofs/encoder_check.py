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
from policies.review.proofs.models import ModelCase, find_case
from policies.review.proofs.smt import Question, world_of

__all__ = ["Replayed", "replay_random_models"]

ASSERTED, DENIED = 0.35, 0.45


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many models were asked again, and those on which the engine disagrees."""

    models: int
    mismatches: tuple[ModelCase, ...]


def replay_random_models(policies: Policies, seed: int, per_environment: int) -> Replayed:
    """Draw and replay models of every environment; queries that no model fits are passed over."""
    draw = random.Random(seed)  # noqa: S311 - a reproducible draw, not a secret
    engine = Engine(policies, explains=False)
    cases = [
        case
        for environment in policies.model.environments
        for case in _models(engine, environment, draw, per_environment)
    ]
    decisions = engine.decide_many([case.request for case in cases])
    wrong = (case for case, decision in zip(cases, decisions, strict=True) if not case.agrees(decision))
    return Replayed(len(cases), tuple(wrong))


def _models(
    engine: Engine, environment: Environment, draw: random.Random, number: int
) -> Iterator[ModelCase]:
    question = Question(world_of(engine.policies.model), environment)
    applied = engine.contract(environment).applied
    truths = [question.truth(each.condition) for each in applied]
    z3 = question.z3
    for _ in range(number):
        chosen = [z3.BoolVal(True)]
        for truth in truths:
            lot = draw.random()
            if lot < ASSERTED:
                chosen.append(truth)
            elif lot < ASSERTED + DENIED:
                chosen.append(z3.Not(truth))
        case = find_case(question, applied, z3.And(chosen), seed=draw.randrange(2**31))
        if case:
            yield case
