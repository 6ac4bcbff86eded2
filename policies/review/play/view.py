"""What the page shows of a question: choices, facts that may be changed, the decision in words."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from policies.engine.decide import ENGINE_FAULT, Engine
from policies.engine.explain import FAULT_FR, NOTHING_FR, condition_fr
from policies.engine.request import EntityRef, Request, Value
from policies.engine.revision import Policies
from policies.language.model import AttributeType
from policies.language.syntax import Path
from policies.review.play.asked import ABSENT, FACT, LEVELS, Asked, Fields, choices, one
from policies.review.play.stage import Scene, Stage
from policies.review.words.french import PARIS, French, listed, load_french, typographic
from policies.review.words.naming import Naming

NEAREST = 2


def form(fields: Fields, stage: Stage, scene: Scene | None, policies: Policies) -> Mapping[str, Any]:
    """The choices of the question."""
    french = load_french()
    chosen = {name: one(fields, name) for name in ("who", "act", "what", "at", "acr")}
    asked = [each for each in policies.model.environments if not scene or each.principal == scene.actor.type]
    kinds: dict[str, list[str]] = {}
    for each in asked:
        kinds.setdefault(each.action, []).append(each.resource)
    acts = [(action, _act(action, on, french), " ".join(dict.fromkeys(on))) for action, on in kinds.items()]
    return {
        "chosen": {
            **chosen,
            "acr": chosen["acr"] or "1",
            "at": chosen["at"] or (_typed(scene.now) if scene else ""),
        },
        "people": [(ref.id, _label(ref, stage, policies)) for ref in stage.people()],
        "acts": sorted(acts, key=lambda each: each[1]),
        "things": [*_things(scene, policies)] if scene else [],
        "levels": [(level, french.login(int(level))) for level in LEVELS],
        "is_real": stage.is_real,
    }


def _act(action: str, kinds: list[str], french: French) -> str:
    """An act on whatever it is done on."""
    thing = listed([french.any_thing(kind) for kind in dict.fromkeys(kinds)])
    return french.act(action, thing=thing, structure="une structure", person="une personne")


def _label(ref: EntityRef, stage: Stage, policies: Policies) -> str:
    return naming(stage.scene(ref.id, None), policies).name(ref)


def naming(scene: Scene, policies: Policies) -> Naming:
    """The names on a scene."""
    return Naming(load_french(), policies.catalogue, tuple(scene.entities.values()), scene.known)


def _things(scene: Scene, policies: Policies) -> Iterator[tuple[str, str, str]]:
    """What may be acted upon: its kind, its reference, its name."""
    names, french = naming(scene, policies), load_french()
    kinds = {each.resource for each in policies.model.environments}
    for kind in dict.fromkeys(each.resource for each in policies.model.environments):
        for ref in scene.entities:
            if ref.type == kind and kind in kinds:
                yield french.any_thing(kind), f"{ref.type}::{ref.id}", names.name(ref)


def _typed(moment: datetime) -> str:
    """A moment as a browser's field holds it."""
    here = moment.astimezone(PARIS).replace(tzinfo=None)
    return here.isoformat(
        timespec="milliseconds" if here.microsecond else "seconds" if here.second else "minutes"
    )


def answer(engine: Engine, request: Request) -> Mapping[str, Any]:
    """A decision in words."""
    policies, decision = engine.policies, engine.decide(request)
    if ENGINE_FAULT in decision.rules:
        return {"allowed": False, "rules": [("", FAULT_FR)], "missing": []}
    rules = [(name, typographic(policies.rule(name).note("says_fr"))) for name in decision.rules]
    missing = []
    if not decision.allowed:
        near = [parts for parts in engine.near_misses(request)[:NEAREST] if parts]
        missing = [[typographic(condition_fr(policies, part)) for part in parts] for parts in near]
    nothing = [] if rules or missing else [("", NOTHING_FR)]
    return {"allowed": decision.allowed, "rules": rules or nothing, "missing": missing}


def facts(asked: Asked, engine: Engine) -> Iterator[Mapping[str, Any]]:
    """The facts that the rules read here, each with what it may be."""
    policies, french = engine.policies, load_french()
    names = naming(asked.scene, policies)
    for ref, name in _read(engine.contract(asked.environment).paths, asked):
        kind = policies.model.entities[ref.type][name]
        now, was = (_held(asked, ref, name, is_changed=flag) for flag in (True, False))
        yield {
            "key": f"{FACT}{ref.type}::{ref.id}.{name}",
            "whose": names.name(ref),
            "what": french.fact(ref.type, name),
            "form": _form_of(kind),
            "optional": kind.is_optional,
            "value": _values(now),
            "was": names.value(was) if now != was else "",
            "choices": _choices(kind, asked.scene, policies, names),
        }


def _read(paths: Iterable[Path], asked: Asked) -> Iterator[tuple[EntityRef, str]]:
    held = {each.ref: each for each in asked.changed.entities}
    seen = set()
    for path in sorted(paths):
        holder = {"principal": asked.changed.actor, "resource": asked.changed.resource}.get(path[0])
        for name in path[1:]:
            if holder is None or holder not in held or holder not in asked.scene.entities:
                break
            if (holder, name) not in seen and holder.type not in ("Service", "Espace"):
                seen.add((holder, name))
                yield holder, name
            value = held[holder].attributes.get(name)
            holder = value if isinstance(value, EntityRef) else None


def _held(asked: Asked, ref: EntityRef, name: str, *, is_changed: bool) -> Value | None:
    if is_changed and (ref, name) in asked.changes:
        return asked.changes[ref, name]
    return asked.scene.entities[ref].attributes.get(name)


def _form_of(kind: AttributeType) -> str:
    if kind.is_set:
        return "many"
    return {"Long": "number", "datetime": "moment"}.get(kind.name, "one")


def _values(value: Value | None) -> list[str]:
    match value:
        case None:
            return [ABSENT]
        case bool():
            return ["true" if value else "false"]
        case datetime():
            return [_typed(value)]
        case EntityRef():
            return [value.id]
        case frozenset():
            return [each.id for each in value]
        case _:
            return [str(value)]


def _choices(kind: AttributeType, scene: Scene, policies: Policies, names: Naming) -> list[tuple[str, str]]:
    absent = [(ABSENT, "absent")] if kind.is_optional and not kind.is_set else []
    if kind.name == "Bool":
        return [*absent, ("true", "oui"), ("false", "non")]
    if kind.name in ("Long", "datetime"):
        return []
    return absent + [(each.id, names.name(each)) for each in choices(kind.name, scene, policies)]
