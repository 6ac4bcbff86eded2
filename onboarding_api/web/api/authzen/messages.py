"""What the standard takes and gives: strict Cerberus schemas, and the same as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from onboarding_api.access.looks import Cut, Found
from onboarding_api.acts.actor import Actor
from onboarding_api.web.api.schemas import Schema

ANYTHING = {"type": "dict"}
NAME = {"type": "string", "maxlength": 256}
NEEDED = {**NAME, "required": True}
MOST_EVALUATIONS = 100
SEMANTICS = ("execute_all", "deny_on_first_deny", "permit_on_first_permit")


def _entity(**fields: Any) -> dict[str, Any]:
    return {"type": "dict", "required": True, "schema": {**fields, "properties": ANYTHING}}


ONE = _entity(type=NEEDED, id=NEEDED)
KIND = _entity(type=NEEDED, id=NAME)
ACTION = _entity(name=NEEDED)
PART = {"type": "dict", "schema": {"type": NAME, "id": NAME, "name": NAME, "properties": ANYTHING}}
PAGE = {
    "type": "dict",
    "schema": {"token": {"type": "string", "maxlength": 1000}, "limit": {"type": "integer", "min": 0}},
}

EVALUATION: Schema = {"subject": ONE, "action": ACTION, "resource": ONE, "context": ANYTHING}
EVALUATIONS: Schema = {
    "subject": PART,
    "action": PART,
    "resource": PART,
    "context": ANYTHING,
    "evaluations": {"type": "list", "maxlength": MOST_EVALUATIONS, "schema": ANYTHING},
    "options": {
        "type": "dict",
        "schema": {"evaluations_semantic": {"type": "string", "allowed": list(SEMANTICS)}},
    },
}
SUBJECTS: Schema = {**EVALUATION, "subject": KIND, "page": PAGE}
RESOURCES: Schema = {**EVALUATION, "resource": KIND, "page": PAGE}
ACTIONS: Schema = {"subject": ONE, "resource": ONE, "context": ANYTHING, "page": PAGE}

DECISION: Schema = {"decision": {"type": "boolean", "required": True}, "context": ANYTHING}
DECISIONS: Schema = {
    "decision": {"type": "boolean"},
    "context": ANYTHING,
    "evaluations": {"type": "list", "schema": {"type": "dict", "schema": dict(DECISION)}},
}
_NEXT = {
    "type": "dict",
    "required": True,
    "schema": {
        "next_token": {"type": "string", "required": True},
        "count": {"type": "integer", "required": True, "min": 0},
    },
}


def _listed(**fields: Any) -> Schema:
    item = {"type": "dict", "schema": dict(fields)}
    return {"page": _NEXT, "results": {"type": "list", "required": True, "schema": item}}


THINGS = _listed(type=NEEDED, id=NEEDED)
NAMES = _listed(name=NEEDED)


@dataclass(frozen=True, slots=True)
class Named:
    """A subject, a resource or an action (whose `type` is empty), with what the caller says of it."""

    type: str
    id: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """May the subject do the action on the resource? In a search, the id of what is sought is empty."""

    subject: Named
    action: Named
    resource: Named

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Asked":
        """From a checked body."""
        return cls(*(_named(body.get(part, {})) for part in ("subject", "action", "resource")))


def _named(given: Mapping[str, Any]) -> Named:
    return Named(given.get("type", ""), given.get("id", given.get("name", "")), given.get("properties", {}))


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision, and what the caller may learn beside it."""

    allowed: bool
    context: Mapping[str, Any] = field(default_factory=dict)

    def written(self) -> dict[str, Any]:
        """As the standard writes it."""
        return {"decision": self.allowed, **({"context": dict(self.context)} if self.context else {})}


def error(status: int, message: str) -> Answer:
    """The answer to one evaluation that cannot be made: a refusal that says why."""
    return Answer(False, {"error": {"status": status, "message": message}})


class DecisionPoint(Protocol):
    """Who answers; each method may raise NotAllowed when the caller may not ask."""

    def evaluate(self, caller: Actor, asked: Sequence[Asked]) -> Sequence[Answer]:
        """One answer each, in order."""

    def subjects(self, caller: Actor, asked: Asked, cut: Cut) -> Found:
        """Who may do the action on the resource."""

    def resources(self, caller: Actor, asked: Asked, cut: Cut) -> Found:
        """On what the subject may do the action."""

    def actions(self, caller: Actor, asked: Asked, cut: Cut) -> Found:
        """What the subject may do on the resource."""
