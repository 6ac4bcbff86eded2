"""Random conditions of the whole supported grammar, well-typed in one environment, to try the encoder on.

Every kind of node occurs, at any place where its type fits: `is` of an `if`, an attribute of an `if`, sets of
flags, comparisons of flags. An optional attribute is read behind its `has` only, as the validator asks.
"""

import dataclasses
import random
from collections.abc import Callable

from policies.engine.revision import Policies, policy_set
from policies.language.cedar import pst, validate_policies
from policies.language.model import AttributeType, Environment, Model
from policies.language.statements import Rule
from policies.language.syntax import FALSE, TRUE
from policies.language.typed import BOOL, DATETIME, DURATION, LONG

DEEPEST = 3
STEPS = 3
LENGTHS = ("0s", "1ms", "24h", "7d", "31d1h", "-30d")
ORDER: tuple[pst.BinaryOpName, ...] = ("less", "less_eq", "greater", "greater_eq", "eq", "not_eq")
Guarded = tuple[pst.Expr, AttributeType, tuple[pst.Expr, ...]]


def random_rules(
    policies: Policies, environment: Environment, draw: random.Random, number: int
) -> tuple[Rule, ...]:
    """So many permits that the validator accepts, each with one random condition."""
    grammar = _Grammar(policies.model, environment, draw)
    found: list[Rule] = []
    while len(found) < number:
        rule = _rule(environment, grammar.condition(), f"R-{len(found)}")
        if validate_policies(rule.text, policies.schema):
            found.append(rule)
    return tuple(found)


def _rule(environment: Environment, condition: pst.Expr, name: str) -> Rule:
    scope = {end: pst.ScopeIs(pst.EntityType(getattr(environment, end))) for end in ("principal", "resource")}
    action = pst.ActionEq(pst.EntityUid(pst.EntityType("Action"), environment.action))
    template = pst.Template(
        name, "permit", scope["principal"], action, scope["resource"], (pst.When(condition),), {}
    )
    return Rule(name, "random", 1, str(policy_set([template])), template)


