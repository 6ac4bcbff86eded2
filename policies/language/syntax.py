"""Small questions about the syntax tree of a rule, on the nodes that our rules may use."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from typing import Any

from policies.language.cedar import pst

Path = tuple[str, ...]
TRUE, FALSE = pst.BoolLit(True), pst.BoolLit(False)


# Every node of the language, with what is directly below it: one that is not here is an error.
BELOW: Mapping[type, Callable[[Any], tuple[pst.Expr, ...]]] = {
    **dict.fromkeys(
        (pst.Var, pst.Slot, pst.BoolLit, pst.LongLit, pst.StringLit, pst.EntityLit), lambda _: ()
    ),
    **dict.fromkeys((pst.GetAttr, pst.HasAttr, pst.Like), lambda expr: (expr.base,)),
    pst.Is: lambda expr: (expr.base, expr.in_expr) if expr.in_expr else (expr.base,),
    pst.UnaryOp: lambda expr: (expr.arg,),
    pst.BinaryOp: lambda expr: (expr.left, expr.right),
    pst.Set: lambda expr: expr.elements,
    pst.IfThenElse: lambda expr: (expr.cond, expr.then_expr, expr.else_expr),
    pst.Record: lambda expr: tuple(expr.fields.values()),
}


def children(expr: pst.Expr) -> tuple[pst.Expr, ...]:
    """The expressions directly below one."""
    return BELOW[type(expr)](expr)


# How a node is made again over other expressions.
MADE_OVER: Mapping[type, Callable[..., pst.Expr]] = {
    **dict.fromkeys(
        (pst.GetAttr, pst.HasAttr, pst.Like), lambda expr, base: dataclasses.replace(expr, base=base)
    ),
    pst.Is: lambda expr, base, *inside: dataclasses.replace(
        expr, base=base, in_expr=inside[0] if inside else None
    ),
    pst.UnaryOp: lambda expr, arg: pst.UnaryOp(expr.op, arg),
    pst.BinaryOp: lambda expr, left, right: pst.BinaryOp(expr.op, left, right),
    pst.Set: lambda _, *elements: pst.Set(elements),
    pst.IfThenElse: lambda _, *parts: pst.IfThenElse(*parts),
    pst.Record: lambda expr, *values: pst.Record(pst.FrozenMap(zip(expr.fields, values, strict=True))),
}


def with_child(expr: pst.Expr, index: int, child: pst.Expr) -> pst.Expr:
    """The expression with another one in the place of its child number `index`."""
    below = children(expr)
    return MADE_OVER[type(expr)](expr, *below[:index], child, *below[index + 1 :])


def conjunction(parts: Iterable[pst.Expr]) -> pst.Expr:
    """`a && b && c`; true when there is no part."""
    listed = list(parts)
    if not listed:
        return TRUE
    return reduce(lambda left, right: pst.BinaryOp("and", left, right), listed)


def sides(op: pst.BinaryOpName, expr: pst.Expr) -> Iterator[pst.Expr]:
    """The operands of a chain of one operator: `sides("and", a && b && c)` are a, b, c."""
    match expr:
        case pst.BinaryOp(found, left, right) if found == op:
            yield from sides(op, left)
            yield from sides(op, right)
        case _:
            yield expr


def path_of(expr: pst.Expr) -> Path | None:
    """`resource.membership.user` as ("resource", "membership", "user"); None when it is something else."""
    match expr:
        case pst.Var(name):
            return (name,)
        case pst.GetAttr(base, attr):
            below = path_of(base)
            return (*below, attr) if below else None
        case _:
            return None


def paths_read(expr: pst.Expr) -> frozenset[Path]:
    """The longest attribute paths that an expression reads; `has` counts as reading its attribute."""
    return longest(_paths(expr))


def longest(paths: Iterable[Path]) -> frozenset[Path]:
    """The paths that no other one extends."""
    found = set(paths)
    prefixes = {path[:size] for path in found for size in range(1, len(path))}
    return frozenset(found - prefixes)


def _paths(expr: pst.Expr) -> Iterator[Path]:
    own = path_of(expr)
    if own:
        yield own
        return
    match expr:
        case pst.HasAttr(base, attrs) if below := path_of(base):
            yield (*below, *attrs)
        case _:
            for child in children(expr):
                yield from _paths(child)
