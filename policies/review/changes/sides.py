"""Two revisions on the same symbols, each with its own schema, groups and catalogue.

What both have is one symbol, what only one has is its own. So a change of a group, a code or an attribute is
compared like a change of a rule; only what reads an attribute of another type now cannot be compared.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.engine.alarms import AlarmCounter
from policies.engine.decide import Engine
from policies.engine.facts import catalogue_entities
from policies.engine.request import Decision, Entity, EntityRef, Request, Value
from policies.engine.revision import Policies
from policies.language.environments import Applied
from policies.language.model import AttributeType, Environment, Model
from policies.review.proofs.smt import NO_PINS, Pins, Question, World, world_of


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two revisions."""

    policies: Policies
    engine: Engine
    world: World

    def question(self, environment: Environment, pins: Pins = NO_PINS) -> Question:
        """A kind of question, on the symbols of both."""
        return Question(self.world, environment, self.policies.model, pins)

    def knows(self, environment: Environment) -> bool:
        """Whether its schema has the kind of question."""
        return environment in self.policies.model.environments

    def applied(self, environment: Environment) -> tuple[Applied, ...]:
        """The rules that answer; none when the schema has no such question."""
        return self.engine.contract(environment).applied if self.knows(environment) else ()

    def has_service(self, key: str) -> bool:
        """Whether its catalogue has the service."""
        return key in self.policies.catalogue.services

    def reads(self, environment: Environment, attributes: Iterable[tuple[str, str]]) -> Iterator[str]:
        """Which of some attributes (type, name) the rules of an environment read."""
        wanted = set(attributes)
        model = self.policies.model
        for path in self.engine.contract(environment).paths if wanted and self.knows(environment) else ():
            for size in range(2, len(path) + 1):
                holder = model.type_of(environment, path[: size - 1])
                if holder and (holder.name, path[size - 1]) in wanted:
                    yield f"{holder.name} {path[size - 1]}"

    def decide(self, request: Request) -> Decision:
        """The engine's answer, on the part of the facts that this schema knows."""
        known = self.policies.model.entities
        fitted = tuple(
            Entity(
                each.ref,
                {name: held for name, held in each.attributes.items() if name in known[each.ref.type]},
            )
            for each in request.entities
            if each.ref.type in known
        )
        return self.engine.decide(dataclasses.replace(request, entities=fitted))


class Sides:
    """The two revisions."""

    def __init__(self, before: Policies, after: Policies) -> None:
        model = _joined(before.model, after.model)
        self.world = world_of(model)
        self.environments = model.environments
        self.before, self.after = (
            Side(each, Engine(each, AlarmCounter()), self.world) for each in (before, after)
        )

    def pins(self, side: Side, question: Question, path: tuple[str, ...], key: str) -> Pins:
        """What the catalogue of a side says of the service that a question leads to."""
        facts = {entity.ref: entity for entity in catalogue_entities(side.policies.catalogue)}
        start = _term_at(question, path)
        found: dict[tuple[str, str, Any], tuple[bool, Any]] = {}
        self._tell(EntityRef("Service", key), start, facts, found)
        return found

    def service_at(self, question: Question, path: tuple[str, ...]) -> Any:
        """The service that a path of a question leads to."""
        return _term_at(question, path)

    def _tell(
        self,
        ref: EntityRef,
        term: Any,
        facts: Mapping[EntityRef, Entity],
        found: dict[tuple[str, str, Any], tuple[bool, Any]],
    ) -> None:
        held = facts[ref].attributes if ref in facts else {}
        for name in self.world.model.entities[ref.type]:
            value = held.get(name)
            found[ref.type, name, term] = (
                value is not None,
                None if value is None else self._term(ref.type, name, value),
            )
            if isinstance(value, EntityRef) and value in facts:
                self._tell(value, self.world.thing(value.type, value.id), facts, found)

    def _term(self, entity: str, name: str, value: Value) -> Any:
        match value:
            case bool():
                return self.world.z3.BoolVal(value)
            case EntityRef():
                return self._ref(value)
            case frozenset():
                element = self.world.model.entities[entity][name].name
                return self.world.sets(element).of(self._ref(each) for each in sorted(value))
            case _:
                raise TypeError(f"{entity}.{name}: the catalogue holds flags, codes, things and sets of them")

    def _ref(self, ref: EntityRef) -> Any:
        is_code = ref.type in self.world.model.enumerations
        return self.world.codes[ref.type, ref.id] if is_code else self.world.thing(ref.type, ref.id)


