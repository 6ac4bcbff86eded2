"""A case of the solver made readable: names, today's dates, real services, nothing that does not matter.

Each step is kept only if everybody who answered the case answers the new one alike. So what is shown is as
true as what was found.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from policies.catalogue.loader import Catalogue
from policies.engine.request import Entity, EntityRef, Request, Value
from policies.language.model import Model
from policies.review.words.french import French

TODAY = datetime(2026, 11, 23, 10, tzinfo=UTC)
NEAR = timedelta(days=400)
Answer = Callable[[Request], object]
_Renamed = Mapping[EntityRef, EntityRef]


def readable(request: Request, french: French, catalogue: Catalogue, model: Model, answer: Answer) -> Request:
    """The same case for a reader; `answer` tells what must stay as it is."""
    wanted = answer(request)

    def kept(found: Request, tried: Iterator[Request]) -> Request:
        for candidate in tried:
            if answer(candidate) == wanted:
                return candidate
        return found

    request = kept(request, _at_real_services(request, catalogue))
    request = kept(request, iter((_moved(request),)))
    for step in [*_smaller_steps(request, model)]:
        request = kept(request, iter((step(request),)))
    return kept(request, iter((_named(request, french, catalogue),)))


def _at_real_services(request: Request, catalogue: Catalogue) -> Iterator[Request]:
    """Services that nobody knows, as services of the catalogue: each order of them, at most so many."""
    made = {each.ref for each in request.entities if each.ref.type == "Service"} - _services(catalogue)
    known = sorted(_services(catalogue))
    others = {ref for ref in _refs(request) if ref.type == "Service"} - made - _services(catalogue)
    if not made or len(made) + len(others) > len(known):
        return
    left = tuple(each for each in request.entities if each.ref.type not in ("Service", "Espace"))
    for chosen in itertools.islice(itertools.permutations(known, len(made) + len(others)), 2 * len(known)):
        yield _renamed(
            replace(request, entities=left), dict(zip([*sorted(made), *sorted(others)], chosen, strict=True))
        )


def _services(catalogue: Catalogue) -> set[EntityRef]:
    return {EntityRef("Service", key) for key in catalogue.services}


def _moved(request: Request) -> Request:
    """All moments by the same length of time, so that the question is asked today."""
    by = TODAY - request.now
    changed = [
        Entity(each.ref, {name: _later(held, by) for name, held in each.attributes.items()})
        for each in request.entities
    ]
    return replace(request, now=TODAY, entities=tuple(changed))


def _later(value: Value, by: timedelta) -> Value:
    if not isinstance(value, datetime):
        return value
    try:
        return value + by
    except OverflowError:
        return value


def _smaller_steps(request: Request, model: Model) -> Iterator[Callable[[Request], Request]]:
    """What may be left out or made plain, one thing at a time."""
    yield from (partial(replace, acr=acr) for acr in (1, 2) if request.acr not in (1, 2))
    for entity in request.entities:
        for name, held in entity.attributes.items():
            kind = model.entities.get(entity.ref.type, {}).get(name)
            if kind is not None and kind.is_optional:
                yield partial(_with, ref=entity.ref, name=name, value=None)
            yield from _plainer(entity.ref, name, held)


def _plainer(ref: EntityRef, name: str, held: Value) -> Iterator[Callable[[Request], Request]]:
    match held:
        case frozenset():
            yield partial(_with, ref=ref, name=name, value=frozenset())
            for member in sorted(held):
                yield partial(_without, ref=ref, name=name, member=member)
        case datetime():
            yield partial(_sooner, ref=ref, name=name)
        case int() if not isinstance(held, bool):
            yield partial(_with, ref=ref, name=name, value=0)


def _held(request: Request, ref: EntityRef, name: str) -> Value | None:
    return next((each.attributes.get(name) for each in request.entities if each.ref == ref), None)


def _sooner(request: Request, ref: EntityRef, name: str) -> Request:
    """A moment that is far away, as a moment of this year."""
    held = _held(request, ref, name)
    if not isinstance(held, datetime) or abs(held - request.now) <= NEAR:
        return request
    near = request.now + (timedelta(days=30) if held > request.now else -timedelta(days=30))
    return _with(request, ref, name, near)


def _without(request: Request, ref: EntityRef, name: str, member: EntityRef) -> Request:
    held = _held(request, ref, name)
    return _with(request, ref, name, held - {member}) if isinstance(held, frozenset) else request


def _with(request: Request, ref: EntityRef, name: str, value: Value | None) -> Request:
    """The question with another fact; None: without it."""
    changed = tuple(
        Entity(ref, {key: held for key, held in {**each.attributes, name: value}.items() if held is not None})
        if each.ref == ref
        else each
        for each in request.entities
    )
    return replace(request, entities=changed)


def _refs(request: Request) -> Iterator[EntityRef]:
    """Everything that a question speaks of: from the resource on, then from the actor."""
    held = {each.ref: each for each in request.entities}
    waiting, seen = [request.resource, request.actor], set()
    while waiting:
        ref = waiting.pop(0)
        if ref in seen:
            continue
        seen.add(ref)
        yield ref
        for value in held[ref].attributes.values() if ref in held else ():
            if isinstance(value, EntityRef):
                waiting.append(value)
            elif isinstance(value, frozenset):
                waiting += sorted(value)


def _renamed(request: Request, names: _Renamed) -> Request:
    def now(value: Value) -> Value:
        if isinstance(value, EntityRef):
            return names.get(value, value)
        return frozenset(names.get(each, each) for each in value) if isinstance(value, frozenset) else value

    changed = tuple(
        Entity(names.get(each.ref, each.ref), {name: now(value) for name, value in each.attributes.items()})
        for each in request.entities
    )
    return replace(
        request,
        actor=names.get(request.actor, request.actor),
        resource=names.get(request.resource, request.resource),
        entities=changed,
    )


def _named(request: Request, french: French, catalogue: Catalogue) -> Request:
    """People and places by the names of the personas, things by whose they are."""
    names: dict[EntityRef, EntityRef] = {}
    taken: set[EntityRef] = set()

    def give(ref: EntityRef, name: str) -> None:
        free = next(
            each
            for number in itertools.count(1)
            if (each := EntityRef(ref.type, name if number == 1 else f"{name}-{number}")) not in taken
        )
        taken.add(free)
        names[ref] = free

    refs = [*_refs(request)]
    pools = {key: iter(pool) for key, pool in french.names.items()}
    for ref in refs:
        if ref.type in ("User", "Staff", "Structure"):
            pool = _pool(ref, request)
            give(ref, next(pools.get(pool, iter(())), pool.lower()))
    for ref in reversed(refs):
        if ref not in names and ref.type in ("Membership", "Habilitation", "Claim", "Letter", "Invitation"):
            give(ref, _by_owner(ref, request, names))
    for ref in refs:
        if (
            ref not in names
            and ref.type in ("Service", "Espace", "TermsVersion")
            and not _is_known(ref, catalogue)
        ):
            give(ref, {"Service": "un-service", "Espace": "un-espace"}.get(ref.type, "des-conditions"))
    return _renamed(request, names)


def _is_known(ref: EntityRef, catalogue: Catalogue) -> bool:
    return ref.id in catalogue.services or ref.id in catalogue.espaces or "@" in ref.id


def _pool(ref: EntityRef, request: Request) -> str:
    """Which names somebody may get: by rank, or by desk."""
    if ref.type == "Staff":
        desk = _held(request, ref, "desk")
        return desk.id if isinstance(desk, EntityRef) else ref.type
    for attribute, pool in (("referents", "référent"), ("admins", "délégué")):
        for each in request.entities:
            members = each.attributes.get(attribute)
            if isinstance(members, frozenset) and ref in members:
                return pool
    return ref.type


def _by_owner(ref: EntityRef, request: Request, names: _Renamed) -> str:
    """`paul-at-eus`, `paul-demande`: as the personas' things are named."""
    held = {each.ref: each for each in request.entities}
    owner = _owner(ref, held)
    who = names[owner].id if owner else "somebody"
    match held[ref].attributes if ref in held else {}:
        case {"structure": EntityRef() as structure, "user": _}:
            return f"{who}-at-{names[structure].id}"
        case {"service": EntityRef() as service}:
            return f"{who}-{service.id.rpartition(':')[2]}"
        case _:
            return f"{who}-{ref.type.lower()}"


def _owner(ref: EntityRef, held: Mapping[EntityRef, Entity]) -> EntityRef | None:
    """Whose a thing is: the first person on the way from it."""
    for name in ("user", "applicant", "recipient", "membership", "claim"):
        found = held[ref].attributes.get(name) if ref in held else None
        if isinstance(found, EntityRef):
            return found if found.type == "User" else _owner(found, held)
    return None
