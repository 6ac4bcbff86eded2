"""`bdt policy prove --lifecycle`: every state that people can reach, by the engine's own decisions.

A breadth-first walk, so that the first violation found is a shortest bad trace. Decisions are remembered by
the values of their cone of influence: a thousand transitions ask the same few questions. People are
interchangeable, so one state stands for all its renamings.

`races` takes the lock away: two moves are allowed on one snapshot and both are applied. The rules alone
cannot stop that (two administrators leave at once); the locked structure row does.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, permutations
from typing import Any

from policies.catalogue.faults import BadSource
from policies.catalogue.yaml_source import load_yaml
from policies.engine.decide import Engine
from policies.engine.request import Entity, EntityRef, Request, Value
from policies.engine.revision import Policies
from policies.language.model import Environment
from policies.language.syntax import Path
from policies.review.sequences.life import AGES, LIMITS, LIVE, TRIES, Life, Move, after, moves, start
from policies.review.sequences.life_facts import entities_of, request_of_move

__all__ = ["INVARIANTS", "Universe", "Walk", "read_universes", "walk"]

Step = tuple[Life, tuple[Move, ...], Life]
_Facts = Mapping[EntityRef, Mapping[str, Value]]
_Tree = dict[str, Any]
_Parents = dict[Life, tuple[Life, tuple[Move, ...]] | None]
_GOOD: tuple[str | None, tuple[str, ...]] = (None, ())


@dataclass(frozen=True, slots=True)
class Universe:
    """How many people and services, and what they may try."""

    name: str
    people: int
    services: int
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found; `broken` is the invariant that fails and `trace` the shortest way there."""

    universe: Universe
    states: int
    transitions: int
    decisions: int
    broken: str | None
    trace: tuple[str, ...]
    seconds: float

    def lines(self) -> Iterator[str]:
        """The result for people."""
        verdict = f"BROKEN   {self.broken}" if self.broken else "HOLDS   "
        yield (
            f"{verdict} {self.universe.name}: {self.states} states, {self.transitions} transitions, "
            f"{self.decisions} decisions, {self.seconds:.1f} s"
        )
        yield from (f"  {number}. {step}" for number, step in enumerate(self.trace, start=1))


def read_universes(policies: Policies) -> tuple[Universe, ...]:
    """The universes of properties/lifecycle.yaml.

    Raises:
        BadSource: an invariant that this module does not know, or one that it knows and the file lacks.
    """
    source = load_yaml(policies.root / "properties" / "lifecycle.yaml", policies.root)
    written, known = set(source.data["invariants"]), set(INVARIANTS)
    if written != known:
        raise BadSource(
            source.fault(("invariants",), f"{name}: written here or known there, not both")
            for name in written ^ known
        )
    return tuple(
        Universe(name, int(row["people"]), int(row["services"]), tuple(row["actions"]))
        for name, row in source.data["universes"].items()
    )


def walk(
    policies: Policies,
    universe: Universe,
    *,
    races: tuple[str, ...] = (),
    remembers: bool = True,
    limit: int = 200_000,
) -> Walk:
    """Visit every reachable state of a universe, until an invariant breaks.

    Args:
        policies: the rules that allow the moves.
        universe: how many people and services, and what they try.
        races: the actions of which two are allowed on one snapshot and both applied: no lock.
        remembers: a decision is asked once for each set of values that its rules read.
        limit: the most states to visit.

    Raises:
        OverflowError: more than `limit` states.
    """
    began = time.perf_counter()
    judge = _Judge(Engine(policies, explains=False), remembers)
    first = start(universe.people, universe.services)
    parents: _Parents = {first: None}
    waiting, transitions, bad = deque([first]), 0, _GOOD
    while waiting and bad is _GOOD:
        life = waiting.popleft()
        for tried, reached in _steps(judge, life, universe.actions, races):
            transitions += 1
            broken = _broken((life, tried, reached))
            if broken:
                bad = (broken, (*_trace(parents, life), _told(tried)))
                break
            same = _canonical(reached)
            if same not in parents:
                parents[same] = (life, tried)
                waiting.append(same)
        if len(parents) > limit:
            raise OverflowError(f"more than {limit} states: make the universe {universe.name} smaller")
    return Walk(universe, len(parents), transitions, judge.asked, *bad, time.perf_counter() - began)


def _steps(
    judge: "_Judge", life: Life, actions: tuple[str, ...], races: tuple[str, ...]
) -> Iterator[tuple[tuple[Move, ...], Life]]:
    allowed = judge.allowed(life, actions)
    for move in allowed:
        yield (move,), after(life, move)
    for pair in combinations((move for move in allowed if move.action in races), 2):
        if pair[0].actor != pair[1].actor:
            yield pair, _both(life, pair)


def _both(life: Life, pair: tuple[Move, ...]) -> Life:
    """Two decisions of one snapshot, both applied; the second needs a claim that may be gone."""
    between = after(life, pair[0])
    return after(between, pair[1]) if between.claim or pair[1].action != "redeemCode" else between


