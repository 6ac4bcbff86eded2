"""The bulkheads of a worker: each target has threads of its own, and an order in which classes get them.

**Order.** Of four turns of a target three begin with what takes away, the last one with what is least
urgent: a flood of one class slows the others down, none of them starves. A target with something to take
away keeps one thread for that alone, so that it does not wait until others are through.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

from onboarding_api.delivery.queue import Place
from onboarding_api.model.ledger.delivery import DeliveryClass, Target
from onboarding_api.model.ledger.kinds import KINDS, Kind

THREADS: Mapping[Target, int] = MappingProxyType(
    {Target.KEYCLOAK: 8, Target.WELCOME: 2, Target.MAIL: 4, Target.LETTER: 2, Target.TIMERS: 2}
)
"""They wait for the network, so a few suffice; Keycloak gives 852 calls/s at eight, 494 at four."""
TURNS = 4


class Bulkhead:
    """The threads of one target.

    Args:
        target: where they deliver to.
        threads: how many.
        classes: what may go there.

    Raises:
        ValueError: fewer threads than what it needs: one, or two where one is kept for taking away.
    """

    def __init__(self, target: Target, threads: int, classes: Iterable[DeliveryClass]) -> None:
        self.target, self._classes = target, sorted(classes)
        takes_away = DeliveryClass.TAKING_AWAY in self._classes
        self._kept = int(takes_away and len(self._classes) > 1)
        if threads <= self._kept:
            raise ValueError(f"{target}: at least {self._kept + 1} threads are needed")
        self._threads = threads
        self.pool = ThreadPoolExecutor(threads, f"delivery-{target}")
        self._held: dict[DeliveryClass, int] = dict.fromkeys(self._classes, 0)
        self._turns = itertools.cycle(range(1, TURNS + 1))

    def places(self) -> Iterator[Place]:
        """Where a row could be taken from now, in the order of this turn."""
        is_turned = next(self._turns) == TURNS
        for of_class in reversed(self._classes) if is_turned else self._classes:
            if self.seats(of_class):
                yield Place(self.target, of_class)

    def seats(self, of_class: DeliveryClass) -> int:
        """How many rows of a class may be taken now: a row that waited here could be under way elsewhere."""
        free = self._threads - sum(self._held.values())
        if of_class is DeliveryClass.TAKING_AWAY:
            return free
        others = sum(count for each, count in self._held.items() if each is not DeliveryClass.TAKING_AWAY)
        return min(free, self._threads - self._kept - others)

    def take(self, of_class: DeliveryClass) -> None:
        """A thread is given to a row."""
        self._held[of_class] += 1

    def leave(self, of_class: DeliveryClass) -> None:
        """It is free again."""
        self._held[of_class] -= 1


def threads_from(text: str) -> Mapping[Target, int]:
    """The threads of each target, some of them changed by an installation: `keycloak=12,mail=2`.

    Raises:
        ValueError: no such target, one named twice, or too few threads for one.
    """
    pairs = [each.partition("=") for each in text.split(",")]
    given = {name: int(count) for name, _, count in pairs}
    unknown = sorted(given.keys() - set(Target))
    if unknown or len(given) < len(pairs):
        raise ValueError(f"{', '.join(Target)} have threads, each once; not {', '.join(unknown) or 'twice'}")
    threads = {target: given.get(target, count) for target, count in THREADS.items()}
    bulkheads(KINDS.values(), threads)  # raises where they are too few
    return MappingProxyType(threads)


def bulkheads(kinds: Iterable[Kind], threads: Mapping[Target, int]) -> tuple[Bulkhead, ...]:
    """One for each target of the kinds, those that take rights away first.

    Raises:
        ValueError: see `Bulkhead`.
    """
    classes: dict[Target, set[DeliveryClass]] = {}
    for kind in kinds:
        classes.setdefault(kind.target, set()).update(kind.classes)
    order = sorted(classes, key=lambda target: (min(classes[target]), target))
    return tuple(Bulkhead(target, threads[target], classes[target]) for target in order)
