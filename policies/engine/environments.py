"""What the rules say in one environment: which apply, their conditions there, the attributes they read."""

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce

from policies.engine.cedar import pst
from policies.engine.faults import BadSource
from policies.engine.model import Environment, Model
from policies.engine.statements import Rule

__all__ = ["Applied", "Path", "applied_rules", "cone", "path_of", "paths_read", "scope_holds", "specialise"]

Path = tuple[str, ...]
TRUE, FALSE = pst.BoolLit(True), pst.BoolLit(False)


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule in an environment where its scope holds, with what remains of its conditions there."""

    rule: Rule
    condition: pst.Expr


def applied_rules(rules: Iterable[Rule], model: Model, environment: Environment) -> tuple[Applied, ...]:
    """The rules that can matter in an environment; a condition that is constantly false drops its rule."""
    found = []
    for rule in rules:
        if scope_holds(rule, model, environment):
            condition = specialise(whole_condition(rule.template), model, environment)
            if condition != FALSE:
                found.append(Applied(rule, condition))
    return tuple(found)


def scope_holds(rule: Rule, model: Model, environment: Environment) -> bool:
    """Whether the scope admits the environment, decided by types and action groups alone.

    Raises:
        BadSource: a scope that names one entity or a hierarchy: the layer writes those as conditions.
    """
    return (
        _type_holds(rule, rule.template.principal, environment.principal)
        and _action_holds(rule, model, environment.action)
        and _type_holds(rule, rule.template.resource, environment.resource)
    )


def _type_holds(rule: Rule, scope: pst.PrincipalOrResourceConstraint, name: str) -> bool:
    match scope:
        case pst.ScopeAny():
            return True
        case pst.ScopeIs():
            return str(scope.entity_type) == name
        case _:
            raise BadSource([rule.fault("a scope names a type (`is`) or nothing; name one entity in `when`")])


def _action_holds(rule: Rule, model: Model, action: str) -> bool:
    match rule.template.action:
        case pst.ScopeAny():
            return True
        case pst.ActionEq(entity):
            return action in model.actions_in(entity.id)
        case pst.ActionIn(entities):
            return any(action in model.actions_in(entity.id) for entity in entities)


def whole_condition(template: pst.Template) -> pst.Expr:
    """Every `when`, and the negation of every `unless`, as one expression."""
    return conjunction(
        clause.expr if isinstance(clause, pst.When) else pst.UnaryOp("not", clause.expr)
        for clause in template.clauses
    )


def conjunction(parts: Iterable[pst.Expr]) -> pst.Expr:
    """`a && b && c`; true when there is no part."""
    listed = list(parts)
    return reduce(lambda left, right: pst.BinaryOp("and", left, right), listed) if listed else TRUE


def specialise(expr: pst.Expr, model: Model, environment: Environment) -> pst.Expr:
    """The expression in one environment: each `is` becomes true or false, and folds what it guards."""
    match expr:
        case pst.Is(base, entity_type, None):
            path = path_of(base)
            found = model.type_of(environment, path) if path else None
            return TRUE if found is not None and found.name == str(entity_type) else FALSE
        case pst.UnaryOp("not", arg):
            inner = specialise(arg, model, environment)
            return (
                pst.BoolLit(not inner.value) if isinstance(inner, pst.BoolLit) else pst.UnaryOp("not", inner)
            )
        case pst.BinaryOp("and" | "or" as op, left, right):
            return _fold(op, left, right, model, environment)
        case pst.IfThenElse():
            return _branch(expr, model, environment)
        case _:
            return expr


def _fold(
    op: pst.BinaryOpName, left: pst.Expr, right: pst.Expr, model: Model, environment: Environment
) -> pst.Expr:
    """`and`, `or` with a side that is constant: the neutral side goes, the absorbing side stays."""
    neutral = pst.BoolLit(op == "and")
    first = specialise(left, model, environment)
    if isinstance(first, pst.BoolLit):
        # As the engine: an absorbing left side hides the right one, which may not even be well-typed here.
        return specialise(right, model, environment) if first == neutral else first
    second = specialise(right, model, environment)
    if isinstance(second, pst.BoolLit):
        return first if second == neutral else second
    return pst.BinaryOp(op, first, second)


def _branch(expr: pst.IfThenElse, model: Model, environment: Environment) -> pst.Expr:
    test = specialise(expr.cond, model, environment)
    if isinstance(test, pst.BoolLit):
        return specialise(expr.then_expr if test.value else expr.else_expr, model, environment)
    return pst.IfThenElse(
        test,
        specialise(expr.then_expr, model, environment),
        specialise(expr.else_expr, model, environment),
    )


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
    found = set(_paths(expr))
    return frozenset(path for path in found if not any(_extends(other, path) for other in found))


def cone(applied: Iterable[Applied]) -> frozenset[Path]:
    """The longest attribute paths that the rules of an environment read: its cone of influence."""
    found = {path for each in applied for path in paths_read(each.condition)}
    return frozenset(path for path in found if not any(_extends(other, path) for other in found))


def _extends(longer: Path, shorter: Path) -> bool:
    return len(longer) > len(shorter) and longer[: len(shorter)] == shorter


def _paths(expr: object) -> Iterator[Path]:
    match expr:
        case pst.HasAttr(base, attrs):
            below = path_of(base)
            if below:
                yield (*below, *attrs)
            else:
                yield from _paths(base)
        case pst.Var() | pst.GetAttr() if path := path_of(expr):
            yield path
        case tuple():
            for item in expr:
                yield from _paths(item)
        case _ if dataclasses.is_dataclass(expr):
            for field in dataclasses.fields(expr):
                yield from _paths(getattr(expr, field.name))
