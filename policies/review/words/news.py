"""What is new in a kind of question, for every content of the database: for whom, on whom, and when.

A way to stand is concerned when some changed question is of that way. A word is news when it holds in every
changed question and in none that was allowed already (or stays allowed). The solver decides both.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.engine.request import Request
from policies.language.environments import specialise, whole_condition
from policies.language.model import Environment
from policies.language.statements import Rule
from policies.review.changes.sides import Sides
from policies.review.proofs.smt import TIMEOUT_MS
from policies.review.words.french import French, Stand
from policies.review.words.standing import Standing


@dataclass(frozen=True, slots=True)
class News:
    """`words` are what holds in every changed question and in no other: (word, does it hold).

    `never_else`: nobody who stands so was ever allowed (newly allowed), or ever is now (newly denied).
    """

    who: tuple[Stand, ...]
    whom: Stand | None
    words: tuple[tuple[str, bool], ...]
    never_else: bool


def news(sides: Sides, environment: Environment, newly_allowed: bool, case: Request, french: French) -> News:
    """What is new in a kind of question of which some answer changes, as `case` does."""
    asker = _Asker(sides, environment, newly_allowed)
    who = tuple(asker.concerned(french.who))
    whom = next((each for each in french.whom if asker.always(each.when)), None)
    return News(who, whom, tuple(asker.news(case)), asker.never_else)


class _Asker:
    """Asks the solver about the changed questions, and about those that are allowed on both sides or were."""

    def __init__(self, sides: Sides, environment: Environment, newly_allowed: bool) -> None:
        both = (sides.before, sides.after)
        side, other = both[newly_allowed], both[not newly_allowed]
        self._question = side.question(environment)
        self._z3 = self._question.z3
        self._model, self._environment = side.policies.model, environment
        self._standing = Standing(side.policies, environment)
        allowed, still = (
            each.question(environment).allow(each.applied(environment)) if each.knows(environment) else None
            for each in (side, other)
        )
        still = self._z3.BoolVal(False) if still is None else still
        self._changed, self._still = (
            self._solver(self._z3.And(allowed, self._z3.Not(still))),
            self._solver(still),
        )
        self.never_else = True

    def _solver(self, formula: Any) -> Any:
        solver = self._z3.Solver()
        solver.set("timeout", TIMEOUT_MS)
        solver.add(formula)
        return solver

    def _may_be(self, solver: Any, *formulas: Any) -> bool:
        """What the solver cannot settle may be: nothing is told that is not so."""
        solver.push()
        solver.add(*formulas)
        verdict = solver.check()
        solver.pop()
        return bool(verdict != self._z3.unsat)

    def concerned(self, stands: Iterable[Stand]) -> Iterator[Stand]:
        """The ways to stand that some changed question is of; each is for whom no earlier one is."""
        earlier: list[Any] = []
        for stand in stands:
            here = self._all(stand.when)
            if here is None:
                continue
            of_this = (here, *(self._z3.Not(each) for each in earlier))
            if self._may_be(self._changed, *of_this):
                self.never_else = self.never_else and not self._may_be(self._still, *of_this)
                yield stand
            earlier.append(here)

    def always(self, words: Iterable[str]) -> bool:
        """Some words hold in every changed question."""
        here = self._all(words)
        return here is not None and not self._may_be(self._changed, self._z3.Not(here))

    def news(self, case: Request) -> Iterator[tuple[str, bool]]:
        """The words that tell the changed questions from the others; `case` is one of the changed."""
        held = self._standing.holding(case) if not self.never_else else frozenset()
        for word in self._standing.words if not self.never_else else ():
            truth = self._truth(word)
            holds = word in held
            here, elsewhere = (truth, self._z3.Not(truth)) if holds else (self._z3.Not(truth), truth)
            if not self._may_be(self._changed, elsewhere) and not self._may_be(self._still, here):
                yield word, holds

    def _all(self, words: Iterable[str]) -> Any:
        """Some words as one formula; None when one of them says nothing of this kind of question."""
        parts = []
        for word in words:
            name = word.removeprefix("not ")
            if name not in self._standing.words:
                return None
            parts.append(self._truth(name) if name == word else self._z3.Not(self._truth(name)))
        return self._z3.And(*parts) if parts else self._z3.BoolVal(True)

    def _truth(self, word: str) -> Any:
        rules: Mapping[str, Rule] = self._standing.words
        condition = specialise(whole_condition(rules[word].template), self._model, self._environment)
        return self._question.truth(condition)
