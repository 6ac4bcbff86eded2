"""What is asked of the engine and what it answers: plain data, no Cedar."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn


@dataclass(frozen=True, slots=True, order=True)
class EntityRef:
    """A thing by its type of model/entities.yaml and its id, as `EntityRef("Structure", "216600726")`."""

    type: str
    id: str


Value = bool | int | datetime | EntityRef | frozenset[EntityRef]


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing with its attributes; an optional attribute that is unknown is left out, never None."""

    ref: EntityRef
    attributes: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Request:
    """May `actor` do `action` on `resource` at `now`?

    Args:
        actor: a `User` or a `Staff`.
        action: an action of model/entities.yaml.
        resource: the thing acted upon.
        now: aware instant.
        acr: level of authentication; 1 = password, 2 = second factor, 0 = unknown.
        entities: everything a rule may reach from actor and resource (the closed slice), without the
            catalogue (Espace, Service), which the engine adds itself. Requests that share one tuple are
            decided in one batch.
    """

    actor: EntityRef
    action: str
    resource: EntityRef
    now: datetime
    acr: int
    entities: tuple[Entity, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("a moment without time zone")


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer.

    Attributes:
        allowed: the answer; a Decision itself has no truth value.
        rules: sorted ids of the rules that decided: the permits of an Allow, the forbids of a refusal;
            empty when nothing permits; `ENGINE-FAULT` when the engine could not decide.
        missing: on a refusal, the conditions of the nearest permit that do not hold, as
            `ADMIN-DECIDE#2` (the second condition of that rule); empty on an Allow.
        policy_digest: SHA-256 of the rules and the schema.
        facts_digest: SHA-256 of the question with its facts.
    """

    allowed: bool
    rules: tuple[str, ...]
    missing: tuple[str, ...]
    policy_digest: str
    facts_digest: str

    def __bool__(self) -> NoReturn:
        raise TypeError("a Decision has no truth value: ask .allowed")
