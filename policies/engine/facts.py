"""Facts in the three forms they take: our dataclasses, the engine's JSON, the journal's JSON."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, assert_never

from policies.catalogue.loader import Catalogue, Espace, Service
from policies.engine.request import Entity, EntityRef, Request, Value


def instant(moment: datetime) -> str:
    """A moment as the engine reads it: UTC, to the millisecond."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def to_cedar(entity: Entity) -> dict[str, Any]:
    """An entity in the engine's JSON form."""
    return {
        "uid": ref_of(entity.ref),
        "attrs": {name: _value(value) for name, value in entity.attributes.items()},
        "parents": [],
    }


def ref_of(ref: EntityRef) -> dict[str, str]:
    """A reference in the engine's JSON form."""
    return {"type": ref.type, "id": ref.id}


def _value(value: Value) -> Any:
    match value:
        case bool() | int():
            return value
        case datetime():
            return {"__extn": {"fn": "datetime", "arg": instant(value)}}
        case EntityRef():
            return {"__entity": ref_of(value)}
        case frozenset():
            return [{"__entity": ref_of(member)} for member in sorted(value)]
        case _:
            assert_never(value)


def context_of(request: Request) -> dict[str, Any]:
    """The context of a request in the engine's JSON form."""
    return {"now": _value(request.now), "acr": request.acr}


def facts_digest(request: Request, facts: str) -> str:
    """SHA-256 of the whole question: who, what, when, on which facts (their text in the engine's form)."""
    question = [ref_of(request.actor), request.action, ref_of(request.resource), context_of(request)]
    return hashlib.sha256((json.dumps(question, sort_keys=True) + facts).encode()).hexdigest()


def facts_text(entities: Iterable[Entity]) -> str:
    """Entities as the engine reads them, in a stable order."""
    ordered = sorted(entities, key=lambda entity: entity.ref)
    return json.dumps([to_cedar(entity) for entity in ordered], sort_keys=True)


def reachable(ends: Iterable[EntityRef], entities: Mapping[EntityRef, Entity]) -> tuple[Entity, ...]:
    """The entities that references lead to from some ends, without going through sets."""
    found: dict[EntityRef, Entity] = {}
    waiting = list(ends)
    while waiting:
        ref = waiting.pop()
        if ref in entities and ref not in found:
            found[ref] = entities[ref]
            waiting += [value for value in found[ref].attributes.values() if isinstance(value, EntityRef)]
    return tuple(found.values())


def told(value: Value | None) -> str:
    """A value for people."""
    match value:
        case None:
            return "absent"
        case bool():
            return str(value).lower()
        case datetime():
            return _moment(value)
        case EntityRef():
            return value.id
        case frozenset():
            return f"[{', '.join(sorted(member.id for member in value))}]"
        case _:
            return str(value)


def _moment(value: datetime) -> str:
    """A moment in UTC, to the minute; to the millisecond, which the engine reads, if that is not all."""
    utc = value.astimezone(UTC)
    milliseconds = utc.microsecond // 1000
    if milliseconds:
        return f"{utc:%Y-%m-%d %H:%M:%S}.{milliseconds:03d}"
    return f"{utc:%Y-%m-%d %H:%M:%S}" if utc.second else f"{utc:%Y-%m-%d %H:%M}"


def catalogue_entities(catalogue: Catalogue) -> tuple[Entity, ...]:
    """The espaces and services as the rules see them."""
    espaces = (_espace(espace) for espace in catalogue.espaces.values())
    services = (service_entity(service) for service in catalogue.services.values())
    return (*espaces, *services)


def terms_ref(espace: str, version: str) -> EntityRef:
    """The version of the conditions particulières of an espace."""
    return EntityRef("TermsVersion", f"{espace}@{version}")


def terms_in_force(catalogue: Catalogue) -> frozenset[EntityRef]:
    """The versions that somebody who accepted all current conditions has accepted."""
    espaces = catalogue.espaces.values()
    return frozenset(terms_ref(each.key, each.terms_version) for each in espaces if each.terms_version)


def _espace(espace: Espace) -> Entity:
    version = espace.terms_version
    terms: dict[str, Value] = {"currentTerms": terms_ref(espace.key, version)} if version else {}
    return Entity(EntityRef("Espace", espace.key), terms)


def service_entity(service: Service) -> Entity:
    """A service as the rules see it: the only place that says which facts a service has."""
    attributes: dict[str, Value] = {
        "espace": EntityRef("Espace", service.espace),
        "requiresFonction": service.requires_fonction,
        "structureTypes": frozenset(EntityRef("StructureType", code) for code in service.structure_types),
        "conflicts": frozenset(EntityRef("Service", key) for key in service.conflicts),
        "levels": frozenset(EntityRef("Level", code) for code in service.levels),
        **service.flags,
    }
    return Entity(EntityRef("Service", service.key), attributes)
