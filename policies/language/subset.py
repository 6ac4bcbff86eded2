"""The part of Cedar that our rules may use: what every tool here understands, node by node.

Refused: hierarchies (`in`), `like`, decimals, addresses, templates, records, tags, empty set literals, sums.
A node that is not listed is refused too, so that a new version of the language cannot slip past the tools.
"""

from collections.abc import Iterator

from policies.catalogue.limits import duration_of
from policies.language.cedar import pst
from policies.language.syntax import children

__all__ = ["outside_subset"]

PLAIN = (pst.Var, pst.BoolLit, pst.LongLit, pst.EntityLit, pst.GetAttr, pst.IfThenElse)
UNARY = ("not", "is_empty")
COMPARISONS = ("eq", "not_eq", "less", "less_eq", "greater", "greater_eq")
BINARY = ("and", "or", *COMPARISONS, "contains", "contains_any", "contains_all", "offset", "duration_since")


def outside_subset(expr: pst.Expr) -> Iterator[str]:
    """A name for each node outside the supported subset."""
    if not _is_supported(expr):
        yield expr.op if isinstance(expr, (pst.UnaryOp, pst.BinaryOp)) else type(expr).__name__
    elif not (isinstance(expr, pst.UnaryOp) and expr.op == "duration"):
        for child in children(expr):
            yield from outside_subset(child)


def _is_supported(expr: pst.Expr) -> bool:
    match expr:
        case pst.UnaryOp("duration", pst.StringLit(text)):
            return duration_of(text) is not None
        case pst.UnaryOp(op):
            return op in UNARY
        case pst.BinaryOp(op):
            return op in BINARY
        case pst.HasAttr(_, (_,)) | pst.Is(_, _, None):
            return True
        case pst.Set(elements):
            return bool(elements)
        case _:
            return isinstance(expr, PLAIN)
