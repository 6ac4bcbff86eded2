"""`bdt policy prove`: each property PROVED or REFUTED for every content of the database.

A refutation is one readable question, asked again to the engine itself. A property that no environment can
meet is an error, not a proof; a question that the solver cannot settle is UNKNOWN, never PROVED.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policies.catalogue.faults import BadSource
from policies.engine.decide import Engine
from policies.engine.revision import Policies
from policies.language.environments import Applied, applied_rules, scope_holds, specialise, whole_condition
from policies.language.model import Environment
from policies.language.statements import Rule, read_rules
from policies.review.cases.story import story
from policies.review.proofs.lint import property_faults, refuse_unsound, soundness_faults
from policies.review.proofs.models import ModelCase, find_case
from policies.review.proofs.smt import TIMEOUT_MS, Question, World, world_of

__all__ = ["Proof", "Prover", "Verdict", "prove", "read_properties"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one property.

    Attributes:
        outcome: PROVED, REFUTED or UNKNOWN.
        environments: how many kinds of question it speaks of.
        case: the counter-example of a refutation, or the example of a `possible`.
        is_replayed: the engine itself answers the case as the solver believed.
        story: the case in lines: who does what, and what the property and the deciding rules read.
    """

    property: Rule
    outcome: str
    environments: int
    case: ModelCase | None
    is_replayed: bool
    milliseconds: float
    story: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """All verdicts, and what the rules say too much or never allow."""

    verdicts: tuple[Verdict, ...]
    redundant: tuple[Rule, ...]
    dead: tuple[Environment, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Every property proved, no rule redundant by accident, no question dead by accident."""
        return (
            not self.redundant and not self.dead and all(each.outcome == "PROVED" for each in self.verdicts)
        )

    def lines(self) -> Iterator[str]:
        """The result for people."""
        for verdict in self.verdicts:
            yield (
                f"{verdict.outcome:8} {verdict.property.id:28} {verdict.environments:3} environments"
                f"  {verdict.milliseconds:6.1f} ms  {verdict.property.note('says')}"
            )
            if verdict.case and verdict.outcome == "REFUTED":
                yield from (f"         {line}" for line in verdict.story)
                told = "replayed in the engine" if verdict.is_replayed else "the engine answers otherwise"
                yield f"         allowed by {' '.join(verdict.case.rules) or 'nothing'}: {told}"
        yield from (f"REDUNDANT {rule.id}: no answer changes without it" for rule in self.redundant)
        yield from (f"DEAD     {environment}: nobody is ever allowed" for environment in self.dead)
        proved = sum(each.outcome == "PROVED" for each in self.verdicts)
        yield f"{proved} of {len(self.verdicts)} properties proved in {self.seconds:.2f} s"


def prove(policies: Policies) -> Proof:
    """Prove the properties of a revision.

    Raises:
        BadSource: a rule or a property is one that `check` refuses; z3-solver is not installed.
    """
    refuse_unsound(policies)
    properties = read_properties(policies)
    start = time.perf_counter()
    prover = Prover(policies)
    verdicts = tuple(prover.verdict(each) for each in properties)
    redundant, dead = prover.redundant(), prover.dead()
    return Proof(verdicts, redundant, dead, time.perf_counter() - start)


def read_properties(policies: Policies) -> tuple[Rule, ...]:
    """The properties of a revision.

    Raises:
        BadSource: a property that `check` refuses, a kind that does not exist, one that fits no environment.
    """
    properties = read_rules(policies.root, "properties")
    faults = [*property_faults(properties, policies), *soundness_faults(properties, policies)]
    if faults:
        raise BadSource(faults)
    return properties


class Prover:
    """Asks the solver about one revision; environments are encoded once."""

    def __init__(self, policies: Policies) -> None:
        self.policies = policies
        self._world: World = world_of(policies.model)
        self._engine = Engine(policies)
        self._questions: dict[Environment, tuple[Question, tuple[Applied, ...], Any]] = {}

    def question(self, environment: Environment) -> tuple[Question, tuple[Applied, ...], Any]:
        """An environment: its symbols, the rules that apply there, the formula of Allow."""
        if environment not in self._questions:
            question = Question(self._world, environment)
            applied = self._engine.contract(environment).applied
            self._questions[environment] = (question, applied, question.allow(applied))
        return self._questions[environment]

    def verdict(self, rule: Rule) -> Verdict:
        """Prove or refute one property."""
        start = time.perf_counter()
        here = self.environments_of(rule)
        wanted = rule.note("kind") == "possible"
        outcome, found = "REFUTED" if wanted else "PROVED", None
        for environment in here:
            try:
                found = self._counter_example(rule, environment)
            except TimeoutError:
                outcome = "UNKNOWN"
                continue
            if found:
                outcome = "PROVED" if wanted else "REFUTED"
                break
        is_replayed = found is not None and found.agrees(self._engine.decide(found.request))
        milliseconds = (time.perf_counter() - start) * 1000
        told = self._story(rule, found) if found else ()
        return Verdict(rule, outcome, len(here), found, is_replayed, milliseconds, told)

    def _story(self, rule: Rule, case: ModelCase) -> tuple[str, ...]:
        request = case.request
        here = Environment(request.actor.type, request.action, request.resource.type)
        deciding = [rule, *(self.policies.rule(rule_id) for rule_id in case.rules)]
        read = [each.condition for each in applied_rules(deciding, self.policies.model, here)]
        return tuple(story(self.policies, request, read))

    def environments_of(self, rule: Rule) -> list[Environment]:
        """The environments that a property speaks of."""
        return [each for each in self.policies.model.environments if self._speaks_of(rule, each)]

    def _speaks_of(self, rule: Rule, environment: Environment) -> bool:
        if rule.note("kind") == "only-if":
            return scope_holds(rule, self.policies.model, environment)
        return bool(applied_rules((rule,), self.policies.model, environment))

    def _counter_example(self, rule: Rule, environment: Environment) -> ModelCase | None:
        question, applied, allow = self.question(environment)
        condition = specialise(whole_condition(rule.template), self.policies.model, environment)
        fits = question.truth(condition)
        z3 = question.z3
        match rule.note("kind"):
            case "only-if":
                formula = z3.And(allow, z3.Not(fits))
            case "always":
                formula = z3.And(fits, z3.Not(allow))
            case _:
                formula = z3.And(allow, fits)
        return find_case(question, applied, formula, condition)

    def redundant(self) -> tuple[Rule, ...]:
        """The rules without which no answer would change, save those kept in depth (`@depth`)."""
        return tuple(
            rule for rule in self.policies.rules if not rule.note("depth") and not self._matters(rule)
        )

    def _matters(self, rule: Rule) -> bool:
        for environment in self.policies.model.environments:
            question, applied, allow = self.question(environment)
            kept = [each for each in applied if each.rule is not rule]
            if len(kept) < len(applied) and _is_satisfiable(question, question.allow(kept) != allow):
                return True
        return False

    def dead(self) -> tuple[Environment, ...]:
        """The questions that nobody can ever get allowed, save those closed in depth."""
        return tuple(
            environment for environment in self.policies.model.environments if self._is_dead(environment)
        )

    def _is_dead(self, environment: Environment) -> bool:
        question, applied, allow = self.question(environment)
        is_closed = any(each.rule.note("depth") for each in applied)
        return not is_closed and not _is_satisfiable(question, allow)


def _is_satisfiable(question: Question, formula: Any) -> bool:
    solver = question.z3.Solver()
    solver.set("timeout", TIMEOUT_MS)
    solver.add(formula)
    return bool(solver.check() == question.z3.sat)
