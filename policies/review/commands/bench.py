"""`bdt bench policy`: what a decision costs, with the ratio to the same rules written by hand in Python."""

import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from policies.engine.decide import Engine
from policies.engine.request import Request
from policies.engine.revision import Policies, read_policies
from policies.review.cases.oracle import judge
from policies.review.cases.random_worlds import random_request
from policies.review.changes.diff import compare
from policies.review.proofs.prove import prove

MANY = 20_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure, in milliseconds unless its name says otherwise, and the goal it must keep."""

    name: str
    value: float
    goal: float | None = None

    @property
    def holds(self) -> bool:
        """Within its goal, where there is one."""
        return self.goal is None or self.value <= self.goal

    def __str__(self) -> str:
        verdict = "" if self.goal is None else f"  goal {self.goal:g}  {'ok' if self.holds else 'TOO SLOW'}"
        return f"{self.name:<58} {self.value:9.3f}{verdict}"


def bench_policy(policies: Policies, questions: int = 1_000, many: int = MANY) -> Iterator[Figure]:
    """Measure one revision on random questions, the facts parsed anew for each; memory over `many`."""
    yield Figure("read and check the rules, once a process", _timed(lambda: read_policies(policies.root)))
    engine = Engine(policies)
    draw = random.Random(1)  # noqa: S311 - reproducible questions, not a secret
    environments = policies.model.environments
    asked = [random_request(policies.model, draw.choice(environments), draw) for _ in range(questions)]
    engine.decide_many(asked)
    times = sorted(_timed(lambda request=request: engine.decide(request)) for request in asked)  # type: ignore[misc]
    by_hand = sorted(_timed(lambda request=request: judge(request)) for request in asked)  # type: ignore[misc]
    yield Figure("a decision with its slice, p50", statistics.median(times), goal=0.3)
    yield Figure("a decision with its slice, p99", times[int(len(times) * 0.99)])
    yield Figure("the same rules by hand in Python, p50", statistics.median(by_hand))
    yield Figure("ratio engine / by hand", statistics.median(times) / statistics.median(by_hand))
    yield Figure("a page of 10 services x 4 actions in one batch", _page(engine, asked), goal=5.0)
    yield from _review(policies)
    yield _growth(engine, asked, many)


def _review(policies: Policies) -> Iterator[Figure]:
    """What reviewers wait for: everything proved; and a wide change, a prohibition of many acts gone."""
    yield Figure("prove, with the bounds both ways, s", prove(policies).seconds, goal=3.0)
    others = policies.with_rules(tuple(rule for rule in policies.rules if rule.id != "G-FROZEN"))
    yield Figure("diff, a prohibition of 26 acts gone, s", compare(policies, others).seconds, goal=1.5)


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def _page(engine: Engine, asked: Sequence[Request]) -> float:
    """Forty questions on one slice; the best of twenty, so that another process does not count."""
    one = next(request for request in asked if request.action == "enterService")
    actions = ("enterService", "requestHabilitation", "withdrawRequest", "askRenewal")
    page = [replace(one, action=action) for action in actions for _ in range(10)]
    return min(_timed(lambda: engine.decide_many(page)) for _ in range(20))


def _growth(engine: Engine, asked: Sequence[Request], many: int) -> Figure:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for index in range(many):
        engine.decide(asked[index % len(asked)])
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return Figure(f"memory grown over {many:,} decisions, MB", grown / 1024, goal=4.0)
