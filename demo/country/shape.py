"""How many there are of everything, and who is where: skewed as in life."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Self

from onboarding_api.model.structure import StructureKind
from onboarding_api.registry.shipped import Entry

SECRETARY_OF = 12
"""Communes of one secretary, as many a small one shares hers."""
ADMINISTRATOR_OF = 20
LARGE_STRUCTURES = 8
WITHOUT_STRUCTURE = 0.02
"""Of the people, those who registered and attached to nothing."""

# How many people a structure has, and how often.
_SIZES = (
    (range(1), 27), (range(1, 2), 29), (range(2, 3), 18), (range(3, 4), 10), (range(4, 5), 5),
    (range(5, 6), 4), (range(6, 10), 4), (range(10, 21), 2), (range(21, 61), 1),
)  # fmt: skip


class Kind(Enum):
    """What is told of a structure beyond its size."""

    LARGEST = "largest"
    SHARED = "shared"
    """Its first member works for several structures and administers each."""
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Shape:
    """The numbers of one scale. Kinds of people stay the same: twelve communes are twelve at each."""

    step: int
    people: int
    memberships: int
    members_of_largest: int
    pending_in_largest: int
    members_of_large: int
    secretaries: int
    administrators_of_many: int

    @classmethod
    def at(cls, scale: float) -> Self:
        """The shape at 1 (the country), 0.1 or 0.01."""

        def scaled(number: int) -> int:
            return max(1, round(number * scale))

        return cls(
            step=round(1 / scale),
            people=scaled(60_000),
            memberships=scaled(90_000),
            members_of_largest=scaled(5_000),
            pending_in_largest=scaled(1_000),
            members_of_large=scaled(500),
            secretaries=scaled(400),
            administrators_of_many=scaled(20),
        )


@dataclass(slots=True)
class Place:
    """A structure and its people, by their numbers; the first of them came first."""

    entry: Entry
    people: list[int]
    kind: Kind = Kind.ANY


def settle(shape: Shape, entries: Sequence[Entry], dice: random.Random) -> list[Place]:
    """Who is where.

    Args:
        shape: how many of everything.
        entries: the structures, in order of SIREN: neighbours stand together.
        dice: of the data set.
    """
    places = [Place(entry, []) for entry in entries]
    communes = [place for place in places if place.entry.kind == StructureKind.COMMUNE]
    towns = sorted(communes, key=lambda place: -place.entry.population)[: LARGE_STRUCTURES + 1]
    towns[0].kind = Kind.LARGEST
    shared = _share(shape, [place for place in communes if place not in towns])
    sizes = {id(place): shape.members_of_large for place in towns[1:]} | {
        id(towns[0]): shape.members_of_largest
    }
    vacant = shape.memberships - shared - sum(sizes.values())
    rest = [place for place in places if id(place) not in sizes]
    sizes |= {id(place): size for place, size in zip(rest, _draw(len(rest), vacant, dice), strict=True)}
    slots = [place for place in places for _ in range(sizes[id(place)])]
    dice.shuffle(slots)
    first = shape.secretaries + shape.administrators_of_many
    _seat(slots, range(first, shape.people), dice)
    return places


def _share(shape: Shape, communes: Sequence[Place]) -> int:
    """Give neighbouring communes one first member; how many places that made."""
    free = iter(communes)
    spans = [ADMINISTRATOR_OF] * shape.administrators_of_many + [SECRETARY_OF] * shape.secretaries
    # People are numbered in this order: those with the most structures come first.
    for number, span in enumerate(spans):
        for place in islice(free, span):
            place.people.append(number)
            place.kind = Kind.SHARED
    return sum(len(place.people) for place in communes)


def _draw(structures: int, members: int, dice: random.Random) -> list[int]:
    """The sizes of so many structures, which make so many members in all."""
    ranges, weights = zip(*_SIZES, strict=True)
    sizes = [dice.choice(found) for found in dice.choices(ranges, weights, k=structures)]
    surplus = sum(sizes) - members
    while surplus:
        index = dice.randrange(structures)
        if surplus < 0 or sizes[index]:
            sizes[index] += -1 if surplus > 0 else 1
            surplus += -1 if surplus > 0 else 1
    return sizes


def _seat(slots: Sequence[Place], people: range, dice: random.Random) -> None:
    """Everybody but a few sits somewhere; whoever draws a second seat sits in another structure."""
    once = dice.sample(people, min(len(slots), round(len(people) * (1 - WITHOUT_STRUCTURE))))
    more = dice.choices(once, k=len(slots) - len(once))
    seated: set[tuple[int, int]] = set()
    for place, drawn in zip(slots, [*once, *more], strict=True):
        person = drawn
        while (id(place), person) in seated:
            person = dice.choice(once)
        seated.add((id(place), person))
        place.people.append(person)
