"""`bdt policy diff A B`: the whole meaning of two revisions, compared for every database content.

Per kind of question the solver looks for one that B allows and A refuses, and for the reverse, each side with
its own rules, groups, types and catalogue. None of both: proved unchanged. What is proved of each side is
compared too: a property removed, weakened or vacuous is a change, as an opened door is.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policies.catalogue.faults import BadSource, Fault
from policies.engine.request import Decision, Request
from policies.engine.revision import Policies
from policies.language.cedar import pst
from policies.language.environments import Applied
from policies.language.model import Environment
from policies.language.syntax import Path, longest, paths_read
from policies.review.cases.story import story
from policies.review.changes.catalogue import (
    catalogue_lines,
    changed_services,
    limit_lines,
    paths_to_a_service,
)
from policies.review.changes.sides import Sides, retyped, schema_lines
from policies.review.changes.strength import Weaker, lifecycle_weaker, weaker
from policies.review.proofs.lint import refuse_unsound
from policies.review.proofs.models import ModelCase, find_case
from policies.review.proofs.prove import Prover, read_properties
from policies.review.proofs.smt import Question
from policies.review.words.french import load_french
from policies.review.words.readable import readable


@dataclass(frozen=True, slots=True)
class Change:
    """A kind of question in which some answer changes; `case` tells one such question, answered by both.

    `request` is that question; `read` are the facts that its deciding rules read. `service` is the service of
    the catalogue by which it changes, where the rules did not.
    """

    environment: Environment
    newly_allowed: bool
    case: tuple[str, ...]
    before: Decision
    after: Decision
    request: Request
    read: tuple[Path, ...]
    service: str = ""

    def lines(self) -> Iterator[str]:
        """The change for people."""
        verb = "Newly ALLOWED" if self.newly_allowed else "Newly DENIED "
        yield f"{verb} {self.environment}" + (f" for the service {self.service}" if self.service else "")
        yield from (f"  {line}" for line in self.case)
        yield f"  before: {_told(self.before)}   after: {_told(self.after)}"


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs between two revisions.

    Attributes:
        changed_rules: the rules whose text changed.
        changes: the kinds of question in which some answer changes.
        unchanged: the kinds of question proved unchanged.
        properties: (id, verdict before, verdict after) of the properties whose verdict changed.
        weaker: what was shown and is shown no more.
        incomparable: the kinds of question that read an attribute of another type now.
        schema, catalogue, limits: what changed there, a line each.
    """

    changed_rules: tuple[str, ...]
    changes: tuple[Change, ...]
    unchanged: int
    properties: tuple[tuple[str, str, str], ...]
    weaker: tuple[Weaker, ...]
    incomparable: tuple[str, ...]
    schema: tuple[str, ...]
    catalogue: tuple[str, ...]
    limits: tuple[str, ...]
    seconds: float

    @property
    def newly_allowed(self) -> bool:
        """Somebody may do something that was refused before."""
        return any(change.newly_allowed for change in self.changes)

    @property
    def needs_approval(self) -> bool:
        """A door opens, something is shown no more, or a number that the facts are made with changed."""
        return self.newly_allowed or bool(self.weaker or self.incomparable or self.limits)

    @property
    def is_empty(self) -> bool:
        """Nothing that decides or is shown changed: proved, not guessed."""
        decided = self.changes or self.properties or self.schema
        return not (decided or self.weaker or self.incomparable or self.limits)

    def lines(self) -> Iterator[str]:
        """The difference as a reviewer reads it in a pull request."""
        if self.changed_rules:
            yield f"Rules whose text changed: {', '.join(self.changed_rules)}"
        yield from (f"Schema: {line}" for line in self.schema)
        yield from (f"Catalogue: {line}" for line in self.catalogue)
        yield from (f"Limit {line}" for line in self.limits)
        for change in self.changes:
            yield from change.lines()
        yield from (f"NOT COMPARABLE {line}" for line in self.incomparable)
        yield from (f"Property {name}: {before} -> {after}" for name, before, after in self.properties)
        yield from (f"Shown no more: {each}" for each in self.weaker)
        if self.is_empty:
            yield f"No change: {self.unchanged} environments proved unchanged ({self.seconds:.2f} s)"
            return
        allowed = sum(change.newly_allowed for change in self.changes)
        yield (
            f"{allowed} newly allowed, {len(self.changes) - allowed} newly denied, "
            f"{self.unchanged} environments proved unchanged, {len(self.weaker)} shown no more "
            f"({self.seconds:.2f} s)"
        )


def compare(before: Policies, after: Policies) -> Difference:
    """Compare two revisions.

    Raises:
        BadSource: one of them is not fit to be compared: `check` refuses it.
        TimeoutError: the solver cannot settle an environment.
    """
    start = time.perf_counter()
    for each in (before, after):
        refuse_unsound(each)
    sides = Sides(before, after)
    incomparable = _incomparable(sides)
    changes = [
        change for each in sides.environments if each not in incomparable for change in answers(sides, each)
    ]
    changes += _by_the_catalogue(sides, set(incomparable))
    touched = {change.environment for change in changes}
    return Difference(
        changed_rules=_changed_rules(before, after),
        changes=tuple(changes),
        unchanged=len(sides.environments) - len(touched) - len(incomparable),
        properties=_changed_verdicts(before, after, touched),
        weaker=(*weaker(sides), *lifecycle_weaker(before, after)),
        incomparable=tuple(f"{each}: {read}" for each, read in incomparable.items()),
        schema=tuple(schema_lines(before.model, after.model)),
        catalogue=tuple(catalogue_lines(before, after)),
        limits=tuple(limit_lines(before, after)),
        seconds=time.perf_counter() - start,
    )


