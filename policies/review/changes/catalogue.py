"""What changed in the catalogue, and the services whose facts the rules read otherwise.

The rules read a service through its attributes, whatever they are; so a service that changes is compared as
itself: with what the first catalogue says of it, and with what the second one says.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import fields

from policies.engine.facts import catalogue_entities
from policies.engine.request import Entity, EntityRef
from policies.engine.revision import Policies
from policies.language.model import AttributeType, Environment
from policies.review.changes.sides import Side

LISTS = ("espaces", "services", "fonctions", "structure_types", "levels", "desks", "habilitation_states")


def catalogue_lines(before: Policies, after: Policies) -> Iterator[str]:
    """Each entry added, removed or changed, with the fields that changed."""
    for name in LISTS:
        old, new = getattr(before.catalogue, name), getattr(after.catalogue, name)
        yield from (f"{name}: {key} added" for key in new if key not in old)
        yield from (f"{name}: {key} removed" for key in old if key not in new)
        for key in new:
            if key in old and old[key] != new[key]:
                yield f"{name}: {key} changed{_changed_fields(old[key], new[key])}"


def _changed_fields(old: object, new: object) -> str:
    if isinstance(old, str) or not dataclasses.is_dataclass(old):
        return ""
    pairs = ((each.name, getattr(old, each.name), getattr(new, each.name)) for each in fields(old))
    told = (f"{name} {_told(was)} -> {_told(now)}" for name, was, now in pairs if was != now)
    return f": {', '.join(told)}"


def _told(value: object) -> str:
    return f"[{', '.join(sorted(value))}]" if isinstance(value, frozenset) else str(value)


def limit_lines(before: Policies, after: Policies) -> Iterator[str]:
    """The numbers that changed; some are in no rule but make the facts."""
    for each in fields(after.catalogue.limits):
        old, new = (
            getattr(before.catalogue.limits, each.name, None),
            getattr(after.catalogue.limits, each.name),
        )
        if old != new:
            yield f"{each.name}: {old} -> {new}"


def changed_services(before: Policies, after: Policies) -> tuple[str, ...]:
    """The services of which the two catalogues tell the rules something else; also those of one only."""
    old, new = (_told_of_services(each) for each in (before, after))
    return tuple(key for key in dict.fromkeys((*new, *old)) if old.get(key) != new.get(key))


def _told_of_services(policies: Policies) -> dict[str, tuple[Entity, Entity | None]]:
    facts = {each.ref: each for each in catalogue_entities(policies.catalogue)}
    found = {}
    for ref, entity in facts.items():
        espace = entity.attributes.get("espace")
        if ref.type == "Service":
            found[ref.id] = (entity, facts.get(espace) if isinstance(espace, EntityRef) else None)
    return found


def paths_to_a_service(side: Side, environment: Environment) -> set[tuple[str, ...]]:
    """How the rules of an environment come to a service."""
    if not side.knows(environment):
        return set()
    model = side.policies.model
    paths = side.engine.contract(environment).paths
    prefixes = {path[:size] for path in paths for size in range(2, len(path))}
    return {path for path in prefixes if model.type_of(environment, path) == AttributeType("Service")}
