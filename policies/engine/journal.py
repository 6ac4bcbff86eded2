"""A decision as the journal keeps it and as `replay` reads it: ids, codes, flags and dates, never a name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_never

from policies.engine.facts import instant
from policies.engine.request import Decision, Entity, EntityRef, Request, Value


def journal_record(request: Request, decision: Decision) -> dict[str, Any]:
    """The question, its facts and the answer, ready for JSON.

    The model of the rules has no attribute that holds personal text, and the engine refuses any other
    attribute, so nothing personal can be in here.
    """
    return {
        "at": instant(request.now),
        "actor": written(request.actor),
        "action": request.action,
        "resource": written(request.resource),
        "context": {"acr": request.acr},
        "facts": {
            written(entity.ref): {name: _to_json(value) for name, value in entity.attributes.items()}
            for entity in request.entities
        },
        "rules": list(decision.rules),
        "missing": list(decision.missing),
        "allowed": decision.allowed,
        "policy_digest": decision.policy_digest,
        "facts_digest": decision.facts_digest,
    }


def request_of(record: Mapping[str, Any]) -> Request:
    """The question of a journal record.

    Raises:
        KeyError, TypeError, ValueError: the record is not one.
    """
    return Request(
        actor=read_ref(record["actor"]),
        action=record["action"],
        resource=read_ref(record["resource"]),
        now=datetime.fromisoformat(record["at"]),
        acr=record["context"]["acr"],
        entities=entities_from_json(record["facts"]),
    )


def entities_from_json(facts: Mapping[str, Mapping[str, Any]]) -> tuple[Entity, ...]:
    """The facts of a record.

    Raises:
        TypeError, ValueError: they are none.
    """
    return tuple(
        Entity(read_ref(ref), {name: _from_json(value) for name, value in attributes.items()})
        for ref, attributes in facts.items()
    )


def written(ref: EntityRef) -> str:
    """A reference as text, `Type::id`."""
    return f"{ref.type}::{ref.id}"


def read_ref(text: str) -> EntityRef:
    """A reference from its text.

    Raises:
        ValueError: it is none.
    """
    kind, mark, ref_id = text.partition("::")
    if not mark:
        raise ValueError("expected Type::id")
    return EntityRef(kind, ref_id)


def _to_json(value: Value) -> Any:
    match value:
        case bool() | int():
            return value
        case datetime():
            return instant(value)
        case EntityRef():
            return written(value)
        case frozenset():
            return sorted(map(written, value))
        case _:
            assert_never(value)


def _from_json(value: Any) -> Value:
    match value:
        case bool() | int():
            return value
        case str() if "::" in value:
            return read_ref(value)
        case str():
            return datetime.fromisoformat(value)
        case list():
            return frozenset(map(read_ref, value))
        case _:
            raise ValueError("neither flag, number, moment, reference nor set")
