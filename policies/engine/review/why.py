"""`bdt policy explain`: a decision taken apart: rules, facts read, and how near each permit came."""

from collections.abc import Iterator

from policies.engine.decide import Engine
from policies.engine.explain import condition_fr
from policies.engine.facts import catalogue_entities, told
from policies.engine.model import Environment
from policies.engine.request import EntityRef, Request, Value
from policies.engine.revision import Policies
from policies.engine.syntax import Path

__all__ = ["explain"]

SHOWN = 2


def explain(engine: Engine, request: Request) -> Iterator[str]:
    """A decision in lines: the answer, its rules, what is missing, the attributes read."""
    decision = engine.decide(request)
    answer = "ALLOWED" if decision.allowed else "REFUSED"
    yield f"{answer}: {request.actor.id} {request.action} {request.resource.id}"
    for rule_id in decision.rules:
        rule = engine.policies.rule(rule_id)
        yield f"  {rule_id} ({rule.file}:{rule.line}) {rule.note('says')}"
    if not decision.allowed:
        for missing in engine.near_misses(request)[:SHOWN]:
            yield from _near_miss(engine.policies, missing)
    yield f"read for {request.action}:"
    environment = Environment(request.actor.type, request.action, request.resource.type)
    for path in engine.contract(environment).paths:
        yield f"  {'.'.join(path)} = {_value_at(engine.policies, request, path)}"


def _near_miss(policies: Policies, missing: tuple[str, ...]) -> Iterator[str]:
    if missing:
        yield f"nearest {missing[0].partition('#')[0]}, missing:"
        yield from (f"  {part} {condition_fr(policies, part)}" for part in missing)


def _value_at(policies: Policies, request: Request, path: Path) -> str:
    if path[0] == "context":
        return told(request.now if path[1] == "now" else request.acr)
    entities = {entity.ref: entity for entity in (*catalogue_entities(policies.catalogue), *request.entities)}
    value: Value | None = request.actor if path[0] == "principal" else request.resource
    for name in path[1:]:
        holder = entities.get(value) if isinstance(value, EntityRef) else None
        value = holder.attributes.get(name) if holder else None
    return told(value)
