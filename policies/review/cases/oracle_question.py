"""A question as the hand-written oracle reads it: attributes with dots, and the words of the rules."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from policies.engine.request import EntityRef, Request

CODES = ("HabilitationState", "Fonction", "StructureType", "Level", "Desk")


class Thing:
    """An entity whose attributes read like the rules: `resource.membership.user`; None when absent."""

    __slots__ = ("_facts", "_ref")

    def __init__(self, ref: EntityRef, facts: Mapping[EntityRef, Mapping[str, Any]]) -> None:
        self._ref, self._facts = ref, facts

    def __getattr__(self, name: str) -> Any:
        return self._made(self._facts[self._ref].get(name))

    def _made(self, value: Any) -> Any:
        if not isinstance(value, EntityRef):
            return value
        return value.id if value.type in CODES else Thing(value, self._facts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing) and other._ref == self._ref

    def __hash__(self) -> int:
        return hash(self._ref)

    @property
    def kind(self) -> str:
        """The type."""
        return self._ref.type

    def is_in(self, members: frozenset[EntityRef]) -> bool:
        """Member of a set."""
        return self._ref in members

    def is_all_of(self, members: frozenset[EntityRef]) -> bool:
        """The one member of a set."""
        return members == {self._ref}


class Asked:
    """A question: p, the one who acts; r, the thing; m, its membership; s, its structure."""

    __slots__ = ("acr", "action", "m", "now", "p", "r", "s")

    def __init__(self, request: Request) -> None:
        facts = {entity.ref: entity.attributes for entity in request.entities}
        self.action, self.now, self.acr = request.action, request.now, request.acr
        self.p, self.r = Thing(request.actor, facts), Thing(request.resource, facts)
        self.m = self._membership()
        self.s = self._structure()

    def _membership(self) -> Any:
        if self.r.kind == "Letter":
            return self.r.claim.membership
        if self.r.kind == "Membership":
            return self.r
        return self.r.membership if self.r.kind in ("Habilitation", "Claim") else None

    def _structure(self) -> Any:
        match self.r.kind:
            case "Structure":
                return self.r
            case "Letter":
                return self.r.claim.structure
            case "Habilitation":
                return self.m.structure
            case "User":
                return None
            case _:
                return self.r.structure

    @property
    def claim(self) -> Any:
        """The claim, or the claim of the letter."""
        return self.r.claim if self.r.kind == "Letter" else self.r

    def is_admin(self) -> bool:
        """The one who acts is an administrator there."""
        return bool(self.p.is_in(self.s.admins))

    def is_referent(self) -> bool:
        """The one who acts is a référent there."""
        return bool(self.p.is_in(self.s.referents))

    def since(self, moment: Any) -> timedelta:
        """Time gone since a moment."""
        gone: timedelta = self.now - moment
        return gone
