"""What the rules say in one environment: which apply, their conditions there, the attributes they read."""

from collections.abc import Iterable
from dataclasses import dataclass

from policies.catalogue.faults import BadSource
from policies.language.cedar import pst
from policies.language.model import Environment, Model
from policies.language.statements import Rule
from policies.language.syntax import FALSE, TRUE, Path, children, conjunction, longest, path_of, paths_read

__all__ = ["Applied", "applied_rules", "cone", "scope_holds", "specialise", "whole_condition"]


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
        case pst.BinaryOp("eq" | "not_eq" as op) if _never_equal(expr, model, environment):
            return pst.BoolLit(op == "not_eq")
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


def _never_equal(expr: pst.Expr, model: Model, environment: Environment) -> bool:
    """Two things of different types: the validator lets such a comparison pass, it is constantly false."""
    types = [model.type_of(environment, path) for side in children(expr) if (path := path_of(side))]
    first, *others = types or [None]
    return any(first and other and first.name != other.name for other in others)


def _branch(expr: pst.IfThenElse, model: Model, environment: Environment) -> pst.Expr:
    test = specialise(expr.cond, model, environment)
    if isinstance(test, pst.BoolLit):
        return specialise(expr.then_expr if test.value else expr.else_expr, model, environment)
    return pst.IfThenElse(
        test,
        specialise(expr.then_expr, model, environment),
        specialise(expr.else_expr, model, environment),
    )


def cone(applied: Iterable[Applied]) -> frozenset[Path]:
    """The longest attribute paths that the rules of an environment read: its cone of influence."""
    return longest(path for each in applied for path in paths_read(each.condition))