def _term_at(question: Question, path: tuple[str, ...]) -> Any:
    term, kind = question.ends[path[0]], getattr(question.environment, path[0])
    for name in path[1:]:
        term = question.world.attribute(kind, name)(term)
        kind = question.world.model.entities[kind][name].name
    return term


def retyped(before: Model, after: Model) -> set[tuple[str, str]]:
    """The attributes (type, name) that hold another kind of value: what reads them cannot be compared."""
    return {
        (entity, name)
        for entity in before.entities.keys() & after.entities.keys()
        for name, kind in before.entities[entity].items()
        if name in after.entities[entity] and _value_of(kind) != _value_of(after.entities[entity][name])
    }


def _value_of(kind: AttributeType) -> tuple[str, bool]:
    return kind.name, kind.is_set


def _joined(before: Model, after: Model) -> Model:
    if before == after:
        return after
    return Model(
        entities={
            name: _attributes(before.entities.get(name, {}), after.entities.get(name, {}))
            for name in dict.fromkeys((*after.entities, *before.entities))
        },
        enumerations={
            name: tuple(
                dict.fromkeys((*after.enumerations.get(name, ()), *before.enumerations.get(name, ())))
            )
            for name in dict.fromkeys((*after.enumerations, *before.enumerations))
        },
        groups=after.groups,
        context={**before.context, **after.context},
        environments=tuple(dict.fromkeys((*after.environments, *before.environments))),
        schema_text=f"{before.schema_text}\n{after.schema_text}",
    )


def _attributes(
    before: Mapping[str, AttributeType], after: Mapping[str, AttributeType]
) -> dict[str, AttributeType]:
    found = {**before, **after}
    for name in before.keys() & after.keys():
        is_optional = before[name].is_optional or after[name].is_optional
        found[name] = dataclasses.replace(found[name], is_optional=is_optional)
    return found


def schema_lines(before: Model, after: Model) -> Iterator[str]:
    """What differs between two schemas, groups aside (they show in the answers)."""
    yield from _listed("kind of question", map(str, before.environments), map(str, after.environments))
    yield from _listed("type", before.entities, after.entities)
    for name in before.enumerations.keys() | after.enumerations.keys():
        yield from _listed(f"{name}", before.enumerations.get(name, ()), after.enumerations.get(name, ()))
    for entity in sorted(before.entities.keys() & after.entities.keys()):
        old, new = before.entities[entity], after.entities[entity]
        yield from _listed(f"attribute {entity}", old, new)
        for name in sorted(old.keys() & new.keys()):
            if old[name] != new[name]:
                yield f"attribute {entity} {name}: {_told(old[name])} -> {_told(new[name])}"
    for group in sorted(before.groups.keys() | after.groups.keys()):
        yield from _listed(f"group {group}", before.groups.get(group, ()), after.groups.get(group, ()))


def _listed(what: str, before: Any, after: Any) -> Iterator[str]:
    old, new = set(before), set(after)
    yield from (f"{what} {name}: added" for name in sorted(new - old))
    yield from (f"{what} {name}: removed" for name in sorted(old - new))


def _told(kind: AttributeType) -> str:
    told = f"set of {kind.name}" if kind.is_set else kind.name
    return f"{told}, optional" if kind.is_optional else told
