"""`bdt policy prove`: each property PROVED or REFUTED for every content of the database.

A refutation is one readable question, asked again to the engine itself. A property that no environment can
meet is an error, not a proof; a question that the solver cannot settle is UNKNOWN, never PROVED.
"""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from policies.catalogue.faults import BadSource
from policies.engine.decide import Engine
from policies.engine.revision import Policies
from policies.language.cedar import pst
from policies.language.environments import Applied, applied_rules, scope_holds, specialise, whole_condition
from policies.language.model import Environment, Model
from policies.language.statements import Rule, read_rules
from policies.language.syntax import FALSE, TRUE
from policies.review.proofs.bounds import Bound, read_bounds
from policies.review.proofs.counter_example import counter_example
from policies.review.proofs.lint import property_faults, refuse_unsound, soundness_faults
from policies.review.proofs.models import ModelCase, find_case
from policies.review.proofs.smt import TIMEOUT_MS, Question, World, world_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one property.

    Attributes:
        outcome: PROVED, REFUTED, UNKNOWN, or VACUOUS: it holds whatever the rules say.
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

    def lines(self) -> Iterator[str]:
        """The verdict for people."""
        yield (
            f"{self.outcome:8} {self.property.id:28} {self.environments:3} environments"
            f"  {self.milliseconds:6.1f} ms  {self.property.note('says')}"
        )
        if self.case and self.outcome == "REFUTED":
            yield from (f"         {line}" for line in self.story)
            told = "replayed in the engine" if self.is_replayed else "the engine answers otherwise"
            yield f"         allowed by {' '.join(self.case.rules) or 'nothing'}: {told}"


@dataclass(frozen=True, slots=True)
class Proof:
    """All verdicts, and what the rules say too much or never allow."""

    verdicts: tuple[Verdict, ...]
    bounds: tuple[Verdict, ...]
    wide: tuple[str, ...]
    redundant: tuple[Rule, ...]
    dead: tuple[Environment, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        """Every property proved, no rule redundant by accident, no question dead by accident."""
        verdicts = (*self.verdicts, *self.bounds)
        return not (self.redundant or self.dead or self.wide) and all(
            each.outcome == "PROVED" for each in verdicts
        )

    def lines(self) -> Iterator[str]:
        """The result for people."""
        for verdict in self.verdicts:
            yield from verdict.lines()
        for bound in self.bounds:
            if bound.outcome != "PROVED":
                yield f"{bound.property.file}:{bound.property.line}:"
                yield from bound.lines()
        yield from (f"TOO WIDE {each}" for each in self.wide)
        yield from (f"REDUNDANT {rule.id}: no answer changes without it" for rule in self.redundant)
        yield from (f"DEAD     {environment}: nobody is ever allowed" for environment in self.dead)
        proved = sum(each.outcome == "PROVED" for each in self.verdicts)
        bounded = sum(each.outcome == "PROVED" for each in self.bounds)
        yield (
            f"{proved} of {len(self.verdicts)} properties and {bounded} of {len(self.bounds)} upper bounds "
            f"proved in {self.seconds:.2f} s"
        )


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
    bounds = read_bounds(policies.root, policies.model)
    bounded = tuple(prover.verdict(each.property) for each in bounds)
    wide = tuple(line for each in bounds for line in (*prover.beyond(each), *prover.idle_ways(each)))
    redundant, dead = prover.redundant(), prover.dead()
    return Proof(verdicts, bounded, wide, redundant, dead, time.perf_counter() - start)


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


Find = Callable[..., ModelCase | None]
"""As `find_case`: it looks for a case of a formula, or raises TimeoutError when the solver does not know."""


class Prover:
    """Asks the solver about one revision; environments are encoded once."""

    def __init__(self, policies: Policies, find: Find = find_case) -> None:
        self.policies = policies
        self._find = find
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
        outcome, found = self._settled(rule, here)
        is_replayed = found is not None and found.agrees(self._engine.decide(found.request))
        milliseconds = (time.perf_counter() - start) * 1000
        told = counter_example(self._engine, rule, found) if found else ()
        return Verdict(rule, outcome, len(here), found, is_replayed, milliseconds, told)

    def outcome(self, rule: Rule, among: Collection[Environment]) -> str:
        """PROVED or not, as far as some kinds of question go: where a rule changed, say."""
        here = self.environments_of(rule)
        is_anywhere = rule.note("kind") == "possible"
        return self._settled(rule, [each for each in here if is_anywhere or each in among])[0]

    def _settled(self, rule: Rule, here: list[Environment]) -> tuple[str, ModelCase | None]:
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
        if outcome == "PROVED" and not wanted and self.is_vacuous(rule):
            outcome = "VACUOUS"
        return outcome, found

    def is_vacuous(self, rule: Rule) -> bool:
        """Whether a property holds whatever the rules say: it constrains no question."""
        for environment in self.policies.model.environments:
            where = region(rule, self.policies.model, environment)
            question = self.question(environment)[0]
            if where != FALSE and _is_satisfiable(question, question.truth(where)):
                return False
        return True

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
        return self._find(question, applied, formula, condition)

    def beyond(self, bound: Bound) -> Iterator[str]:
        """A question that a line would allow and the rules refuse; none: the line says exactly what they do.

        So whatever closes a door that is declared open is found as an opening is, and a line that grows too
        wide is found before a permit comes to use it.
        """
        question, applied, allow = self.question(bound.environment)
        rule, z3 = bound.property, question.z3
        fits = specialise(whole_condition(rule.template), self.policies.model, bound.environment)
        place = f"{rule.file}:{rule.line}: {bound.environment}"
        try:
            case = self._find(question, applied, z3.And(question.truth(fits), z3.Not(allow)), fits)
        except TimeoutError:
            yield f"{place}: the solver does not know whether the rules allow all that the line does"
            return
        if case:
            by = " ".join(case.rules) or "no rule that permits"
            yield "\n  ".join(
                (f"{place}: the line allows what {by} refuses:", *counter_example(self._engine, rule, case))
            )

    def idle_ways(self, bound: Bound) -> Iterator[str]:
        """The ways of an upper bound that no rule uses: they would let a future permit pass unseen."""
        question, _, allow = self.question(bound.environment)
        z3 = question.z3
        for alone, without in bound.ways:
            fits, others = (self._truth(each, bound.environment) for each in (alone, without))
            if not _is_satisfiable(question, z3.And(allow, fits, z3.Not(others))):
                reason = "is needed by no rule" if _is_satisfiable(question, fits) else "can never occur"
                told = f"a way of the line {reason} (proved): {alone.note('says')}"
                yield f"{alone.file}:{alone.line}: {bound.environment}: {told}"

    def _truth(self, rule: Rule, environment: Environment) -> Any:
        condition = specialise(whole_condition(rule.template), self.policies.model, environment)
        return self.question(environment)[0].truth(condition)

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


def region(rule: Rule, model: Model, environment: Environment) -> pst.Expr:
    """Where a property constrains the answers of an environment; false: nowhere there."""
    kind = rule.note("kind")
    if not scope_holds(rule, model, environment):
        return TRUE if kind == "possible" else FALSE
    condition = specialise(whole_condition(rule.template), model, environment)
    return (
        condition
        if kind in ("never", "always")
        else specialise(pst.UnaryOp("not", condition), model, environment)
    )


def _is_satisfiable(question: Question, formula: Any) -> bool:
    solver = question.z3.Solver()
    solver.set("timeout", TIMEOUT_MS)
    solver.add(formula)
    return bool(solver.check() == question.z3.sat)
