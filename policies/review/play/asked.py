"""What the page asks, read from its form: anything that is not offered is told in a sentence."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from policies.engine.facts import reachable
from policies.engine.request import Entity, EntityRef, Request, Value
from policies.engine.revision import Policies
from policies.language.model import AttributeType, Environment
from policies.review.play.stage import Nobody, Scene, Stage
from policies.review.words.french import PARIS

ABSENT, FACT = "absent", "f."
LEVELS = ("0", "1", "2")
LARGEST = 2**31


class Misasked(ValueError):
    """The form holds what the page does not offer; the text says what, in French."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the page: `plain` on the facts as they are, `changed` with those that were changed."""

    scene: Scene
    environment: Environment
    plain: Request
    changed: Request
    changes: Mapping[tuple[EntityRef, str], Value | None]


Fields = Mapping[str, list[str]]


def one(fields: Fields, name: str) -> str:
    """The one value of a field; empty when there is none.

    Raises:
        Misasked: there are several.
    """
    found = fields.get(name, [])
    if len(found) > 1:
        raise Misasked(f"Le champ « {name} » est donné plusieurs fois.")
    return found[0].strip() if found else ""


def moment_of(text: str) -> datetime | None:
    """A moment as a browser sends it, in Paris; None when none is given.

    Raises:
        Misasked: it is none.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        utc = (found if found.tzinfo else found.replace(tzinfo=PARIS)).astimezone(PARIS)
    except (ValueError, OverflowError):
        raise Misasked(f"« {text[:40]} » n’est pas un moment, comme 2026-11-23T11:00.") from None
    if not 1970 < utc.year < 2100:
        raise Misasked("Le moment doit être entre 1971 et 2099.")
    return utc


def scene_of(fields: Fields, stage: Stage) -> Scene | None:
    """The scene around the actor of the form; None when nobody is chosen yet.

    Raises:
        Misasked: there is no such person, or no such moment.
    """
    who = one(fields, "who")
    if not who:
        return None
    try:
        return stage.scene(who, moment_of(one(fields, "at")))
    except Nobody:
        raise Misasked(f"« {who[:60]} » : il n’y a personne de ce nom ici.") from None


def asked_of(fields: Fields, scene: Scene, policies: Policies) -> Asked | None:
    """The question of the form; None when it is not whole yet.

    Raises:
        Misasked: an act, a thing, a level or a fact that is not offered.
    """
    action, thing, level = one(fields, "act"), one(fields, "what"), one(fields, "acr") or "1"
    if not action or not thing:
        return None
    if level not in LEVELS:
        raise Misasked("Le niveau de connexion est 0, 1 ou 2.")
    if action not in {each.action for each in policies.model.environments}:
        raise Misasked(f"« {action[:60]} » : les règles ne connaissent pas cet acte.")
    resource = _ref(thing)
    if resource not in scene.entities:
        raise Misasked(f"« {thing[:80]} » : cette chose n’est pas sur la page.")
    environment = Environment(scene.actor.type, action, resource.type)
    if environment not in policies.model.environments:
        raise Misasked(
            "Cet acte ne se fait pas sur cette chose par cette personne : choisissez-en une autre."
        )
    changes = dict(_changes(fields, scene, policies))
    plain = _request(scene, environment, resource, int(level), {})
    return Asked(
        scene, environment, plain, _request(scene, environment, resource, int(level), changes), changes
    )


def _ref(text: str) -> EntityRef:
    kind, _, name = text.partition("::")
    return EntityRef(kind, name)


def _request(
    scene: Scene,
    environment: Environment,
    resource: EntityRef,
    acr: int,
    changes: Mapping[tuple[EntityRef, str], Value | None],
) -> Request:
    entities = dict(scene.entities)
    for (ref, name), value in changes.items():
        held = {**entities[ref].attributes}
        held.pop(name, None)
        entities[ref] = Entity(ref, held if value is None else {**held, name: value})
    found = reachable((scene.actor, resource), entities)
    return Request(scene.actor, environment.action, resource, scene.now, acr, found)


def _changes(
    fields: Fields, scene: Scene, policies: Policies
) -> Iterator[tuple[tuple[EntityRef, str], Value | None]]:
    """The facts of the form that differ from those of the scene."""
    for key, texts in fields.items():
        if not key.startswith(FACT):
            continue
        place, _, name = key.removeprefix(FACT).rpartition(".")
        ref = _ref(place)
        kind = policies.model.entities.get(ref.type, {}).get(name)
        if ref not in scene.entities or kind is None:
            raise Misasked(f"« {key[:80]} » : ce fait n’est pas sur la page.")
        value = value_of(kind, [text for text in texts if text], scene, policies)
        if value != scene.entities[ref].attributes.get(name):
            yield (ref, name), value


def value_of(kind: AttributeType, texts: list[str], scene: Scene, policies: Policies) -> Value | None:
    """A fact from what was chosen or typed.

    Raises:
        Misasked: it is none of its kind.
    """
    if kind.is_set:
        return frozenset(_known(kind.name, text, scene, policies) for text in texts if text != ABSENT)
    text = texts[0] if len(texts) == 1 else ABSENT
    if text == ABSENT:
        if not kind.is_optional:
            raise Misasked("Un fait obligatoire n’a pas de valeur, ou en a plusieurs.")
        return None
    match kind.name:
        case "Bool" if text in ("true", "false"):
            return text == "true"
        case "Long" if text.isascii() and text.isdecimal() and int(text[:12]) < LARGEST and len(text) < 11:
            return int(text)
        case "datetime":
            return moment_of(text)
        case "Bool" | "Long":
            raise Misasked(f"« {text[:40]} » n’est pas une valeur de ce fait.")
        case _:
            return _known(kind.name, text, scene, policies)


def _known(kind: str, text: str, scene: Scene, policies: Policies) -> EntityRef:
    if text not in {each.id for each in choices(kind, scene, policies)}:
        raise Misasked(f"« {text[:60]} » n’est pas un choix de ce fait.")
    return EntityRef(kind, text)


def choices(kind: str, scene: Scene, policies: Policies) -> Iterable[EntityRef]:
    """What a fact of a kind may be: the codes, the services, what is on the stage or held there already."""
    model, catalogue = policies.model, policies.catalogue
    if kind in model.enumerations:
        return [EntityRef(kind, code) for code in model.enumerations[kind]]
    found = {ref for ref in scene.entities if ref.type == kind}
    if kind == "Service":
        found |= {EntityRef(kind, key) for key in catalogue.services}
    for entity in scene.entities.values():
        for value in entity.attributes.values():
            held = value if isinstance(value, frozenset) else {value}
            found |= {each for each in held if isinstance(each, EntityRef) and each.type == kind}
    return sorted(found)