def _incomparable(sides: Sides) -> dict[Environment, str]:
    changed = retyped(sides.before.policies.model, sides.after.policies.model)
    found = {}
    for environment in sides.environments:
        read = {line for side in (sides.before, sides.after) for line in side.reads(environment, changed)}
        if read:
            found[environment] = f"it reads {', '.join(sorted(read))}, of another type now"
    return found


def answers(sides: Sides, environment: Environment) -> Iterator[Change]:
    """The changed answers of one kind of question: at most one case newly allowed and one newly denied."""
    old, new = (side.applied(environment) for side in (sides.before, sides.after))
    if {_meaning(each) for each in old} == {_meaning(each) for each in new}:
        return
    asked = (sides.before.question(environment), sides.after.question(environment))
    yield from _changed(sides, environment, asked, (old, new))


def _by_the_catalogue(sides: Sides, passed_over: set[Environment]) -> Iterator[Change]:
    for key in changed_services(sides.before.policies, sides.after.policies):
        for environment in sides.environments:
            paths = paths_to_a_service(sides.before, environment) | paths_to_a_service(
                sides.after, environment
            )
            for path in () if environment in passed_over else sorted(paths):
                yield from _for_a_service(sides, environment, path, key)


def _for_a_service(
    sides: Sides, environment: Environment, path: tuple[str, ...], key: str
) -> Iterator[Change]:
    both = (sides.before, sides.after)
    plain = sides.after.question(environment)
    asked = tuple(side.question(environment, sides.pins(side, plain, path, key)) for side in both)
    is_it = sides.service_at(plain, path) == sides.world.thing("Service", key)
    rules = tuple(side.applied(environment) if side.has_service(key) else () for side in both)
    yield from _changed(sides, environment, asked, rules, key, is_it, *sides.world.distinct())  # type: ignore[arg-type]


def _changed(
    sides: Sides,
    environment: Environment,
    asked: tuple[Question, Question],
    rules: tuple[tuple[Applied, ...], tuple[Applied, ...]],
    service: str = "",
    *known: Any,
) -> Iterator[Change]:
    z3 = asked[0].z3
    allow = [question.allow(applied) for question, applied in zip(asked, rules, strict=True)]
    # The side whose rules the solver follows in the case is the one that allows: its facts are whole there.
    for newly_allowed, side in ((True, 1), (False, 0)):
        formula = z3.And(allow[side], z3.Not(allow[1 - side]), *known)
        case = find_case(asked[side], rules[side], formula, *(each.condition for each in rules[1 - side]))
        if case:
            yield _change(sides, environment, newly_allowed, case, service)


def _change(
    sides: Sides, environment: Environment, newly_allowed: bool, case: ModelCase, service: str
) -> Change:
    both = (sides.before, sides.after)
    allowing = both[newly_allowed].policies
    request = readable(
        case.request,
        load_french(),
        allowing.catalogue,
        allowing.model,
        lambda asked: [(each.allowed, each.rules) for each in (side.decide(asked) for side in both)],
    )
    before, after = (side.decide(request) for side in both)
    if (before.allowed, after.allowed) != (not newly_allowed, newly_allowed):
        told = f"the engine does not confirm the change of {environment}: a fault of the encoder"
        raise BadSource([Fault("diff", 0, "", told)])
    responsible = {*before.rules, *after.rules}
    read = [
        each.condition for side in both for each in side.applied(environment) if each.rule.id in responsible
    ]
    lines = tuple(story(allowing, request, read))
    paths = tuple(
        path for path in sorted(longest(path for each in read for path in paths_read(each))) if len(path) > 1
    )
    return Change(environment, newly_allowed, lines, before, after, request, paths, service)


def _meaning(applied: Applied) -> tuple[str, pst.Expr]:
    return applied.rule.effect, applied.condition


def _changed_rules(before: Policies, after: Policies) -> tuple[str, ...]:
    old, new = ({rule.id: rule.template for rule in each.rules} for each in (before, after))
    return tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))


def _changed_verdicts(
    before: Policies, after: Policies, changed: set[Environment]
) -> tuple[tuple[str, str, str], ...]:
    """Only a property that speaks of a changed kind of question can change its verdict."""
    if not changed:
        return ()
    provers = (Prover(before), Prover(after))
    old = {rule.id: rule for rule in read_properties(before)}
    verdicts = []
    for rule in read_properties(after):
        if rule.id in old and changed.intersection(provers[1].environments_of(rule)):
            pair = (provers[0].outcome(old[rule.id], changed), provers[1].outcome(rule, changed))
            verdicts.append((rule.id, *pair))
    return tuple((name, was, now) for name, was, now in verdicts if was != now)


def _told(decision: Decision) -> str:
    return f"{'allow' if decision.allowed else 'deny'} {' '.join(decision.rules) or '(nothing permits)'}"
