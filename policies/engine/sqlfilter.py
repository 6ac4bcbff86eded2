"""Rules compiled to SQL: which rows of a list an actor may act upon, in one query.

    where(policies, Ask(action, actor, now, acr, "Habilitation"), columns)

gives one SQLAlchemy expression, or(permits) and not or(forbids). The layer knows no table: the caller says
which column holds each path (`resource.state`) and which rows make each set. Actor and
context become bound parameters. Services and espaces are not rows but the catalogue: a condition on them is
spelt out service by service. Lists are shown after the engine decided each row of the page again.

SQL knows a third truth value: only an attribute that the rules guard with `has` may be NULL, and `has` is
`IS NOT NULL`. Instants must be stored so that their order is the order of time.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, not_, or_, select, true

from policies.catalogue.limits import duration_of
from policies.engine.facts import catalogue_entities
from policies.engine.request import Entity, EntityRef
from policies.engine.revision import Policies
from policies.language.cedar import pst
from policies.language.environments import applied_rules
from policies.language.model import Environment
from policies.language.syntax import path_of, paths_read

COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "not_eq": operator.ne,
    "less": operator.lt,
    "less_eq": operator.le,
    "greater": operator.gt,
    "greater_eq": operator.ge,
}
FLIPPED = {"less": "greater", "less_eq": "greater_eq", "greater": "less", "greater_eq": "less_eq"}
CATALOGUE = ("Service", "Espace")


class NoColumn(LookupError):
    """A path that the caller gave no column for, or a form that has no SQL here."""


@dataclass(frozen=True, slots=True)
class SetOf:
    """A set attribute as rows: `member` is the column of the elements, `rows` ties them to the outer row."""

    member: ColumnElement[Any]
    rows: ColumnElement[bool]

    def contains(self, element: Any) -> ColumnElement[bool]:
        """The element is there.

        A column is looked up among the elements, so that a few of them are found in a table of many people.
        """
        if isinstance(element, ColumnElement):
            return element.in_(select(self.member).where(self.rows))
        return exists().where(self.rows, self.member == element)

    def is_empty(self) -> ColumnElement[bool]:
        """No element is there."""
        return not_(exists().where(self.rows))

    def is_only(self, element: Any) -> ColumnElement[bool]:
        """The element is there and no other one."""
        return and_(self.contains(element), not_(exists().where(self.rows, self.member != element)))


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the facts of a resource are: dotted path -> column, dotted path -> set."""

    values: Mapping[str, ColumnElement[Any]]
    sets: Mapping[str, SetOf]


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks for what, on rows of which type."""

    action: str
    actor: Entity
    now: datetime
    acr: int
    resource: str


def where(policies: Policies, ask: Ask, columns: Columns) -> ColumnElement[bool]:
    """The rows on which the actor may do the action.

    Raises:
        NoColumn: a path without column, or an operator without SQL.
    """
    environment = Environment(ask.actor.ref.type, ask.action, ask.resource)
    applied = applied_rules(policies.rules, policies.model, environment)
    compiler = _Compiler(policies, ask, columns)
    found: dict[str, list[ColumnElement[bool]]] = {"permit": [], "forbid": []}
    for each in applied:
        found[each.rule.effect].append(compiler.condition(each.condition))
    return and_(or_(false(), *found["permit"]), not_(or_(false(), *found["forbid"])))


class _Compiler:
    """Compiles conditions; a value is a Python value when it is known, else a column or a set."""

    def __init__(self, policies: Policies, ask: Ask, columns: Columns) -> None:
        self._ask, self._columns = ask, columns
        self._catalogue = {entity.ref: entity for entity in catalogue_entities(policies.catalogue)}
        self._services = [ref for ref in self._catalogue if ref.type == "Service"]
        self._service: EntityRef | None = None

    def condition(self, expr: pst.Expr) -> ColumnElement[bool]:
        """A condition; one that reads the catalogue is spelt out for each service."""
        through_service = any(
            path[:2] == ("resource", "service") and len(path) > 2 for path in paths_read(expr)
        )
        if not through_service:
            return self._truth(expr)
        cases = []
        for service in self._services:
            self._service = service
            is_this = self._columns.values["resource.service"] == service.id
            cases.append(and_(is_this, self._truth(expr)))
        self._service = None
        return or_(*cases)

    def _truth(self, expr: pst.Expr) -> ColumnElement[bool]:
        made = self._value(expr)
        return (true() if made else false()) if isinstance(made, bool) else made

    def _value(self, expr: pst.Expr) -> Any:
        match expr:
            case pst.BoolLit(value) | pst.LongLit(value):
                return value
            case pst.EntityLit(uid):
                return uid.id
            case pst.UnaryOp():
                return self._unary(expr)
            case pst.BinaryOp():
                return self._binary(expr)
            case pst.HasAttr(base, (name,)):
                held = self._at(pst.GetAttr(base, name))
                return held.is_not(None) if isinstance(held, ColumnElement) else held is not None
            case pst.Var() | pst.GetAttr():
                return self._at(expr)
            case _:
                raise NoColumn(f"{type(expr).__name__} has no SQL")

    def _unary(self, expr: pst.UnaryOp) -> Any:
        match expr:
            case pst.UnaryOp("not", arg):
                return not_(self._truth(arg))
            case pst.UnaryOp("is_empty", arg):
                members = self._value(arg)
                return members.is_empty() if isinstance(members, SetOf) else not members
            case pst.UnaryOp("duration", pst.StringLit(text)):
                return duration_of(text)
            case _:
                raise NoColumn(f"{expr.op} has no SQL")

    def _binary(self, expr: pst.BinaryOp) -> Any:
        match expr:
            case pst.BinaryOp("and" | "or" as op, left, right):
                return JOIN[op](self._truth(left), self._truth(right))
            case pst.BinaryOp("contains" | "contains_any" as op, left, right):
                return MEMBERSHIP[op](self._value(left), self._value(right))
            case pst.BinaryOp("eq", left, pst.Set((element,))):
                return self._value(left).is_only(self._value(element))
            case pst.BinaryOp(op, pst.BinaryOp("duration_since", later, earlier), right) if op in FLIPPED:
                return _since(op, self._value(later), self._value(earlier), self._value(right))
            case pst.BinaryOp(op, left, right) if op in COMPARE:
                return COMPARE[op](self._value(left), self._value(right))
            case _:
                raise NoColumn(f"{expr.op} has no SQL")

    def _at(self, expr: pst.Expr) -> Any:
        path = path_of(expr)
        if path is None:
            raise NoColumn("a value that is no path has no SQL")
        if path[0] == "context":
            return self._ask.now if path[1] == "now" else self._ask.acr
        if path[0] == "principal":
            return (
                _plain(self._ask.actor.attributes.get(path[1])) if len(path) > 1 else self._ask.actor.ref.id
            )
        if self._service is not None and path[:2] == ("resource", "service"):
            return self._known(path[2:])
        dotted = ".".join(path)
        if dotted in self._columns.sets:
            return self._columns.sets[dotted]
        if dotted not in self._columns.values:
            raise NoColumn(dotted)
        return self._columns.values[dotted]

    def _known(self, names: Iterable[str]) -> Any:
        """An attribute of the service at hand, from the catalogue."""
        value: Any = self._service
        for name in names:
            value = self._catalogue[value].attributes.get(name)
        return _plain(value)


def _plain(value: Any) -> Any:
    match value:
        case EntityRef():
            return value.id
        case frozenset():
            return frozenset(each.id for each in value)
        case _:
            return value


def _contains(members: Any, element: Any) -> Any:
    if isinstance(members, SetOf):
        return members.contains(element)
    if isinstance(element, ColumnElement):
        return element.in_(sorted(members)) if members else false()
    return element in members


def _intersect(left: Any, right: Any) -> Any:
    if isinstance(left, frozenset) and isinstance(right, SetOf):
        return or_(false(), *(right.contains(element) for element in sorted(left)))
    raise NoColumn("contains_any has SQL for a set of the catalogue and a set of rows")


def _since(op: str, later: Any, earlier: Any, length: timedelta) -> Any:
    """`later - earlier <op> length`, as a comparison of one column with a known moment."""
    if isinstance(earlier, ColumnElement):
        return COMPARE[FLIPPED[op]](earlier, later - length)
    return COMPARE[op](later, earlier + length)


JOIN: Mapping[str, Callable[[Any, Any], Any]] = {"and": and_, "or": or_}
MEMBERSHIP: Mapping[str, Callable[[Any, Any], Any]] = {"contains": _contains, "contains_any": _intersect}
