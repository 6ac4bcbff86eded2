"""`bdt policy prove --lifecycle`: every state that people can reach, by the engine's own decisions.

A breadth-first walk, so that the first violation found is a shortest bad trace. Decisions are remembered by
the values of their cone of influence: a thousand transitions ask the same few questions. People are
interchangeable, so one state stands for all its renamings.

`races` takes the lock away: two moves are allowed on one snapshot and both are applied. The rules alone
cannot stop that (two administrators leave at once); the locked structure row does.
"""

import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, permutations
from typing import Any

from policies.catalogue.faults import BadSource, Fault
from policies.engine.decide import ENGINE_FAULT, Engine, environment_of
from policies.engine.request import Entity, EntityRef, Request, Value
from policies.engine.revision import Policies
from policies.language.model import Environment
from policies.language.syntax import Path
from policies.review.proofs.lint import refuse_unsound
from policies.review.sequences.invariants import INVARIANTS
from policies.review.sequences.life import EFFECTS, Life, Move, after, moves, start
from policies.review.sequences.life_facts import entities_of, request_of_move
from policies.review.sequences.written import LIFECYCLE, read_lifecycle

Step = tuple[Life, tuple[Move, ...], Life]
_Facts = Mapping[EntityRef, Mapping[str, Value]]
_Tree = dict[str, Any]
_Parents = dict[Life, tuple[Life, tuple[Move, ...]] | None]
_GOOD: tuple[str | None, tuple[str, ...]] = (None, ())


@dataclass(frozen=True, slots=True)
class Universe:
    """How many people and services, what they may try, and how much that must make at least."""

    name: str
    people: int
    services: int
    actions: tuple[str, ...]
    states: int = 0
    transitions: int = 0


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
    never_taken: tuple[str, ...] = ()

    @property
    def shortfalls(self) -> tuple[str, ...]:
        """Why nothing is shown although nothing broke: too little was walked."""
        if self.broken:
            return ()
        floors = (
            ("states", self.states, self.universe.states),
            ("transitions", self.transitions, self.universe.transitions),
        )
        found = [
            f"{number} {name}, at least {floor} are expected"
            for name, number, floor in floors
            if number < floor
        ]
        return (*found, *(f"nobody was ever allowed to {action}" for action in self.never_taken))

    @property
    def holds(self) -> bool:
        """Every invariant, in as many states as there should be, after each act."""
        return not self.broken and not self.shortfalls

    def lines(self) -> Iterator[str]:
        """The result for people."""
        verdict = f"BROKEN   {self.broken}" if self.broken else "HOLDS   " if self.holds else "VACUOUS "
        yield (
            f"{verdict} {self.universe.name}: {self.states} states, {self.transitions} transitions, "
            f"{self.decisions} decisions, {self.seconds:.1f} s"
        )
        yield from (f"  {number}. {step}" for number, step in enumerate(self.trace, start=1))
        yield from (f"  {shortfall}" for shortfall in self.shortfalls)


def read_universes(policies: Policies) -> tuple[Universe, ...]:
    """The universes of properties/lifecycle.yaml.

    Raises:
        BadSource: an invariant that this module does not know, or one that it knows and the file lacks.
    """
    source = read_lifecycle(policies.root)
    written, known = set(source.data["invariants"]), set(INVARIANTS)
    if written != known:
        raise BadSource(
            source.fault(("invariants",), f"{name}: written here or known there, not both")
            for name in written ^ known
        )
    known_acts = {*EFFECTS}
    faults = [
        source.fault(("universes", name, "actions"), f"{action}: no such act in a walk")
        for name, row in source.data["universes"].items()
        for action in row["actions"]
        if action not in known_acts
    ]
    if faults:
        raise BadSource(faults)
    return tuple(_universe(name, row) for name, row in source.data["universes"].items())


def _universe(name: str, row: Mapping[str, Any]) -> Universe:
    floors = row.get("at_least", {"states": 0, "transitions": 0})
    return Universe(
        name=name,
        people=int(row["people"]),
        services=int(row["services"]),
        actions=tuple(row["actions"]),
        states=int(floors["states"]),
        transitions=int(floors["transitions"]),
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
        BadSource: a rule that `check` refuses, or a question that the engine cannot decide.
    """
    refuse_unsound(policies)
    began = time.perf_counter()
    judge = _Judge(Engine(policies, explains=False), remembers)
    seen = _Seen(start(universe.people, universe.services))
    bad = _GOOD
    while seen.waiting and bad is _GOOD:
        life = seen.waiting.popleft()
        for tried, reached in _steps(judge, life, universe.actions, races):
            broken = _broken((life, tried, reached))
            if broken:
                bad = (broken, (*_trace(seen.parents, life), _told(tried)))
                break
            seen.add(life, tried, _canonical(reached))
        if len(seen.parents) > limit:
            raise OverflowError(f"more than {limit} states: make the universe {universe.name} smaller")
    seconds = time.perf_counter() - began
    never = tuple(action for action in universe.actions if action not in seen.taken)
    return Walk(universe, len(seen.parents), seen.transitions, judge.asked, *bad, seconds, never)


class _Seen:
    """What a walk has come by."""

    def __init__(self, first: Life) -> None:
        self.parents: _Parents = {first: None}
        self.waiting = deque([first])
        self.transitions = 0
        self.taken: set[str] = set()

    def add(self, life: Life, tried: tuple[Move, ...], reached: Life) -> None:
        self.transitions += 1
        self.taken.update(move.action for move in tried)
        if reached not in self.parents:
            self.parents[reached] = (life, tried)
            self.waiting.append(reached)


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
        entities = entities_of(life, self._engine.policies.catalogue.flags)
        facts = {entity.ref: entity.attributes for entity in entities}
        return [move for move in moves(life, actions) if self._allows(life, move, entities, facts)]

    def _allows(self, life: Life, move: Move, entities: tuple[Entity, ...], facts: _Facts) -> bool:
        request = request_of_move(life, move, entities)
        if request is None:
            return True
        key = self._key(request, facts)
        if key not in self._answers or not self._remembers:
            self.asked += 1
            decision = self._engine.decide(request)
            if ENGINE_FAULT in decision.rules:
                told = f"the engine could not decide {move}: the facts of the walk are not of the model"
                raise BadSource([Fault(LIFECYCLE, 0, str(environment_of(request)), told)])
            self._answers[key] = decision.allowed
        return self._answers[key]

    def _key(self, request: Request, facts: _Facts) -> Any:
        """The action with every value that its rules can read: its cone of influence."""
        environment = environment_of(request)
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
