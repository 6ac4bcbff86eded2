"""The engine against the same rules written by hand in Python, answer and rule ids."""

import random

import pytest

from policies.engine.decide import Engine
from policies.review.cases.oracle import FORBIDS, PERMITS, STAFF_PERMITS, judge
from policies.review.cases.random_worlds import random_request
from policies.review.commands.bench import Figure, bench_policy


def differences(engine: Engine, seed: int, per_environment: int) -> tuple[int, list[str]]:
    draw = random.Random(seed)
    asked, wrong = 0, []
    for environment in engine.policies.model.environments:
        for _ in range(per_environment):
            request = random_request(engine.policies.model, environment, draw)
            decision = engine.decide(request)
            asked += 1
            if (decision.allowed, decision.rules) != judge(request):
                wrong.append(f"{environment}: {decision.rules} and by hand {judge(request)}")
    return asked, wrong


@pytest.mark.slow
def test_ten_thousand_random_cases_agree_with_the_oracle(engine: Engine) -> None:
    seed = random.randrange(2**31)
    asked, wrong = differences(engine, seed, per_environment=180)
    assert (wrong, asked >= 10_000) == ([], True), f"seed {seed}"


def test_a_case_of_each_environment_agrees_with_the_oracle(engine: Engine) -> None:
    assert differences(engine, random.randrange(2**31), per_environment=1)[1] == []


def test_the_oracle_knows_every_rule(engine: Engine) -> None:
    of_staff_and_accounts = {"G-ACCOUNT", "G-STAFF-ACCOUNT", "G-STAFF-ACR", "G-STAFF-NEVER-GRANTS"}
    known = {*PERMITS, *STAFF_PERMITS, *FORBIDS, *of_staff_and_accounts}
    assert known == {rule.id for rule in engine.policies.rules}


def test_random_cases_are_not_all_refusals(engine: Engine) -> None:
    draw = random.Random(5)
    environments = engine.policies.model.environments
    requests = [random_request(engine.policies.model, draw.choice(environments), draw) for _ in range(60)]
    assert {engine.decide(request).allowed for request in requests} == {True, False}


def test_a_figure_over_its_goal_says_so() -> None:
    assert "TOO SLOW" in str(Figure("a decision", 1.2, goal=1.0))
    assert "ok" in str(Figure("a decision", 0.4, goal=1.0))


@pytest.mark.slow
def test_the_bench_prints_its_figures(engine: Engine) -> None:
    figures = {figure.name: figure for figure in bench_policy(engine.policies, questions=200, many=300)}
    assert figures["ratio engine / by hand"].value > 1
    assert any(name.startswith("memory grown") for name in figures)
