"""What the rules say in one environment: which apply, their conditions there, the attributes they read."""

from collections.abc import Iterable
from dataclasses import dataclass

from policies.catalogue.faults import BadSource
from policies.language.cedar import pst
from policies.language.model import AttributeType, Environment, Model
from policies.language.statements import Rule
from policies.language.syntax import FALSE, Path, children, conjunction, longest, paths_read, with_child
from policies.language.typed import BOOL, DATETIME, DURATION, LONG, Unsupported, type_in

PLAIN_TYPES = (BOOL, LONG, DATETIME, DURATION)


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
        case pst.UnaryOp("not", arg):
            inner = specialise(arg, model, environment)
            return (
                pst.BoolLit(not inner.value) if isinstance(inner, pst.BoolLit) else pst.UnaryOp("not", inner)
            )
        case pst.BinaryOp("and" | "or" as op, left, right):
            return _fold(op, left, right, model, environment)
        case pst.IfThenElse():
            return _branch(expr, model, environment)
    for index, child in enumerate(children(expr)):
        expr = with_child(expr, index, specialise(child, model, environment))
    truth = _static(expr, model, environment)
    return expr if truth is None else pst.BoolLit(truth)


def _static(expr: pst.Expr, model: Model, environment: Environment) -> bool | None:
    """The truth of a node that the types alone decide, as the validator sees it; None: they do not."""
    match expr:
        case pst.Is(base, entity_type, None):
            kind = _type(base, model, environment)
            return None if kind is None else kind.name == str(entity_type)
        case pst.HasAttr(base, (name,)) if base != pst.Var("context"):
            kind = _type(base, model, environment)
            return None if kind is None or name in model.entities.get(kind.name, {}) else False
        case pst.BinaryOp("eq" | "not_eq" as op) if _never_equal(expr, model, environment):
            return op == "not_eq"
        case _:
            return None


def _type(expr: pst.Expr, model: Model, environment: Environment) -> AttributeType | None:
    """The type of an expression; None when the tools do not read it: the check refuses it where it stands."""
    try:
        return type_in(model, environment, expr)
    except Unsupported:
        return None


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
    first, second = (_type(side, model, environment) for side in children(expr))
    if first is None or second is None or first.name == second.name:
        return False
    return not any(kind.is_set or kind in PLAIN_TYPES for kind in (first, second))


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
