"""A model of the solver made a question that people can read and the engine can answer.

The walk starts at the actor and the resource and follows the attributes, so the slice is closed. What the
engine answers is compared with what the solver believed: decision and rule ids. A difference is a fault of
the encoder.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from policies.engine.request import Decision, Entity, EntityRef, Request, Value
from policies.language.cedar import pst
from policies.language.environments import Applied
from policies.language.model import AttributeType
from policies.language.syntax import paths_read
from policies.review.proofs.smt import TIMEOUT_MS, Question

# The assumption of the proofs: every moment that the rules read lies between 1970 and 2100.
LATEST_MS = 4_102_444_800_000
SMALLEST, LARGEST = -(2**63), 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ModelCase:
    """A question found by the solver, with what the solver believes that the rules answer."""

    request: Request
    allowed: bool
    rules: tuple[str, ...]

    def agrees(self, decision: Decision) -> bool:
        """Whether the engine answers what the solver believed."""
        return decision.allowed == self.allowed and decision.rules == self.rules


def find_case(
    question: Question, applied: tuple[Applied, ...], formula: Any, *read: pst.Expr, seed: int = 0
) -> ModelCase | None:
    """A question for which a formula holds; None when there is none.

    Args:
        question: the environment.
        applied: the rules that answer there.
        formula: what the solver must make true.
        read: other conditions that the formula speaks of, beside those of the rules.
        seed: which of the possible questions the solver tends to.

    Raises:
        TimeoutError: the solver does not know.
    """
    z3 = question.z3
    solver = solver_of(question, applied, *read, seed=seed)
    solver.add(formula)
    verdict = solver.check()
    if verdict == z3.unknown:
        raise TimeoutError(f"the solver does not know about {question.environment}")
    return case_of(question, applied, solver.model()) if verdict == z3.sat else None


def solver_of(question: Question, applied: tuple[Applied, ...], *read: pst.Expr, seed: int = 0) -> Any:
    """A solver that knows the bounds of what is read, and by `holds` which of the rules apply."""
    solver = question.z3.Solver()
    solver.set("timeout", TIMEOUT_MS)
    solver.set("random_seed", seed)
    solver.add(*bounds(question, (*(each.condition for each in applied), *read)))
    # The solver itself says which rules hold: to evaluate an equality of sets afterwards is not exact.
    solver.add(*(holds(question, each) == question.truth(each.condition) for each in applied))
    return solver


def bounds(question: Question, conditions: Iterable[pst.Expr]) -> list[Any]:
    """Moments and numbers that are read lie in a range that can be written down."""
    found = []
    # Sorted: the same question gives the same case in every process.
    for path in sorted({path for condition in conditions for path in paths_read(condition)}):
        kind = question.world.model.type_of(question.environment, path)
        if kind is not None and kind.name in ("datetime", "Long") and not kind.is_set:
            term = _term_at(question, path)
            low, high = (0, LATEST_MS - 1) if kind.name == "datetime" else (SMALLEST, LARGEST)
            found += [term >= low, term <= high]
    now = question.context["now"]
    return [*found, now >= 0, now < LATEST_MS]


def _term_at(question: Question, path: tuple[str, ...]) -> Any:
    if path[0] == "context":
        return question.context[path[1]]
    term, kind = question.ends[path[0]], getattr(question.environment, path[0])
    for name in path[1:]:
        term = question.world.attribute(kind, name)(term)
        kind = question.world.model.entities[kind][name].name
    return term


def holds(question: Question, applied: Applied) -> Any:
    """The flag by which the solver says that a rule applies."""
    return question.z3.Bool(f"holds.{applied.rule.id}")


def case_of(question: Question, applied: tuple[Applied, ...], model: Any) -> ModelCase:
    """A model of the solver as a question, with the answer that the solver believes."""
    reader = _Reader(question, model)
    actor, resource = (
        reader.ref(AttributeType(getattr(question.environment, end)), question.ends[end])
        for end in ("principal", "resource")
    )
    held: dict[str, list[str]] = {"permit": [], "forbid": []}
    for each in applied:
        if question.z3.is_true(model.eval(holds(question, each), model_completion=True)):
            held[each.rule.effect].append(each.rule.id)
    request = Request(
        actor=actor,
        action=question.environment.action,
        resource=resource,
        now=reader.moment(question.context["now"]),
        acr=reader.number(question.context["acr"]),
        entities=reader.walk((actor, resource)),
    )
    allowed = bool(held["permit"]) and not held["forbid"]
    return ModelCase(request, allowed, tuple(sorted(held["forbid"] or held["permit"])))


class _Reader:
    """Reads the values of a model, with model completion."""

    def __init__(self, question: Question, model: Any) -> None:
        self._world, self._z3, self._model = question.world, question.z3, model
        self._elements: dict[EntityRef, Any] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._codes = {str(made): code for (_, code), made in question.world.codes.items()}
        for kind, things in question.world.things.items() if question.pins else ():
            self._names[kind] = {str(self.value(thing)): name for name, thing in things.items()}
        self._known = {kind for kind, _, _ in question.pins}

    def value(self, term: Any) -> Any:
        return self._model.eval(term, model_completion=True)

    def number(self, term: Any) -> int:
        found: int = self.value(term).as_long()
        return max(SMALLEST, min(LARGEST, found))

    def moment(self, term: Any) -> datetime:
        return EPOCH + timedelta(milliseconds=max(0, min(LATEST_MS - 1, self.value(term).as_long())))

    def ref(self, kind: AttributeType, term: Any) -> EntityRef:
        element = self.value(term)
        if kind.name in self._world.model.enumerations:
            return EntityRef(kind.name, self._codes[str(element)])
        names = self._names.setdefault(kind.name, {})
        name = names.setdefault(str(element), f"{kind.name.lower()}-{len(names) + 1}")
        ref = EntityRef(kind.name, name)
        self._elements[ref] = element
        return ref

    def walk(self, ends: Iterable[EntityRef]) -> tuple[Entity, ...]:
        found: dict[EntityRef, Entity] = {}
        waiting = list(ends)
        while waiting:
            ref = waiting.pop()
            is_given = ref.type in self._known and ref.id in self._world.things[ref.type]
            if ref in found or is_given or ref.type not in self._world.model.entities:
                continue
            found[ref] = Entity(ref, self._attributes(ref))
            waiting += [value for value in found[ref].attributes.values() if isinstance(value, EntityRef)]
        return tuple(sorted(found.values(), key=lambda entity: entity.ref))

    def _attributes(self, ref: EntityRef) -> dict[str, Value]:
        element, found = self._elements[ref], {}
        for name, kind in self._world.model.entities[ref.type].items():
            is_there = not kind.is_optional or self._is_true(self._world.has(ref.type, name)(element))
            if is_there:
                found[name] = self._read(kind, self._world.attribute(ref.type, name)(element))
        return found

    def _read(self, kind: AttributeType, term: Any) -> Value:
        if kind.is_set:
            return self._members(kind.name, self.value(term))
        match kind.name:
            case "Bool":
                return self._is_true(term)
            case "Long":
                return self.number(term)
            case "datetime":
                return self.moment(term)
            case _:
                return self.ref(kind, term)

    def _members(self, name: str, members: Any) -> frozenset[EntityRef]:
        """The members of a set among the elements of its sort in this model.

        The solver may put into a set every element that it does not name (the default of the array). One
        element of our own stands for all those, so that sets that differ for the solver differ in the case.
        """
        codes = [made for (kind, _), made in self._world.codes.items() if kind == name]
        elements = codes or list(self._model.get_universe(self._world.sorts[name]) or ())
        chosen = [each for each in elements if self._is_true(self._world.sets(name).has(members, each))]
        found = {self.ref(AttributeType(name), each) for each in chosen}
        while self._z3.is_store(members):
            members = members.arg(0)
        if not codes and self._z3.is_K(members) and self._is_true(members.arg(0)):
            found.add(EntityRef(name, f"{name.lower()}-other"))
        return frozenset(found)

    def _is_true(self, formula: Any) -> bool:
        return bool(self._z3.is_true(self.value(formula)))
