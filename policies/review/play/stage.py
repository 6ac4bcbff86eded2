"""Who and what a question may be about: the personas of the scenarios, or somebody of a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from policies.engine.request import Entity, EntityRef
from policies.engine.revision import Policies
from policies.review.cases.scenarios import read_world

ACTORS = ("User", "Staff")


class Nobody(LookupError):
    """There is no such person on this stage."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known around one actor; `known` are names of people and places of a database."""

    entities: Mapping[EntityRef, Entity]
    actor: EntityRef
    now: datetime
    known: Mapping[EntityRef, str] = field(default_factory=dict)


class Stage(Protocol):
    """Where the people of the page come from."""

    is_real: bool

    def people(self) -> tuple[EntityRef, ...]:
        """Whom to choose from; nobody: her name is typed."""
        ...

    def scene(self, who: str, now: datetime | None) -> Scene:
        """What is known around somebody.

        Raises:
            Nobody: there is no such person.
        """
        ...


class Personas:
    """The people of `scenarios/personas.yaml`, at their moment."""

    is_real = False

    def __init__(self, policies: Policies) -> None:
        entities, self._now = read_world(policies)
        self._entities = {entity.ref: entity for entity in entities}

    def people(self) -> tuple[EntityRef, ...]:
        """Everybody who may act."""
        return tuple(ref for ref in self._entities if ref.type in ACTORS)

    def scene(self, who: str, now: datetime | None) -> Scene:
        """All personas and their things.

        Raises:
            Nobody: there is no such person.
        """
        actor = next((ref for ref in self.people() if ref.id == who), None)
        if actor is None:
            raise Nobody(who)
        return Scene(self._entities, actor, now or self._now)
