"""The encoder: the rules as formulas for the solver z3, for every content of the database at once.

One constant stands for the principal, one for the resource, one for each field of the context; attributes are
uninterpreted functions on sorts without bound. So what is proved holds for any number of people, structures
and services. This module is the trusted part of the proofs, with `language.typed`, which says which nodes
there are and refuses every other one; its models are replayed in the engine (see `models`).

Time is an integer of milliseconds since 1970; sets are in `sets`. Reading an absent optional attribute gives
any value here and an error in Cedar: sound only because the validator refuses a rule that reads it unguarded.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

from policies.catalogue.faults import BadSource, Fault
from policies.language.cedar import pst
from policies.language.environments import Applied
from policies.language.model import AttributeType, Environment, Model
from policies.language.typed import BOOL, Reader, Unsupported
from policies.review.proofs.sets import Sets

TIMEOUT_MS = 20_000
_MILLISECOND = timedelta(milliseconds=1)
_numbers = count()


@cache
def load_z3() -> Any:
    """The solver.

    Raises:
        BadSource: it is not installed; the portal runs without it.
    """
    try:
        return importlib.import_module("z3")
    except ImportError as error:
        message = "the proofs need z3-solver: install the extra `review` (pip install -e '.[review]')"
        raise BadSource([Fault("z3", 0, "", message)]) from error


class World:
    """The sorts and functions of one schema."""

    def __init__(self, model: Model) -> None:
        self.z3 = load_z3()
        self.model = model
        tag = next(_numbers)
        self.sorts: dict[str, Any] = {
            "Bool": self.z3.BoolSort(),
            "Long": self.z3.IntSort(),
            "datetime": self.z3.IntSort(),
            "duration": self.z3.IntSort(),
        }
        self.codes: dict[tuple[str, str], Any] = {}
        for name, codes in model.enumerations.items():
            # Names of constants are global in the solver: the tag keeps two schemas apart.
            sort, constants = self.z3.EnumSort(f"{name}.{tag}", [f"{name}.{tag}.{code}" for code in codes])
            self.sorts[name] = sort
            self.codes.update({(name, code): made for code, made in zip(codes, constants, strict=True)})
        for name in model.entities:
            self.sorts[name] = self.z3.DeclareSort(f"{name}.{tag}")
        self._tag = tag
        self.things: dict[str, dict[str, Any]] = {}
        self._sets: dict[str, Sets] = {}

    def sort_of(self, kind: AttributeType) -> Any:
        """The sort of a type."""
        return self.sets(kind.name).sort if kind.is_set else self.sorts[kind.name]

    def sets(self, element: str) -> Sets:
        """The sets of a type of elements."""
        if element not in self._sets:
            codes = tuple(made for (kind, _), made in self.codes.items() if kind == element)
            flags = (self.z3.BoolVal(False), self.z3.BoolVal(True)) if element == "Bool" else ()
            self._sets[element] = Sets(self.z3, self.sorts[element], codes or flags)
        return self._sets[element]

    def attribute(self, entity: str, name: str) -> Any:
        """The function that gives an attribute of an entity type."""
        kind = self.model.entities[entity][name]
        return self.z3.Function(f"{entity}.{name}.{self._tag}", self.sorts[entity], self.sort_of(kind))

    def thing(self, entity: str, name: str) -> Any:
        """A thing by its id, as a service of the catalogue; `distinct`: ids name different things."""
        known = self.things.setdefault(entity, {})
        if name not in known:
            known[name] = self.z3.Const(f"{entity}.{name}.{self._tag}", self.sorts[entity])
        return known[name]

    def distinct(self) -> list[Any]:
        """Things of one type with different ids are different."""
        return [self.z3.Distinct(*named.values()) for named in self.things.values() if len(named) > 1]

    def has(self, entity: str, name: str) -> Any:
        """The predicate that tells whether an optional attribute is there."""
        return self.z3.Function(f"has.{entity}.{name}.{self._tag}", self.sorts[entity], self.z3.BoolSort())


_worlds: dict[str, World] = {}


def world_of(model: Model) -> World:
    """The world of a schema; two revisions with one schema share it, so that they can be compared."""
    if model.schema_text not in _worlds:
        _worlds[model.schema_text] = World(model)
    return _worlds[model.schema_text]


Pins = Mapping[tuple[str, str, Any], tuple[bool, Any]]
NO_PINS: Pins = {}


class Question:
    """Any question of one environment: its actor, its resource, its context, and what rules say of them.

    Which nodes there are, and their types, is `typed.Reader`; what each one means is a line of `_makers`.
    """

    def __init__(
        self, world: World, environment: Environment, model: Model | None = None, pins: Pins = NO_PINS
    ) -> None:
        """Ask about an environment.

        Args:
            world: the symbols.
            environment: the kind of question.
            model: the schema that the rules are written for, where the symbols are those of two schemas.
            pins: what is known of some things: (type, attribute, thing) -> whether it is there, its value.
        """
        self.world, self.environment, self.z3, self.pins = world, environment, world.z3, pins
        self.ends = {
            end: self.z3.Const(f"{end}.{environment}", world.sorts[getattr(environment, end)])
            for end in ("principal", "resource")
        }
        self.context = {
            name: self.z3.Const(f"context.{name}", world.sort_of(kind))
            for name, kind in world.model.context.items()
        }
        makers = {**_makers(self), **OPERATORS}
        self._truths: dict[pst.Expr, Any] = {}
        self._reader = Reader(model or world.model, environment, lambda name, *parts: makers[name](*parts))

    def allow(self, applied: Iterable[Applied]) -> Any:
        """Some permit holds and no forbid does."""
        listed = list(applied)
        permits = [self.truth(each.condition) for each in listed if each.rule.effect == "permit"]
        forbids = [self.truth(each.condition) for each in listed if each.rule.effect == "forbid"]
        return self.z3.And(self.z3.Or(permits), self.z3.Not(self.z3.Or(forbids)))

    def truth(self, expr: pst.Expr) -> Any:
        """A condition, specialised to this environment, as a formula.

        Raises:
            Unsupported: it has a node outside the supported part of Cedar.
        """
        if expr not in self._truths:
            term, kind = self._reader.read(expr)
            if kind != BOOL:
                raise Unsupported(f"a {kind.name} is no condition")
            self._truths[expr] = term
        return self._truths[expr]


# The operators that the solver has itself; the third part is the type of the elements of the left side.
OPERATORS: Mapping[str, Callable[[Any, Any, str], Any]] = {
    "and": lambda left, right, _: load_z3().And(left, right),
    "or": lambda left, right, _: load_z3().Or(left, right),
    "eq": lambda left, right, _: left == right,
    "not_eq": lambda left, right, _: left != right,
    "less": lambda left, right, _: left < right,
    "less_eq": lambda left, right, _: left <= right,
    "greater": lambda left, right, _: left > right,
    "greater_eq": lambda left, right, _: left >= right,
    "offset": lambda left, right, _: left + right,
    "duration_since": lambda left, right, _: left - right,
}


def _makers(question: Question) -> Mapping[str, Callable[..., Any]]:
    """Each other node, and the operators on sets."""
    world, z3 = question.world, question.z3

    def attribute(entity: str, name: str, base: Any) -> Any:
        pin = question.pins.get((entity, name, base))
        return world.attribute(entity, name)(base) if pin is None or pin[1] is None else pin[1]

    def has(entity: str, name: str, base: Any) -> Any:
        pin = question.pins.get((entity, name, base))
        return world.has(entity, name)(base) if pin is None else z3.BoolVal(pin[0])

    return {
        "bool": z3.BoolVal,
        "long": z3.IntVal,
        "duration": lambda length: z3.IntVal(length // _MILLISECOND),
        "code": lambda kind, code: world.codes[kind, code],
        "end": lambda name: question.ends[name],
        "context": lambda name: question.context[name],
        "attribute": attribute,
        "has": has,
        "not": z3.Not,
        "is_empty": lambda held, element: held == world.sets(element).empty,
        "set": lambda elements, element: world.sets(element).of(elements),
        "if": z3.If,
        "contains": lambda left, right, element: world.sets(element).has(left, right),
        "contains_all": lambda left, right, element: world.sets(element).has_all(left, right),
        "contains_any": lambda left, right, element: world.sets(element).has_any(left, right),
    }