class _Grammar:
    """Draws expressions by type."""

    def __init__(self, model: Model, environment: Environment, draw: random.Random) -> None:
        self._model, self._draw = model, draw
        self._paths: dict[AttributeType, list[Guarded]] = {}
        for end in ("principal", "resource"):
            self._walk(pst.Var(end), AttributeType(getattr(environment, end)), ())
        for name, kind in model.context.items():
            self._put(pst.GetAttr(pst.Var("context"), name), kind, ())
        self._guards: list[pst.Expr] = []

    def _walk(self, expr: pst.Expr, kind: AttributeType, guards: tuple[pst.Expr, ...], step: int = 0) -> None:
        self._put(expr, kind, guards)
        if step == STEPS:
            return
        for name, found in self._model.entities.get(kind.name, {}).items():
            guard = (pst.HasAttr(expr, (name,)),) if found.is_optional else ()
            below, plain = (*guards, *guard), dataclasses.replace(found, is_optional=False)
            if plain.is_entity:
                self._walk(pst.GetAttr(expr, name), plain, below, step + 1)
            else:
                self._put(pst.GetAttr(expr, name), plain, below)

    def _put(self, expr: pst.Expr, kind: AttributeType, guards: tuple[pst.Expr, ...]) -> None:
        self._paths.setdefault(kind, []).append((expr, kind, guards))

    def condition(self, depth: int = 0) -> pst.Expr:
        """A condition; the optional attributes that it reads are asked for first."""
        outer, self._guards = self._guards, []
        made = self._one_of(depth)
        for guard in reversed(dict.fromkeys(self._guards)):
            made = pst.IfThenElse(guard, made, self._draw.choice((TRUE, FALSE)))
        self._guards = outer
        return made

    def _one_of(self, depth: int) -> pst.Expr:
        shallow = (self._flag, self._comparison, self._equality, self._membership, self._is, self._has)
        deep = (self._junction, self._negation, self._branch, self._flags_compared, self._flags_in_a_set)
        choices: tuple[Callable[[int], pst.Expr], ...] = shallow if depth >= DEEPEST else (*shallow, *deep)
        return self._draw.choice(choices)(depth)

    def _flag(self, _depth: int) -> pst.Expr:
        return self._path(BOOL) or self._draw.choice((TRUE, FALSE))

    def _path(self, kind: AttributeType) -> pst.Expr | None:
        """A path of a type; its guards are noted."""
        known = self._paths.get(kind, ())
        if not known:
            return None
        expr, _, guards = self._draw.choice(known)
        self._guards += guards
        return expr

    def _comparison(self, _depth: int) -> pst.Expr:
        kind = self._draw.choice((LONG, DATETIME, DURATION))
        return pst.BinaryOp(self._draw.choice(ORDER), self._value(kind), self._value(kind))

    def _value(self, kind: AttributeType) -> pst.Expr:
        if kind == LONG:
            return self._path(LONG) if self._draw.random() < 0.6 else pst.LongLit(self._draw.randint(-1, 6))  # type: ignore[return-value]
        length = pst.UnaryOp("duration", pst.StringLit(self._draw.choice(LENGTHS)))
        if kind == DURATION:
            since = pst.BinaryOp("duration_since", self._moment(), self._moment())
            return since if self._draw.random() < 0.6 else length
        moment = self._moment()
        return pst.BinaryOp("offset", moment, length) if self._draw.random() < 0.3 else moment

    def _moment(self) -> pst.Expr:
        moment = self._path(DATETIME)
        assert moment is not None  # noqa: S101 - the context has one
        return moment

    def _things(self) -> list[AttributeType]:
        plain = (BOOL, LONG, DATETIME)
        return sorted((kind for kind in self._paths if not kind.is_set and kind not in plain), key=str)

    def _thing(self, kind: AttributeType, depth: int = 0) -> pst.Expr:
        codes = self._model.enumerations.get(kind.name, ())
        if codes and (kind not in self._paths or self._draw.random() < 0.4):
            return pst.EntityLit(pst.EntityUid(pst.EntityType(kind.name), self._draw.choice(codes)))
        if depth < DEEPEST and self._draw.random() < 0.3:
            return pst.IfThenElse(
                self.condition(depth + 1), self._thing(kind, DEEPEST), self._thing(kind, DEEPEST)
            )
        found = self._path(kind)
        assert found is not None  # noqa: S101 - kinds are drawn from the paths
        return found

    def _equality(self, depth: int) -> pst.Expr:
        op: pst.BinaryOpName = self._draw.choice(("eq", "not_eq"))
        sets = [kind for kind in self._paths if kind.is_set]
        if sets and self._draw.random() < 0.4:
            kind = self._draw.choice(sets)
            return pst.BinaryOp(op, self._set(kind), self._set(kind))
        kind = self._draw.choice(self._things())
        other = self._draw.choice(self._things()) if self._draw.random() < 0.1 else kind
        return pst.BinaryOp(op, self._thing(kind, depth), self._thing(other, depth))

    def _set(self, kind: AttributeType) -> pst.Expr:
        element = AttributeType(kind.name)
        can_list = element in self._paths or kind.name in self._model.enumerations
        if can_list and self._draw.random() < 0.5:
            return pst.Set(tuple(self._thing(element) for _ in range(self._draw.randint(1, 2))))
        found = self._path(kind)
        assert found is not None  # noqa: S101 - kinds are drawn from the paths
        return found

    def _membership(self, depth: int) -> pst.Expr:
        sets = sorted((kind for kind in self._paths if kind.is_set), key=str)
        if not sets:
            return self._equality(depth)
        kind = self._draw.choice(sets)
        element = AttributeType(kind.name)
        if self._draw.random() < 0.2:
            return pst.UnaryOp("is_empty", self._set(kind))
        if self._draw.random() < 0.5 and (element in self._paths or kind.name in self._model.enumerations):
            return pst.BinaryOp("contains", self._set(kind), self._thing(element, depth))
        op: pst.BinaryOpName = self._draw.choice(("contains_any", "contains_all"))
        return pst.BinaryOp(op, self._set(kind), self._set(kind))

    def _is(self, depth: int) -> pst.Expr:
        kind = self._draw.choice(self._things())
        name = self._draw.choice((kind.name, *self._model.entities))
        return pst.Is(self._thing(kind, depth), pst.EntityType(name), None)

    def _has(self, depth: int) -> pst.Expr:
        kind = self._draw.choice(self._things())
        names = (*self._model.entities.get(kind.name, {}), "nosuch")
        return pst.HasAttr(self._thing(kind, depth), (self._draw.choice(names),))

    def _junction(self, depth: int) -> pst.Expr:
        op: pst.BinaryOpName = self._draw.choice(("and", "or"))
        return pst.BinaryOp(op, self.condition(depth + 1), self.condition(depth + 1))

    def _negation(self, depth: int) -> pst.Expr:
        return pst.UnaryOp("not", self.condition(depth + 1))

    def _branch(self, depth: int) -> pst.Expr:
        return pst.IfThenElse(*(self.condition(depth + 1) for _ in range(3)))

    def _flags_compared(self, depth: int) -> pst.Expr:
        op: pst.BinaryOpName = self._draw.choice(("eq", "not_eq"))
        return pst.BinaryOp(op, self.condition(depth + 1), self.condition(depth + 1))

    def _flags_in_a_set(self, depth: int) -> pst.Expr:
        flags = pst.Set((self.condition(depth + 1), self.condition(depth + 1)))
        return pst.BinaryOp("contains", flags, self.condition(depth + 1))
