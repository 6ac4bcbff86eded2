"""The encoder: the rules as formulas for the solver z3, for every content of the database at once.

One constant stands for the principal, one for the resource, one for each field of the context; attributes are
uninterpreted functions on sorts without bound. So what is proved holds for any number of people, structures
and services. This module is the trusted part of the proofs: it handles each node of the supported subset in
one line, refuses every other node, and its models are replayed in the engine (see `models`).

Time is an integer of milliseconds since 1970; a set is an array from its elements to Bool. Reading an absent
optional attribute gives any value here and an error in Cedar: sound only because the validator refuses a rule
that reads one unguarded.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.limits import duration_of
from policies.language.cedar import pst
from policies.language.environments import Applied
from policies.language.model import AttributeType, Environment, Model

__all__ = ["TIMEOUT_MS", "Question", "Unsupported", "World", "load_z3", "world_of"]

TIMEOUT_MS = 20_000
_MILLISECOND = timedelta(milliseconds=1)
_numbers = count()


class Unsupported(Exception):
    """A node of the syntax tree that the encoder does not know: an error, never skipped."""


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

    def sort_of(self, kind: AttributeType) -> Any:
        """The sort of a type."""
        sort = self.sorts[kind.name]
        return self.z3.SetSort(sort) if kind.is_set else sort

    def attribute(self, entity: str, name: str) -> Any:
        """The function that gives an attribute of an entity type."""
        kind = self.model.entities[entity][name]
        return self.z3.Function(f"{entity}.{name}.{self._tag}", self.sorts[entity], self.sort_of(kind))

    def has(self, entity: str, name: str) -> Any:
        """The predicate that tells whether an optional attribute is there."""
        return self.z3.Function(f"has.{entity}.{name}.{self._tag}", self.sorts[entity], self.z3.BoolSort())


_worlds: dict[str, World] = {}


def world_of(model: Model) -> World:
    """The world of a schema; two revisions with one schema share it, so that they can be compared."""
    if model.schema_text not in _worlds:
        _worlds[model.schema_text] = World(model)
    return _worlds[model.schema_text]


Term = tuple[Any, AttributeType]
BOOL, LONG = AttributeType("Bool"), AttributeType("Long")
DURATION, DATETIME = AttributeType("duration"), AttributeType("datetime")


# Each operator as z3 has it: (the library, left, right, the sort of the elements of left).
OPERATORS: Mapping[str, Callable[[Any, Any, Any, Any], Any]] = {
    "and": lambda z3, left, right, _: z3.And(left, right),
    "or": lambda z3, left, right, _: z3.Or(left, right),
    "eq": lambda z3, left, right, _: left == right,
    "not_eq": lambda z3, left, right, _: left != right,
    "less": lambda z3, left, right, _: left < right,
    "less_eq": lambda z3, left, right, _: left <= right,
    "greater": lambda z3, left, right, _: left > right,
    "greater_eq": lambda z3, left, right, _: left >= right,
    "offset": lambda z3, left, right, _: left + right,
    "duration_since": lambda z3, left, right, _: left - right,
    "contains": lambda z3, left, right, _: z3.IsMember(right, left),
    "contains_all": lambda z3, left, right, _: z3.IsSubset(right, left),
    "contains_any": lambda z3, left, right, sort: z3.SetIntersect(left, right) != z3.EmptySet(sort),
}
RESULTS = {"offset": DATETIME, "duration_since": DURATION}


class Question:
    """Any question of one environment: its actor, its resource, its context, and what rules say of them."""

    def __init__(self, world: World, environment: Environment) -> None:
        self.world, self.environment, self.z3 = world, environment, world.z3
        self.ends = {
            end: self.z3.Const(f"{end}.{environment}", world.sorts[getattr(environment, end)])
            for end in ("principal", "resource")
        }
        self.context = {
            name: self.z3.Const(f"context.{name}", world.sort_of(kind))
            for name, kind in world.model.context.items()
        }

    def allow(self, applied: Iterable[Applied]) -> Any:
        """Some permit holds and no forbid does."""
        listed = list(applied)
        permits = [self.truth(each.condition) for each in listed if each.rule.effect == "permit"]
        forbids = [self.truth(each.condition) for each in listed if each.rule.effect == "forbid"]
        return self.z3.And(self.z3.Or(permits), self.z3.Not(self.z3.Or(forbids)))

    def truth(self, expr: pst.Expr) -> Any:
        """A condition, specialised to this environment, as a formula.

        Raises:
            Unsupported: it has a node outside the supported subset.
        """
        return self.term(expr)[0]

    def term(self, expr: pst.Expr) -> Term:
        """An expression as a term with its Cedar type."""
        match expr:
            case pst.BoolLit() | pst.LongLit() | pst.EntityLit() | pst.Var():
                return self._leaf(expr)
            case pst.GetAttr() | pst.HasAttr():
                return self._attribute(expr)
            case pst.UnaryOp():
                return self._unary(expr)
            case pst.BinaryOp():
                return self._binary(expr)
            case pst.Set(elements) if elements:
                return self._set([self.term(element) for element in elements])
            case pst.IfThenElse(cond, then_expr, else_expr):
                (then, kind), (otherwise, _) = self.term(then_expr), self.term(else_expr)
                return self.z3.If(self.truth(cond), then, otherwise), kind
            case _:
                raise Unsupported(type(expr).__name__)

    def _leaf(self, expr: pst.Expr) -> Term:
        match expr:
            case pst.BoolLit(value):
                return self.z3.BoolVal(value), BOOL
            case pst.LongLit(value):
                return self.z3.IntVal(value), LONG
            case pst.EntityLit(uid):
                return self._code(str(uid.type), uid.id)
            case pst.Var("principal" | "resource" as name):
                return self.ends[name], AttributeType(getattr(self.environment, name))
            case _:
                raise Unsupported(str(expr))

    def _code(self, kind: str, code: str) -> Term:
        if (kind, code) not in self.world.codes:
            raise Unsupported(f'{kind}::"{code}"')
        return self.world.codes[kind, code], AttributeType(kind)

    def _attribute(self, expr: pst.GetAttr | pst.HasAttr) -> Term:
        if expr.base == pst.Var("context") and isinstance(expr, pst.GetAttr):
            return self.context[expr.attr], self.world.model.context[expr.attr]
        base, kind = self.term(expr.base)
        known = self.world.model.entities[kind.name]
        if isinstance(expr, pst.GetAttr):
            return self.world.attribute(kind.name, expr.attr)(base), known[expr.attr]
        (name,) = expr.attrs
        if name not in known or not known[name].is_optional:
            return self.z3.BoolVal(name in known), BOOL
        return self.world.has(kind.name, name)(base), BOOL

    def _unary(self, expr: pst.UnaryOp) -> Term:
        match expr:
            case pst.UnaryOp("not", arg):
                return self.z3.Not(self.truth(arg)), BOOL
            case pst.UnaryOp("is_empty", arg):
                members, kind = self.term(arg)
                return members == self.z3.EmptySet(self.world.sorts[kind.name]), BOOL
            case pst.UnaryOp("duration", pst.StringLit(text)) if (length := duration_of(text)) is not None:
                return self.z3.IntVal(length // _MILLISECOND), DURATION
            case _:
                raise Unsupported(expr.op)

    def _binary(self, expr: pst.BinaryOp) -> Term:
        (left, kind), (right, other) = self.term(expr.left), self.term(expr.right)
        if expr.op not in OPERATORS:
            raise Unsupported(expr.op)
        if expr.op in ("eq", "not_eq") and kind.name != other.name:
            return self.z3.BoolVal(expr.op == "not_eq"), BOOL
        made = OPERATORS[expr.op](self.z3, left, right, self.world.sorts.get(kind.name))
        return made, RESULTS.get(expr.op, BOOL)

    def _set(self, elements: list[Term]) -> Term:
        kind = elements[0][1]
        made = self.z3.EmptySet(self.world.sorts[kind.name])
        for element, _ in elements:
            made = self.z3.SetAdd(made, element)
        return made, AttributeType(kind.name, is_set=True)
