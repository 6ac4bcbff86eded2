"""Gathering: each thing once, with the things it points to."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from onboarding_api.model.administration import Administration
from onboarding_api.model.person import Person
from policies.engine.request import Entity, EntityRef, Value


class Gathering:
    """The facts of one question, or of several that are asked together."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now
        self._found: dict[EntityRef, Entity] = {}

    @property
    def entities(self) -> tuple[Entity, ...]:
        """All that was gathered; one tuple for the batch, since the engine batches by it."""
        return tuple(self._found.values())

    def __contains__(self, ref: EntityRef) -> bool:
        return ref in self._found

    def put(self, kind: str, id_: str, **facts: Value) -> EntityRef:
        """Keep the facts of one thing."""
        ref = EntityRef(kind, id_)
        self._found[ref] = Entity(ref, facts)
        return ref

    def user(self, person: Person) -> EntityRef:
        """A person."""
        return self.put("User", person.id, isActive=person.is_active)

    def users(self, terms: Iterable[Administration]) -> frozenset[EntityRef]:
        """The people of some terms."""
        return frozenset(self.user(term.membership.person) for term in terms)
