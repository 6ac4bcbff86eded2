"""Small questions about the syntax tree of a rule, on the nodes that our rules may use."""

import dataclasses
from collections.abc import Iterable, Iterator
from functools import reduce

from policies.language.cedar import pst

__all__ = [
    "FALSE",
    "TRUE",
    "Path",
    "children",
    "conjunction",
    "longest",
    "path_of",
    "paths_read",
    "sides",
    "with_child",
]

Path = tuple[str, ...]
TRUE, FALSE = pst.BoolLit(True), pst.BoolLit(False)


def children(expr: pst.Expr) -> tuple[pst.Expr, ...]:
    """The expressions directly below one."""
    match expr:
        case pst.UnaryOp(_, arg):
            return (arg,)
        case pst.BinaryOp(_, left, right):
            return (left, right)
        case pst.GetAttr(base, _) | pst.HasAttr(base, _) | pst.Is(base, _, _):
            return (base,)
        case pst.Set(elements):
            return elements
        case pst.IfThenElse(cond, then_expr, else_expr):
            return (cond, then_expr, else_expr)
        case _:
            return ()


def with_child(expr: pst.Expr, index: int, child: pst.Expr) -> pst.Expr:
    """The expression with another one in the place of its child number `index`."""
    below = (*children(expr)[:index], child, *children(expr)[index + 1 :])
    match expr:
        case pst.UnaryOp(op):
            return pst.UnaryOp(op, *below)
        case pst.BinaryOp(op):
            return pst.BinaryOp(op, *below)
        case pst.GetAttr() | pst.HasAttr() | pst.Is():
            return dataclasses.replace(expr, base=child)
        case pst.IfThenElse():
            return pst.IfThenElse(*below)
        case pst.Set():
            return pst.Set(below)
        case _:
            raise IndexError(index)


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
