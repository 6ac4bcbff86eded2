"""Why not: each permit cut at its top-level `&&`, each part asked alone.

A probe is a permit with the scope of its rule and one part of its condition, named `RULE#n`. On a refusal the
probes that do not answer are what is missing. Probes explain; they never decide.
"""

import dataclasses
from collections.abc import Iterable, Iterator

from policies.engine.revision import policy_set
from policies.language.cedar import PolicySet, pst
from policies.language.statements import Rule
from policies.language.syntax import paths_read, sides

Missing = tuple[tuple[str, ...], ...]


def parts_of(rule: Rule) -> tuple[pst.Expr, ...]:
    """The top-level parts of a rule's `when`; a `has` stays with the accesses that it guards."""
    parts: list[pst.Expr] = []
    for clause in rule.template.clauses:
        for part in sides("and", clause.expr):
            guard = _guard_of(part, parts)
            if guard is None:
                parts.append(part)
            else:
                parts[guard] = pst.BinaryOp("and", parts[guard], part)
    return tuple(parts)


def _guard_of(part: pst.Expr, earlier: list[pst.Expr]) -> int | None:
    """Index of the earlier part whose `has` makes this one safe."""
    read = paths_read(part)
    for index, candidate in enumerate(earlier):
        first = next(sides("and", candidate))
        if isinstance(first, pst.HasAttr) and paths_read(first) & read:
            return index
    return None


class Probes:
    """The probes of some permits: one permit for each part of each of them."""

    def __init__(self, permits: Iterable[Rule]) -> None:
        self._parts = {
            rule: tuple(f"{rule.id}#{number}" for number, _ in enumerate(parts_of(rule), start=1))
            for rule in permits
        }
        self.handle: PolicySet = policy_set(probe for rule in self._parts for probe in _probes(rule))

    def ranked_missing(self, satisfied: frozenset[str]) -> Missing:
        """The missing parts of each permit; the permit with the fewest first, by id among equals."""
        missing = (tuple(part for part in parts if part not in satisfied) for parts in self._parts.values())
        return tuple(sorted(missing, key=lambda parts: (len(parts), parts)))


def _probes(rule: Rule) -> Iterator[pst.Template]:
    for number, part in enumerate(parts_of(rule), start=1):
        yield dataclasses.replace(rule.template, id=f"{rule.id}#{number}", clauses=(pst.When(part),))
