"""`model/french.yaml`: acts, things, words, facts and numbers in French, complete by construction."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.loader import POLICIES
from policies.catalogue.strict import StrictValidator, flat_errors, with_guess
from policies.catalogue.yaml_source import Source, load_yaml
from policies.language.model import Model

FRENCH, WORDS = "model/french.yaml", "properties/words.yaml"
PARIS = ZoneInfo("Europe/Paris")
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
NO_BREAK = "\u00a0"
TEXT = {"type": "string", "required": True}
TEXTS = {"type": "dict", "required": True, "valuesrules": {"type": "string"}}
PAIR = {"type": "list", "required": True, "minlength": 2, "maxlength": 2, "schema": {"type": "string"}}


def _rows(form: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "list", "required": True, "schema": {"type": "dict", "schema": form}}


FORM: Mapping[str, Mapping[str, Any]] = {
    "acts": TEXTS,
    "kinds": {
        "type": "dict",
        "required": True,
        "valuesrules": {"type": "dict", "schema": {"any": TEXT, "this": TEXT}},
    },
    "who": _rows({"when": TEXT, "any": TEXT, "this": PAIR}),
    "together": _rows({"these": PAIR, "any": TEXT}),
    "whom": _rows({"when": TEXT, "any": TEXT}),
    "words": {"type": "dict", "required": True, "valuesrules": PAIR},
    "facts": {"type": "dict", "required": True, "valuesrules": TEXTS},
    "levels_of_login": {"type": "list", "required": True, "minlength": 3, "schema": {"type": "string"}},
    "roles": TEXTS,
    "states": TEXTS,
    "limits": TEXTS,
    "names": {"type": "dict", "required": True, "valuesrules": TEXTS},
}


@dataclass(frozen=True, slots=True)
class Stand:
    """How somebody may stand to a thing: the words that must hold, anybody who does, and the one at hand."""

    when: tuple[str, ...]
    anybody: str
    woman: str
    man: str


@dataclass(frozen=True, slots=True)
class Together:
    """Several ways to stand, by their words, that have one name."""

    these: frozenset[tuple[str, ...]]
    anybody: str


@dataclass(frozen=True, slots=True)
class French:
    """The words; an act of another revision, which has none, is told by its name."""

    acts: Mapping[str, str]
    kinds: Mapping[str, Mapping[str, str]]
    who: tuple[Stand, ...]
    together: tuple[Together, ...]
    whom: tuple[Stand, ...]
    words: Mapping[str, tuple[str, str]]
    facts: Mapping[str, Mapping[str, str]]
    levels_of_login: tuple[str, ...]
    roles: Mapping[str, str]
    states: Mapping[str, str]
    limits: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]

    def act(self, action: str, **of: str) -> str:
        """An act as « valider l’habilitation … »."""
        return smooth(_filled(self.acts.get(action, f"faire l’acte « {action} » sur {{thing}}"), of))

    def any_thing(self, kind: str) -> str:
        """Any thing of a kind, as « une habilitation »."""
        return self.kinds[kind]["any"] if kind in self.kinds else f"une chose ({kind})"

    def fact(self, kind: str, name: str) -> str:
        """What a fact is called."""
        return self.facts.get(kind, {}).get(name, name)

    def login(self, level: int) -> str:
        """A level of authentication."""
        known = 0 <= level < len(self.levels_of_login)
        return self.levels_of_login[level] if known else str(level)


@cache
def load_french() -> French:
    """The words of the product at hand, by which other revisions are told too.

    Raises:
        BadSource: the file cannot be read.
    """
    data = _read(POLICIES).data
    return French(
        acts=data["acts"],
        kinds=data["kinds"],
        who=tuple(Stand(_parts(row["when"]), row["any"], *row["this"]) for row in data["who"]),
        together=tuple(
            Together(frozenset(map(_parts, row["these"])), row["any"]) for row in data["together"]
        ),
        whom=tuple(Stand(_parts(row["when"]), row["any"], "", "") for row in data["whom"]),
        words={word: (yes, no) for word, (yes, no) in data["words"].items()},
        facts=data["facts"],
        levels_of_login=tuple(data["levels_of_login"]),
        roles=data["roles"],
        states=data["states"],
        limits=data["limits"],
        names=data["names"],
    )


def _parts(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(", ")))


def _read(root: Path) -> Source:
    source = load_yaml(root / FRENCH, root)
    validator = StrictValidator(FORM)
    if not isinstance(source.data, dict) or not validator.validate(source.data):
        errors = flat_errors([validator.errors or {"": ["expected a mapping"]}])
        raise BadSource(source.fault(path, with_guess(message, path, FORM)) for path, message in errors)
    return source


def french_faults(root: Path, model: Model) -> list[Fault]:
    """What has no French, and what French speaks of nothing.

    Raises:
        BadSource: the file cannot be read at all.
    """
    source = _read(root)
    words = load_yaml(root / WORDS, root).data["words"]
    kinds = {kind for each in model.environments for kind in (each.principal, each.resource)}
    wanted = {
        "acts": {each.action for each in model.environments},
        "kinds": kinds,
        "words": {*words},
        "limits": {*load_yaml(root / "catalogue/limits.yaml", root).data},
    }
    faults = [
        source.fault((section,), f"{name} has no French")
        for section, names in wanted.items()
        for name in sorted(names - source.data[section].keys())
    ]
    return [*faults, *_idle(source, wanted), *_idle_facts(source, model)]


def _idle_facts(source: Source, model: Model) -> Iterator[Fault]:
    for kind, names in source.data["facts"].items():
        known = model.context if kind == "context" else model.entities.get(kind, {})
        for name in names.keys() - known.keys():
            yield source.fault(("facts", kind, name), f"{kind} has no {name}")


def _idle(source: Source, wanted: Mapping[str, set[str]]) -> Iterator[Fault]:
    for section in ("acts", "words", "limits"):
        for name in source.data[section].keys() - wanted[section]:
            yield source.fault((section, name), f"{name}: there is none of that name")
    for section in ("who", "whom"):
        for index, row in enumerate(source.data[section]):
            unknown = {word.removeprefix("not ") for word in _parts(row["when"])} - wanted["words"]
            yield from (
                source.fault((section, index, "when"), f"unknown word « {word} »") for word in unknown
            )


def _filled(text: str, of: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: of.get(found[1], found[0]), text)


def smooth(text: str) -> str:
    """Elision and contraction: « de une » is « d’une », « de le courrier » is « du courrier »."""
    text = re.sub(r"\b([dD])e (?=[aeiouyéèêâîAEIOUYÉÈÊÂÎ])", r"\1’", text)
    text = re.sub(r"\b([qQ])ue (?=[aeiouéèêâîAEIOUÉÈÊÂÎ])", r"\1u’", text)
    text = re.sub(r"\b([dD])e le\b", r"\1u", text)
    text = re.sub(r"\b([dD])e les\b", r"\1es", text)
    text = re.sub(r"\b([aà]) le\b", "au", text)
    return typographic(text)


def typographic(text: str) -> str:
    """With the apostrophes and the no-break spaces of French print."""
    text = text.replace("'", "’")
    return re.sub(r"(?<=«) | (?=[»:;?!])", NO_BREAK, text)


def listed(parts: list[str], last: str = "ou") -> str:
    """« a, b ou c »."""
    *first, end = parts
    return f"{', '.join(first)} {last} {end}" if first else end


def acts_on(thing: str, acts: Iterable[str]) -> list[str]:
    """« valider ou refuser une habilitation »: what several acts are done on is said once."""
    told, end = [*acts], f" {thing}"
    verbs = [each.removesuffix(end) for each in told if each.endswith(end)]
    plain = [verb for verb in verbs if " " not in verb]
    if len(plain) < 2:
        return told
    return [f"{listed(plain)}{end}", *(each for each in told if each.removesuffix(end) not in plain)]


def moment_fr(moment: datetime) -> str:
    """A moment in full, in Paris; to the second or the millisecond where the minute is not all of it."""
    here = moment.astimezone(PARIS)
    day = "1er" if here.day == 1 else str(here.day)
    told = f"{day} {MONTHS[here.month - 1]} {here.year} à {here.hour} h {here.minute:02d}"
    milliseconds = here.microsecond // 1000
    if here.second or milliseconds:
        told += f" min {here.second:02d}" + (f",{milliseconds:03d}" if milliseconds else "") + " s"
    return told.replace(" ", NO_BREAK)
