"""`bdt policy diff A B`: what two revisions of the rules answer differently, for every database content.

Per environment the solver looks for a question that B allows and A refuses, and for one that A allows and B
refuses. None of both: proved unchanged. A rewrite that changes no answer is "no change", whatever its text.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from policies.catalogue.faults import BadSource
from policies.engine.decide import Engine
from policies.engine.request import Decision
from policies.engine.revision import Policies
from policies.language.cedar import pst
from policies.language.environments import Applied
from policies.language.model import Environment
from policies.review.cases.story import story
from policies.review.proofs.lint import validation_faults
from policies.review.proofs.models import ModelCase, find_case
from policies.review.proofs.prove import Prover, read_properties
from policies.review.proofs.smt import Question, world_of


@dataclass(frozen=True, slots=True)
class Change:
    """One environment in which some answer changes; `case` tells one such question, answered by both."""

    environment: Environment
    newly_allowed: bool
    case: tuple[str, ...]
    before: Decision
    after: Decision

    def lines(self) -> Iterator[str]:
        """The change for people."""
        verb = "Newly ALLOWED" if self.newly_allowed else "Newly DENIED "
        yield f"{verb} {self.environment}"
        yield from (f"  {line}" for line in self.case)
        yield f"  before: {_told(self.before)}   after: {_told(self.after)}"


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs between two revisions; `properties` are (id, verdict before, verdict after)."""

    changed_rules: tuple[str, ...]
    changes: tuple[Change, ...]
    unchanged: int
    properties: tuple[tuple[str, str, str], ...]
    catalogue: tuple[str, ...]
    seconds: float

    @property
    def newly_allowed(self) -> bool:
        """Somebody may do something that was refused before."""
        return any(change.newly_allowed for change in self.changes)

    def lines(self) -> Iterator[str]:
        """The difference as a reviewer reads it in a pull request."""
        if self.changed_rules:
            yield f"Rules whose text changed: {', '.join(self.changed_rules)}"
        yield from (f"Catalogue: {line}" for line in self.catalogue)
        for change in self.changes:
            yield from change.lines()
        yield from (f"Property {name}: {before} -> {after}" for name, before, after in self.properties)
        if not self.changes:
            yield f"No change: {self.unchanged} environments proved unchanged ({self.seconds:.2f} s)"
            return
        allowed = sum(change.newly_allowed for change in self.changes)
        yield (
            f"{allowed} newly allowed, {len(self.changes) - allowed} newly denied, "
            f"{self.unchanged} environments proved unchanged ({self.seconds:.2f} s)"
        )


def compare(before: Policies, after: Policies) -> Difference:
    """Compare two revisions on the model of the second one.

    Raises:
        BadSource: the rules of the first do not fit the model of the second.
        TimeoutError: the solver cannot settle an environment.
    """
    start = time.perf_counter()
    faults = validation_faults(before.rules, after)
    if faults:
        raise BadSource(faults)
    old = before.with_model(after.model)
    engines = (Engine(old), Engine(after))
    changes: list[Change] = []
    unchanged = 0
    for environment in after.model.environments:
        found = list(_changes(engines, environment))
        changes += found
        unchanged += not found
    return Difference(
        changed_rules=_changed_rules(old, after),
        changes=tuple(changes),
        unchanged=unchanged,
        properties=_changed_verdicts(old, after, {change.environment for change in changes}),
        catalogue=tuple(_catalogue_lines(before, after)),
        seconds=time.perf_counter() - start,
    )


def _changes(engines: tuple[Engine, Engine], environment: Environment) -> Iterator[Change]:
    old, new = (engine.contract(environment).applied for engine in engines)
    if {_meaning(each) for each in old} == {_meaning(each) for each in new}:
        return
    question = Question(world_of(engines[1].policies.model), environment)
    allow_old, allow_new, z3 = question.allow(old), question.allow(new), question.z3
    read = [each.condition for each in old]
    newly = (
        (True, find_case(question, new, z3.And(allow_new, z3.Not(allow_old)), *read)),
        (False, find_case(question, new, z3.And(allow_old, z3.Not(allow_new)), *read)),
    )
    for newly_allowed, case in newly:
        if case:
            yield _change(engines, environment, newly_allowed, case)


def _change(
    engines: tuple[Engine, Engine], environment: Environment, newly_allowed: bool, case: ModelCase
) -> Change:
    before, after = (engine.decide(case.request) for engine in engines)
    if (before.allowed, after.allowed) != (not newly_allowed, newly_allowed):
        raise AssertionError(f"the engine does not confirm the change of {environment}")
    responsible = {*before.rules, *after.rules}
    read = [
        each.condition
        for engine in engines
        for each in engine.contract(environment).applied
        if each.rule.id in responsible
    ]
    told = tuple(story(engines[1].policies, case.request, read))
    return Change(environment, newly_allowed, told, before, after)


def _meaning(applied: Applied) -> tuple[str, pst.Expr]:
    return applied.rule.effect, applied.condition


def _changed_rules(before: Policies, after: Policies) -> tuple[str, ...]:
    old, new = ({rule.id: rule.template for rule in each.rules} for each in (before, after))
    return tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))


def _changed_verdicts(
    before: Policies, after: Policies, changed: set[Environment]
) -> tuple[tuple[str, str, str], ...]:
    """Only a property that speaks of a changed environment can change its verdict."""
    provers = (Prover(before), Prover(after))
    verdicts = [
        (rule.id, *(prover.verdict(rule).outcome for prover in provers))
        for rule in read_properties(after)
        if changed.intersection(provers[1].environments_of(rule))
    ]
    return tuple((name, old, new) for name, old, new in verdicts if old != new)


def _catalogue_lines(before: Policies, after: Policies) -> Iterator[str]:
    for name in ("espaces", "services"):
        old, new = getattr(before.catalogue, name), getattr(after.catalogue, name)
        yield from (f"{name}: {key} added" for key in new if key not in old)
        yield from (f"{name}: {key} removed" for key in old if key not in new)
        yield from (f"{name}: {key} changed" for key in new if key in old and old[key] != new[key])


def _told(decision: Decision) -> str:
    return f"{'allow' if decision.allowed else 'deny'} {' '.join(decision.rules) or '(nothing permits)'}"
