"""A question as a short story: who does what, and the facts that the rules at hand read."""

from collections.abc import Iterable, Iterator

from policies.engine.facts import catalogue_entities, told
from policies.engine.request import Entity, EntityRef, Request, Value
from policies.engine.revision import Policies
from policies.language.cedar import pst
from policies.language.syntax import Path, longest, paths_read


def story(policies: Policies, request: Request, conditions: Iterable[pst.Expr]) -> Iterator[str]:
    """The question in one line, then each attribute that the conditions read, with its value."""
    yield f"{request.actor.id} {request.action} {request.resource.id}"
    paths = longest(path for condition in conditions for path in paths_read(condition))
    yield from facts_at(policies, request, (path for path in paths if len(path) > 1))


def facts_at(policies: Policies, request: Request, paths: Iterable[Path]) -> Iterator[str]:
    """Each path with its value, in order."""
    entities = {entity.ref: entity for entity in (*catalogue_entities(policies.catalogue), *request.entities)}
    for path in sorted(paths):
        yield f"  {'.'.join(path)} = {told(_value_at(request, path, entities))}"


def _value_at(request: Request, path: Path, entities: dict[EntityRef, Entity]) -> Value | None:
    if path[0] == "context":
        return request.now if path[1] == "now" else request.acr
    value: Value | None = request.actor if path[0] == "principal" else request.resource
    for name in path[1:]:
        holder = entities.get(value) if isinstance(value, EntityRef) else None
        value = holder.attributes.get(name) if holder else None
    return value
