"""`bdt policy mutate --properties`: what each property, and each of its parts, is needed for.

A part is needed when some change of the rules is caught by it and by no other property: some question lies in
what the property constrains, no more without the part, and in what no other one constrains. The change lets
exactly that question pass (or stops it, where the property says that it must be allowed). The bounds are left
out: they say exactly what the rules do, so that they catch everything.
"""

import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from policies.engine.revision import Policies, policy_set
from policies.language.cedar import pst
from policies.language.environments import whole_condition
from policies.language.model import Environment
from policies.language.statements import Rule
from policies.language.syntax import conjunction, sides
from policies.review.cases.story import story
from policies.review.proofs.models import ModelCase, find_case
from policies.review.proofs.prove import Prover, read_properties, region

WHOLE = "as a whole"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a property: what it says, and the property without it; None: without the property."""

    property: Rule
    says: str
    without: Rule | None


@dataclass(frozen=True, slots=True)
class Need:
    """What a part is needed for: the change of the rules that it alone catches; empty: nothing needs it."""

    part: Part
    change: str

    def told(self) -> Mapping[str, str]:
        """For machines."""
        return {"property": self.part.property.id, "part": self.part.says, "change": self.change}

    def __str__(self) -> str:
        mark = "needed    " if self.change else "NOT NEEDED"
        told = self.change or "whatever it catches, another property catches too"
        return f"{mark} {self.part.property.id} {self.part.says}: {told}"


def needs(policies: Policies, only: Collection[str] = ()) -> tuple[Need, ...]:
    """Each property, and each of its parts where it has several, with the change that it alone catches.

    Args:
        policies: the revision.
        only: the ids of the properties asked about; all of them when it is empty.
    """
    seeker = _Seeker(policies)
    return tuple(
        Need(part, seeker.change(part))
        for rule in seeker.properties
        if not only or rule.id in only
        for part in _parts(rule, policies)
    )


def _parts(rule: Rule, policies: Policies) -> Iterator[Part]:
    yield Part(rule, WHOLE, None)
    condition = whole_condition(rule.template)
    loosened = [*_loosened(rule.note("kind"), condition)]
    yield from (Part(rule, f"« {_written(told)} »", _with(rule, rest)) for told, rest in loosened)
    acts = sorted({each.action for each in Prover(policies).environments_of(rule)})
    for act in acts if len(acts) > 1 else ():
        others = tuple(pst.EntityUid(pst.EntityType("Action"), each) for each in acts if each != act)
        template = dataclasses.replace(rule.template, action=pst.ActionIn(others))
        yield Part(rule, f"for {act}", dataclasses.replace(rule, template=template))


def _loosened(kind: str, condition: pst.Expr) -> Iterator[tuple[pst.Expr, pst.Expr]]:
    """Each part with the condition without it, where that makes the property say less.

    What `only-if` and `possible` ask is less without one side of their `&&`; what `never` and `always` speak
    of is less without one side of an `||`.
    """
    parts = [*sides("and", condition)]
    for place, part in enumerate(parts):
        if kind in ("only-if", "possible"):
            if len(parts) > 1:
                yield part, conjunction([*parts[:place], *parts[place + 1 :]])
            continue
        ways = [*sides("or", part)]
        for index, way in enumerate(ways) if len(ways) > 1 else ():
            kept = _disjunction([*ways[:index], *ways[index + 1 :]])
            yield way, conjunction([*parts[:place], kept, *parts[place + 1 :]])


def _disjunction(ways: Sequence[pst.Expr]) -> pst.Expr:
    first, *others = ways
    for each in others:
        first = pst.BinaryOp("or", first, each)
    return first


def _with(rule: Rule, condition: pst.Expr) -> Rule:
    return dataclasses.replace(rule, template=_one_when(rule.template, condition))


def _one_when(template: pst.Template, condition: pst.Expr) -> pst.Template:
    return dataclasses.replace(template, clauses=(pst.When(condition),))


def _written(expr: pst.Expr) -> str:
    """An expression as Cedar writes it."""
    scope = pst.ScopeAny()
    template = pst.Template("part", "permit", scope, scope, scope, (pst.When(expr),), {})
    text = " ".join(str(policy_set([template])).split())
    found = re.search(r"when \{ ?(.*?) ?\};?$", text)
    return found[1] if found else text


class _Seeker:
    """Looks for a question that a part alone constrains."""

    def __init__(self, policies: Policies) -> None:
        self.policies = policies
        self.properties = read_properties(policies)
        self._prover = Prover(policies)

    @cached_property
    def _regions(self) -> Mapping[tuple[str, Environment], Any]:
        """What each property constrains in each kind of question, as a formula."""
        environments = self.policies.model.environments
        return {(rule.id, each): self._truth(rule, each) for rule in self.properties for each in environments}

    def _truth(self, rule: Rule, environment: Environment) -> Any:
        return self._prover.question(environment)[0].truth(region(rule, self.policies.model, environment))

    def change(self, part: Part) -> str:
        if part.property.note("kind") == "possible":
            return self._change_of_possible(part)
        for environment in self._prover.environments_of(part.property):
            told = self._change_in(part, environment)
            if told:
                return told
        return ""

    def _change_in(self, part: Part, environment: Environment) -> str:
        question, applied, allow = self._prover.question(environment)
        z3 = question.z3
        alone = [self._regions[part.property.id, environment]]
        alone += [z3.Not(each) for each in self._others(part.property, environment)]
        if part.without:
            alone.append(z3.Not(self._truth(part.without, environment)))
        if part.property.note("kind") == "always":
            case = find_case(question, applied, z3.And(*alone, allow), self._own(part, environment))
            return f"a rule that stops {self._told(part, case)}" if case else ""
        fires = [question.truth(each.condition) for each in applied if each.rule.effect == "forbid"]
        permits = [question.truth(each.condition) for each in applied if each.rule.effect == "permit"]
        # One prohibition with a hole is the smallest change; else a permit that nobody asked for.
        one = (z3.Or(permits), z3.PbEq([(each, 1) for each in fires], 1)) if fires else (z3.BoolVal(False),)
        for formula in (z3.And(*alone, *one), z3.And(*alone)):
            case = find_case(question, applied, formula, self._own(part, environment))
            if case:
                hole = " ".join(case.rules) if not case.allowed and case.rules else "a new permit"
                return f"{hole} letting pass {self._told(part, case)}"
        return ""

    def _others(self, rule: Rule, environment: Environment) -> Iterator[Any]:
        """What the other properties that say the same of a question, denied or allowed, constrain there."""
        must_be_allowed = rule.note("kind") == "always"
        for each in self.properties:
            kind = each.note("kind")
            if each is not rule and kind != "possible" and (kind == "always") is must_be_allowed:
                yield self._regions[each.id, environment]

    def _own(self, part: Part, environment: Environment) -> pst.Expr:
        return region(part.property, self.policies.model, environment)

    def _change_of_possible(self, part: Part) -> str:
        """A rule that stops all that fits; without the part, something that fits would still be allowed."""
        for environment in self._prover.environments_of(part.property):
            question, applied, allow = self._prover.question(environment)
            z3 = question.z3
            kept = question.truth(
                self._own(part, environment)
            )  # The region of a `possible`: what does not fit.
            fits = z3.Not(kept)
            rest = (
                z3.BoolVal(True) if part.without is None else z3.Not(self._truth(part.without, environment))
            )
            formula = z3.And(allow, fits) if part.without is None else z3.And(allow, rest, kept)
            case = find_case(question, applied, formula, self._own(part, environment))
            if case and not self._is_stopped_elsewhere(part.property, environment, fits):
                return f"a rule that stops whatever fits {part.property.id}"
        return ""

    def _is_stopped_elsewhere(self, rule: Rule, environment: Environment, fits: Any) -> bool:
        """Another property catches a rule that stops all of it."""
        question, _, allow = self._prover.question(environment)
        z3 = question.z3
        for each in self.properties:
            solver = z3.Solver()
            if each is rule or environment not in self._prover.environments_of(each):
                continue
            own = self._regions[each.id, environment]
            if each.note("kind") == "always":
                solver.add(own, fits)
                if solver.check() == z3.sat:
                    return True
            if each.note("kind") == "possible":
                solver.add(allow, z3.Not(own), z3.Not(fits))
                if solver.check() != z3.sat:
                    return True
        return False

    def _told(self, part: Part, case: ModelCase | None) -> str:
        assert case is not None  # noqa: S101 - asked for cases only
        here = Environment(case.request.actor.type, case.request.action, case.request.resource.type)
        return "; ".join(line.strip() for line in story(self.policies, case.request, [self._own(part, here)]))
