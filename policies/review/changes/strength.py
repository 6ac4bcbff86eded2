"""Whether what is proved became weaker between two revisions, decided by the solver.

A property constrains the answers in a region of the questions: `never`, `always` where its condition holds,
`only-if` where it does not, `possible` everywhere but where it holds. It is weaker when some question of the
old region is outside the new one; vacuous when its region is empty: it holds whatever the rules say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.engine.revision import Policies
from policies.language.cedar import pst
from policies.language.model import Environment
from policies.language.statements import Rule
from policies.review.changes.sides import Sides
from policies.review.proofs.bounds import read_bounds
from policies.review.proofs.prove import Prover, read_properties, region
from policies.review.proofs.smt import TIMEOUT_MS, Question
from policies.review.sequences.written import read_lifecycle


@dataclass(frozen=True, slots=True)
class Weaker:
    """Something that was shown is shown no more; `how` is removed, weakened or vacuous."""

    name: str
    how: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.how}" + (f" ({self.where})" if self.where else "")


def weaker(sides: Sides) -> tuple[Weaker, ...]:
    """The properties and upper bounds of the first revision that the second one holds no more."""
    old, new = (_shown(side.policies) for side in (sides.before, sides.after))
    found = [Weaker(name, "removed") for name in old if name not in new and not _is_gone(name, sides)]
    is_one_model = sides.before.policies.model == sides.after.policies.model
    prover = Prover(sides.after.policies)
    for name, rule in new.items():
        if is_one_model and name in old and old[name].template == rule.template:
            continue
        if prover.is_vacuous(rule):
            found.append(Weaker(name, "vacuous: it holds whatever the rules say"))
        elif name in old:
            found += _weakened(old[name], rule, sides)
    return tuple(found)


def _shown(policies: Policies) -> Mapping[str, Rule]:
    bounds = (
        read_bounds(policies.root, policies.model)
        if (policies.root / "properties/bounds.yaml").is_file()
        else ()
    )
    rules = (*read_properties(policies), *(each.property for each in bounds))
    return {rule.id: rule for rule in rules}


def _is_gone(name: str, sides: Sides) -> bool:
    """The bound of a kind of question that there is no more."""
    kinds = {f"≤ {each}" for each in sides.before.policies.model.environments}
    return name in kinds and name not in {f"≤ {each}" for each in sides.after.policies.model.environments}


def _weakened(old: Rule, new: Rule, sides: Sides) -> Iterator[Weaker]:
    if old.note("kind") != new.note("kind"):
        yield Weaker(new.id, f"weakened: {old.note('kind')} became {new.note('kind')}")
        return
    for environment in sides.environments:
        if not (sides.before.knows(environment) and sides.after.knows(environment)):
            continue
        before, after = (
            region(rule, side.policies.model, environment)
            for rule, side in ((old, sides.before), (new, sides.after))
        )
        if before != after and _is_outside(before, after, sides, environment):
            yield Weaker(new.id, "weakened", str(environment))
            return


def _is_outside(before: pst.Expr, after: pst.Expr, sides: Sides, environment: Environment) -> bool:
    old, new = sides.before.question(environment), sides.after.question(environment)
    return _is_satisfiable(old, old.z3.And(old.truth(before), old.z3.Not(new.truth(after))))


def _is_satisfiable(question: Question, formula: Any) -> bool:
    """What the solver cannot settle counts as satisfiable: a weakening is never passed over."""
    solver = question.z3.Solver()
    solver.set("timeout", TIMEOUT_MS)
    solver.add(formula)
    return bool(solver.check() != question.z3.unsat)


def lifecycle_weaker(before: Policies, after: Policies) -> tuple[Weaker, ...]:
    """What the walks of the second revision show no more: invariant, universe, size, act, floor."""
    old, new = (read_lifecycle(each.root).data for each in (before, after))
    found = [Weaker(name, "invariant removed") for name in old["invariants"] if name not in new["invariants"]]
    for name, row in old["universes"].items():
        now = new["universes"].get(name)
        found += [Weaker(name, "universe removed")] if now is None else _smaller(name, row, now)
    return tuple(found)


def _smaller(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Weaker]:
    sizes = {key: (old[key], new[key]) for key in ("people", "services")}
    floors = {key: (held, new["at_least"][key]) for key, held in old.get("at_least", {}).items()}
    for key, (was, now) in {**sizes, **floors}.items():
        if int(now) < int(was):
            yield Weaker(name, f"walk weakened: {key} {was} -> {now}")
    yield from (
        Weaker(name, f"walk weakened: nobody tries {act}")
        for act in old["actions"]
        if act not in new["actions"]
    )
