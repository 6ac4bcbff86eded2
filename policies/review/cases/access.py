"""`bdt policy who-can`, `what-can`: who may act on a thing, and what a person may do.

Enumerated by the engine over given facts, for one structure or one person. For lists over a whole database
see `policies.engine.sqlfilter`, whose rows are the engine's own answers.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from policies.catalogue.faults import BadSource, Fault
from policies.engine.decide import Engine
from policies.engine.facts import reachable
from policies.engine.journal import entities_from_json
from policies.engine.request import Entity, EntityRef, Request
from policies.language.model import Environment

_Triple = tuple[EntityRef, str, EntityRef]


@dataclass(frozen=True, slots=True)
class Setting:
    """The facts, the moment and the level of authentication of the questions."""

    entities: tuple[Entity, ...]
    now: datetime
    acr: int = 1


def who_can(engine: Engine, setting: Setting, action: str, resource: EntityRef) -> tuple[EntityRef, ...]:
    """The people among the facts who may do the action on the resource.

    Raises:
        BadSource: the rules know no such action, or not on such a thing.
    """
    _refuse_unknown(engine, action, resource)
    asked = [
        (entity.ref, action, resource)
        for entity in setting.entities
        if Environment(entity.ref.type, action, resource.type) in engine.policies.model.environments
    ]
    return tuple(actor for actor, _, _ in _allowed(engine, setting, asked))


def what_can(engine: Engine, setting: Setting, actor: EntityRef) -> tuple[tuple[str, EntityRef], ...]:
    """What the person may do, on which of the things among the facts."""
    asked = [
        (actor, environment.action, entity.ref)
        for entity in setting.entities
        for environment in engine.policies.model.environments
        if (environment.principal, environment.resource) == (actor.type, entity.ref.type)
    ]
    return tuple((action, resource) for _, action, resource in _allowed(engine, setting, asked))


def _refuse_unknown(engine: Engine, action: str, resource: EntityRef) -> None:
    """Nobody may do what nobody can ask for; but who asks is told so, for it may be a slip of the pen."""
    known: dict[str, set[str]] = {}
    for each in engine.policies.model.environments:
        known.setdefault(each.action, set()).add(each.resource)
    if action not in known:
        near = "".join(f", did you mean {each}?" for each in get_close_matches(action, known, n=1))
        raise BadSource([Fault(action, 0, "", f"the rules know no such action{near}")])
    if resource.type not in known[action]:
        acted_upon = " or ".join(sorted(known[action]))
        told = f"{resource.id} is a {resource.type}: this action is done on a {acted_upon}"
        raise BadSource([Fault(action, 0, "", told)])


def _allowed(engine: Engine, setting: Setting, asked: list[_Triple]) -> list[_Triple]:
    given = {entity.ref: entity for entity in setting.entities}
    facts = reachable({end for actor, _, resource in asked for end in (actor, resource)}, given)
    requests = [
        Request(actor, action, resource, setting.now, setting.acr, facts) for actor, action, resource in asked
    ]
    decisions = engine.decide_many(requests)
    return [triple for triple, each in zip(asked, decisions, strict=True) if each.allowed]


def read_facts(path: Path) -> tuple[Entity, ...]:
    """Facts in the journal's form: `{"Type::id": {attribute: value}}`.

    Raises:
        BadSource: the file cannot be read or is not of that form.
    """
    try:
        return entities_from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        fault = Fault(str(path), 0, "", 'expected facts as {"Type::id": {attribute: value}}')
        raise BadSource([fault]) from error
