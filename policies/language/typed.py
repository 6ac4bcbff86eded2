"""The part of Cedar that our rules may use, node by node: its one list, for the check and for the encoder.

A `Reader` walks a condition in one environment, gives each node its type, and hands it to a maker that makes
of it what its user needs: nothing (the check) or a formula (the proofs). Whatever it does not read exactly is
`Unsupported`, with the reason; there is no other list and no default.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from policies.catalogue.limits import duration_of
from policies.language.cedar import pst
from policies.language.model import AttributeType, Environment, Model

BOOL, LONG = AttributeType("Bool"), AttributeType("Long")
DURATION, DATETIME = AttributeType("duration"), AttributeType("datetime")
ORDERED = (LONG, DATETIME, DURATION)
OUTSIDE = "is outside the supported part of Cedar"
_Read = tuple[Any, AttributeType]
_Fit = Callable[[AttributeType, AttributeType], bool]


class Unsupported(Exception):
    """A node that the tools do not read exactly: refused by the check, an error in proofs, never skipped."""


def _ordered(one: AttributeType, two: AttributeType) -> bool:
    return one == two and one in ORDERED


def _sets(one: AttributeType, two: AttributeType) -> bool:
    return one.is_set and one == two


# Each operator of two sides: which types it takes, and the type of its result.
OPERATORS: Mapping[str, tuple[_Fit, AttributeType]] = {
    **dict.fromkeys(("and", "or"), (lambda one, two: one == two == BOOL, BOOL)),
    **dict.fromkeys(("eq", "not_eq"), (lambda one, two: one == two, BOOL)),
    **dict.fromkeys(("less", "less_eq", "greater", "greater_eq"), (_ordered, BOOL)),
    "contains": (lambda one, two: one.is_set and not two.is_set and one.name == two.name, BOOL),
    **dict.fromkeys(("contains_all", "contains_any"), (_sets, BOOL)),
    "offset": (lambda one, two: (one, two) == (DATETIME, DURATION), DATETIME),
    "duration_since": (lambda one, two: (one, two) == (DATETIME, DATETIME), DURATION),
}
# What a maker is called with: the operators above by their names, and these.
MADE = frozenset(
    (*OPERATORS, "bool", "long", "duration", "code", "end", "context", "attribute", "has", "not", "is_empty",
     "set", "if")
)  # fmt: skip


class Reader:
    """Reads conditions of one environment; `make(name, *parts)` makes of a node what its user needs."""

    def __init__(self, model: Model, environment: Environment, make: Callable[..., Any]) -> None:
        self._model, self._environment, self._make = model, environment, make
        self._nodes: Mapping[type, Callable[[Any], _Read]] = {
            pst.BoolLit: lambda expr: (make("bool", expr.value), BOOL),
            pst.LongLit: lambda expr: (make("long", expr.value), LONG),
            pst.EntityLit: self._code,
            pst.Var: self._end,
            pst.GetAttr: self._attribute,
            pst.HasAttr: self._has,
            pst.Is: self._is,
            pst.UnaryOp: self._unary,
            pst.BinaryOp: self._binary,
            pst.Set: self._set,
            pst.IfThenElse: self._if,
        }

    def read(self, expr: pst.Expr) -> _Read:
        """What the maker makes of an expression, and its type.

        Raises:
            Unsupported: a node that is not read exactly; the message says which and why.
        """
        node = self._nodes.get(type(expr))
        return node(expr) if node else _refuse(f"{type(expr).__name__} {OUTSIDE}")

    def _code(self, expr: pst.EntityLit) -> _Read:
        kind, code = str(expr.value.type), expr.value.id
        if code not in self._model.enumerations.get(kind, ()):
            _refuse(f'{kind}::"{code}" is one thing of the database: rules name codes of the catalogue only')
        return self._make("code", kind, code), AttributeType(kind)

    def _end(self, expr: pst.Var) -> _Read:
        if expr.name not in ("principal", "resource"):
            _refuse(f"{expr.name} as a whole {OUTSIDE}")
        return self._make("end", expr.name), AttributeType(getattr(self._environment, expr.name))

    def _attribute(self, expr: pst.GetAttr) -> _Read:
        if expr.base == pst.Var("context"):
            _expect(expr.attr in self._model.context, f"the context has no {expr.attr}")
            return self._make("context", expr.attr), self._model.context[expr.attr]
        base, kind = self.read(expr.base)
        found = self._attributes_of(kind).get(expr.attr)
        if found is None:
            _refuse(f"{kind.name} has no attribute {expr.attr}")
        return self._make("attribute", kind.name, expr.attr, base), AttributeType(found.name, found.is_set)

    def _has(self, expr: pst.HasAttr) -> _Read:
        _expect(len(expr.attrs) == 1, f"`has` of a path {OUTSIDE}: ask step by step")
        (name,) = expr.attrs
        if expr.base == pst.Var("context"):
            return self._make("bool", name in self._model.context), BOOL
        base, kind = self.read(expr.base)
        known = self._attributes_of(kind)
        if name in known and known[name].is_optional:
            return self._make("has", kind.name, name, base), BOOL
        return self._make("bool", name in known), BOOL

    def _attributes_of(self, kind: AttributeType) -> Mapping[str, AttributeType]:
        _expect(_is_thing(kind), f"a {_told(kind)} has no attributes")
        return self._model.entities.get(kind.name, {})

    def _is(self, expr: pst.Is) -> _Read:
        _expect(expr.in_expr is None, f"`is … in` {OUTSIDE}")
        _, kind = self.read(expr.base)
        _expect(_is_thing(kind), f"`is` of a {_told(kind)} {OUTSIDE}")
        return self._make("bool", kind.name == str(expr.entity_type)), BOOL

    def _unary(self, expr: pst.UnaryOp) -> _Read:
        match expr:
            case pst.UnaryOp("not", arg):
                return self._make("not", self._boolean(arg)), BOOL
            case pst.UnaryOp("is_empty", arg):
                members, kind = self.read(arg)
                _expect(kind.is_set, f"isEmpty of a {_told(kind)} {OUTSIDE}")
                return self._make("is_empty", members, kind.name), BOOL
            case pst.UnaryOp("duration", pst.StringLit(text)):
                length = duration_of(text)
                _expect(length is not None, f'duration("{text}") is no length of time that a date can bear')
                return self._make("duration", length), DURATION
            case _:
                return _refuse(f"{expr.op} {OUTSIDE}")

    def _boolean(self, expr: pst.Expr) -> Any:
        made, kind = self.read(expr)
        _expect(kind == BOOL, f"a {_told(kind)} is no condition")
        return made

    def _binary(self, expr: pst.BinaryOp) -> _Read:
        op = expr.op
        if op not in OPERATORS:
            _refuse(f"{op} {OUTSIDE}")
        (left, one), (right, two) = self.read(expr.left), self.read(expr.right)
        if op in ("eq", "not_eq") and one.name != two.name and _is_thing(one) and _is_thing(two):
            return self._make("bool", op == "not_eq"), BOOL
        fits, result = OPERATORS[op]
        _expect(fits(one, two), f"{op} of a {_told(one)} and a {_told(two)} {OUTSIDE}")
        return self._make(op, left, right, one.name), result

    def _set(self, expr: pst.Set) -> _Read:
        _expect(bool(expr.elements), f"an empty set literal {OUTSIDE}: say isEmpty()")
        read = [self.read(element) for element in expr.elements]
        kind, *others = dict.fromkeys(kind for _, kind in read)
        _expect(not others, f"a set of several types {OUTSIDE}")
        _expect(not kind.is_set, f"a set of sets {OUTSIDE}")
        return self._make("set", [made for made, _ in read], kind.name), AttributeType(kind.name, is_set=True)

    def _if(self, expr: pst.IfThenElse) -> _Read:
        test = self._boolean(expr.cond)
        (then, one), (otherwise, two) = self.read(expr.then_expr), self.read(expr.else_expr)
        _expect(one == two, f"`if` that gives a {_told(one)} or a {_told(two)} {OUTSIDE}")
        return self._make("if", test, then, otherwise), one


def _is_thing(kind: AttributeType) -> bool:
    return kind.is_entity and kind not in (*ORDERED, BOOL)


def _told(kind: AttributeType) -> str:
    return f"set of {kind.name}" if kind.is_set else kind.name


def _expect(holds: bool, message: str) -> None:
    if not holds:
        _refuse(message)


def _refuse(message: str) -> NoReturn:
    raise Unsupported(message)


def type_in(model: Model, environment: Environment, expr: pst.Expr) -> AttributeType:
    """The type of an expression in an environment.

    Raises:
        Unsupported: a node that the tools do not read exactly.
    """
    return Reader(model, environment, _nothing).read(expr)[1]


def _nothing(_name: str, *_parts: Sequence[Any]) -> None:
    """Makes nothing: for who wants the type alone."""
