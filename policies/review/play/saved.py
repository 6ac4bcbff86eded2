"""A question of the page kept as a scenario: written only if `bdt policy test` then answers as it says."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from policies.catalogue.faults import BadSource
from policies.engine.decide import ENGINE_FAULT, Engine
from policies.engine.request import Decision, EntityRef, Value
from policies.engine.revision import Policies
from policies.review.cases.case import run_cases
from policies.review.cases.scenarios import read_scenarios, read_world
from policies.review.play.asked import ABSENT, Asked

LONGEST = 120
UNITS = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("m", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)
MILLISECOND = timedelta(milliseconds=1)


class NotSaved(ValueError):
    """The scenario was not written; the text says why, in French."""


def chapters(policies: Policies) -> list[str]:
    """The files of scenarios, by name."""
    folder = policies.root / "scenarios"
    return sorted(path.name for path in folder.glob("*.yaml") if path.name != "personas.yaml")


def save(policies: Policies, asked: Asked, title: str, chapter: str) -> str:
    """Write the question, with its facts as changed, at the end of a chapter; the place where it stands.

    Raises:
        NotSaved: the title is taken or none, the chapter is none, nothing decides, it would not pass.
    """
    if chapter not in chapters(policies):
        raise NotSaved(f"« {chapter[:60]} » : il n’y a pas de tel fichier de scénarios.")
    title = " ".join(title.split())
    if not title or len(title) > LONGEST or not title.isprintable():
        raise NotSaved(f"Le titre du scénario doit avoir de 1 à {LONGEST} signes.")
    if title.lower() in _titles(policies):
        raise NotSaved(f"Un scénario s’appelle déjà « {title} » : choisissez un autre titre.")
    path = policies.root / "scenarios" / chapter
    return _written(policies, path, _scenario(policies, asked, title), title)


def _titles(policies: Policies) -> set[str]:
    try:
        return {case.title.lower() for case in read_scenarios(policies)}
    except BadSource as error:
        raise NotSaved(f"Les scénarios ne se lisent pas : {error}") from error


def _written(policies: Policies, path: Path, text: str, title: str) -> str:
    before = path.read_bytes()
    whole = before.decode("utf-8")
    try:
        path.write_text(f"{whole.rstrip()}\n{text}", encoding="utf-8")
        (case,) = (each for each in read_scenarios(policies) if each.title == title)
        faults = run_cases(Engine(policies), (case,))
    except (BadSource, ValueError) as error:
        path.write_bytes(before)
        raise NotSaved(f"Le scénario n’a pas été écrit : il ne se relit pas ({error}).") from error
    except OSError as error:
        raise NotSaved("Le fichier des scénarios ne peut pas être écrit.") from error
    if faults:
        path.write_bytes(before)
        raise NotSaved(f"Le scénario n’a pas été écrit : il ne passerait pas le test ({faults[0]}).")
    return f"{case.file}:{case.line}"


def _scenario(policies: Policies, asked: Asked, title: str) -> str:
    decision = Engine(policies).decide(asked.changed)
    lines = [f"- title: {json.dumps(title, ensure_ascii=False)}"]
    given = _given(policies, asked)
    if given:
        lines.append(f"  given: {json.dumps(given, ensure_ascii=False)}")
    if asked.changed.acr != 1:
        lines.append(f'  acr: "{asked.changed.acr}"')
    request = asked.changed
    lines.append(f"  when: {request.actor.id} {request.action} {request.resource.id}")
    lines.append(f"  then: {_then(decision)}")
    return "\n".join(lines) + "\n"


def _then(decision: Decision) -> str:
    ids = decision.rules or decision.missing
    if not ids or ENGINE_FAULT in ids:
        raise NotSaved("Aucune règle ne décide de cette question : il n’y a rien à retenir.")
    return f"{'allow' if decision.allowed else 'deny'} by {' '.join(ids)}"


def _given(policies: Policies, asked: Asked) -> dict[str, dict[str, str | list[str]]]:
    """The facts that differ from the personas'; moments are told from the moment of the question."""
    entities, now = read_world(policies)
    personas = {entity.ref: entity for entity in entities}
    given: dict[str, dict[str, str | list[str]]] = {}
    for entity in asked.changed.entities:
        if entity.ref not in personas:
            continue
        held = personas[entity.ref].attributes
        for name in sorted({*held, *entity.attributes}):
            value, was = entity.attributes.get(name), held.get(name)
            told = _told(value, asked.changed.now)
            if told != _told(was, now):
                given.setdefault(entity.ref.id, {})[name] = told
    return given


def _told(value: Value | None, now: datetime) -> str | list[str]:
    match value:
        case None:
            return ABSENT
        case bool():
            return "true" if value else "false"
        case datetime():
            return length_of(value - now)
        case EntityRef():
            return value.id
        case frozenset():
            return sorted(each.id for each in value)
        case _:
            return str(value)


def length_of(length: timedelta) -> str:
    """A length of time as scenarios write it: `-3d`, `+1h+30m`."""
    sign = "-" if length < timedelta() else "+"
    left, parts = abs(length), []
    for unit, size in UNITS:
        number, left = divmod(left, size)
        parts += [f"{sign}{number}{unit}"] if number else []
    milliseconds = left // MILLISECOND
    parts += [f"{sign}{milliseconds}ms"] if milliseconds else []
    return "".join(parts) or "+0d"
