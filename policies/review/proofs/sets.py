"""Sets for the solver: of codes and flags one bit each, of things an array.

With arrays for both, random rules found models of sets of codes that the engine does not confirm. So a set of
codes is a number of as many bits: each set is one number, and nothing is left to a default.
"""

from collections.abc import Iterable
from typing import Any


class Sets:
    """The sets of one type of elements; `values`: all of them where they can be counted, else none."""

    def __init__(self, z3: Any, sort: Any, values: tuple[Any, ...]) -> None:
        self._z3, self._sort, self.values = z3, sort, values

    @property
    def sort(self) -> Any:
        """The sort of such a set."""
        return self._z3.BitVecSort(len(self.values)) if self.values else self._z3.SetSort(self._sort)

    @property
    def empty(self) -> Any:
        """The empty set."""
        return self._z3.BitVecVal(0, len(self.values)) if self.values else self._z3.EmptySet(self._sort)

    def of(self, elements: Iterable[Any]) -> Any:
        """The set of some elements."""
        made = self.empty
        for each in elements:
            made = made | self._bit(each) if self.values else self._z3.SetAdd(made, each)
        return made

    def has(self, members: Any, element: Any) -> Any:
        """The element is a member."""
        if self.values:
            return (members & self._bit(element)) != self.empty
        return self._z3.IsMember(element, members)

    def has_all(self, members: Any, others: Any) -> Any:
        """Each of the others is a member."""
        return (members & others) == others if self.values else self._z3.IsSubset(others, members)

    def has_any(self, members: Any, others: Any) -> Any:
        """Some of the others is a member."""
        both = members & others if self.values else self._z3.SetIntersect(members, others)
        return both != self.empty

    def _bit(self, element: Any) -> Any:
        *rest, last = (self._z3.BitVecVal(1 << place, len(self.values)) for place in range(len(self.values)))
        made = last
        for value, bit in reversed(list(zip(self.values, rest, strict=False))):
            made = self._z3.If(element == value, bit, made)
        return made