class _Judge:
    """Asks the engine, once for each set of values that its rules would read."""

    def __init__(self, engine: Engine, remembers: bool) -> None:
        self._engine, self._remembers = engine, remembers
        self._answers: dict[Any, bool] = {}
        self._trees: dict[Environment, _Tree] = {}
        self.asked = 0

    def allowed(self, life: Life, actions: tuple[str, ...]) -> list[Move]:
        entities = entities_of(life)
        facts = {entity.ref: entity.attributes for entity in entities}
        return [move for move in moves(life, actions) if self._allows(life, move, entities, facts)]

    def _allows(self, life: Life, move: Move, entities: tuple[Entity, ...], facts: _Facts) -> bool:
        request = request_of_move(life, move, entities)
        if request is None:
            return True
        key = self._key(request, facts)
        if key not in self._answers or not self._remembers:
            self.asked += 1
            self._answers[key] = self._engine.decide(request).allowed
        return self._answers[key]

    def _key(self, request: Request, facts: _Facts) -> Any:
        """The action with every value that its rules can read: its cone of influence."""
        environment = Environment(request.actor.type, request.action, request.resource.type)
        tree = self._trees.get(environment)
        if tree is None:
            tree = self._trees[environment] = _tree(self._engine.contract(environment).paths)
        return (
            environment,
            _values(request.actor, tree.get("principal", {}), facts),
            _values(request.resource, tree.get("resource", {}), facts),
        )


def _tree(paths: tuple[Path, ...]) -> _Tree:
    """Paths as a tree, so that a shared beginning is walked once."""
    tree: _Tree = {}
    for path in paths:
        below = tree
        for name in path:
            below = below.setdefault(name, {})
    return tree


def _values(ref: Value | None, tree: _Tree, facts: _Facts) -> Any:
    held = facts.get(ref) if isinstance(ref, EntityRef) and tree else None
    return (ref, *(_values(held.get(name), below, facts) for name, below in tree.items())) if held else ref


@lru_cache(maxsize=100_000)
def _canonical(life: Life) -> Life:
    """The least of the renamings of a state: people are interchangeable."""
    return min((_renamed(life, order) for order in permutations(range(len(life.members)))), key=_order)


def _renamed(life: Life, order: tuple[int, ...]) -> Life:
    place = {old: new for new, old in enumerate(order)} | {-1: -1}
    members = tuple(
        replace(life.members[old], nominated_by=place[life.members[old].nominated_by]) for old in order
    )
    claim = replace(life.claim, applicant=place[life.claim.applicant]) if life.claim else None
    return replace(life, members=members, claim=claim)


def _order(life: Life) -> Any:
    return life.members, life.claim is not None, life.claim or ()


def _trace(parents: _Parents, life: Life) -> tuple[str, ...]:
    steps: list[str] = []
    found = parents[life]
    while found:
        steps.append(_told(found[1]))
        found = parents[found[0]]
    return tuple(reversed(steps))


def _told(tried: tuple[Move, ...]) -> str:
    return " and at once ".join(map(str, tried))


def _broken(step: Step) -> str | None:
    return next((name for name, holds in INVARIANTS.items() if not holds(*step)), None)


def _made(before: Life, now: Life) -> list[int]:
    """Who became administrator."""
    pairs = zip(before.members, now.members, strict=True)
    return [index for index, (old, new) in enumerate(pairs) if new.admin and not old.admin]


def _rightly(before: Life, tried: tuple[Move, ...], now: Life) -> bool:
    def by_right(move: Move, index: int) -> bool:
        if move.action == "redeemCode":
            return move.actor == index
        is_act = move.action in ("approveNomination", "appointAdmin") and move.target == index
        return is_act and before.members[move.actor].admin and move.actor != index

    return all(any(by_right(move, index) for move in tried) for index in _made(before, now))


def _codes_die(before: Life, tried: tuple[Move, ...], now: Life) -> bool:
    if not _made(before, now) or "redeemCode" not in (move.action for move in tried):
        return True
    claim = before.claim
    if claim is None or claim.vetoed:
        return False
    waits_enough = not claim.on_vacancy or AGES[claim.age] >= LIMITS.veto_window
    is_alive = AGES[claim.age] <= LIMITS.code_longest and TRIES[claim.tries] < LIMITS.tries_per_window
    return is_alive and waits_enough


def _no_self_grant(before: Life, tried: tuple[Move, ...], now: Life) -> bool:
    granting = ("validateHabilitation", "reactivateHabilitation")
    return all(
        before.members[move.actor].admin and move.actor != move.target
        for move in tried
        if move.action in granting
    )


INVARIANTS: Mapping[str, Callable[[Life, tuple[Move, ...], Life], bool]] = {
    "administrators-are-attached": lambda _, __, now: all(
        each.attached for each in now.members if each.admin
    ),
    "nothing-without-attachment": lambda _, __, now: all(
        each.attached or not any(state in LIVE for state in each.services) for each in now.members
    ),
    "administered-or-vacant": lambda _, __, now: (
        not now.administered or now.vacant or any(each.admin for each in now.members)
    ),
    "a-referent-among-them": lambda _, __, now: (
        any(each.referent for each in now.members) or not any(each.admin for each in now.members)
    ),
    "administrators-are-made-rightly": _rightly,
    "codes-die": _codes_die,
    "nobody-grants-himself": _no_self_grant,
    "no-claim-beside-an-administrator": lambda _, __, now: (
        now.claim is None or not any(each.admin for each in now.members)
    ),
}
