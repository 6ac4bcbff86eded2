"""Scenarios in YAML: given … when alice validateHabilitation paul-demande then deny by G-FONCTION."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.forms import TEXT, check_form, named
from policies.catalogue.limits import duration_of, written_limits
from policies.catalogue.strict import StrictValidator, flat_errors, with_guess
from policies.catalogue.yaml_source import Source, Steps, load_yaml
from policies.engine.facts import reachable, terms_ref
from policies.engine.request import Entity, EntityRef, Request, Value
from policies.engine.revision import Policies
from policies.language.model import AttributeType, Model
from policies.review.cases.case import Case

ABSENT = "absent"
FORM = {
    "title": {"type": "string", "required": True, "minlength": 1},
    "given": {"type": "dict", "valuesrules": {"type": "dict"}},
    "acr": {"type": "integer", "coerce": "integer", "min": 0, "max": 4},
    "when": {"type": "string", "required": True, "regex": r"\S+ \S+ \S+"},
    "then": {"type": "string", "required": True, "regex": r"(allow|deny) by \S+( \S+)*"},
}


class _Wrong(Exception):
    def __init__(self, path: Steps, message: str) -> None:
        super().__init__(message)
        self.path, self.message = path, message


def read_scenarios(policies: Policies) -> tuple[Case, ...]:
    """Every scenario of a policies folder.

    Raises:
        BadSource: a scenario that cannot be read; the faults say where and what was expected.
    """
    folder = policies.root / "scenarios"
    personas = load_yaml(folder / "personas.yaml", policies.root)
    world = _World(policies, personas)
    cases: list[Case] = []
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name == "personas.yaml":
            continue
        source = load_yaml(path, policies.root)
        for index, row in enumerate(_rows(source)):
            try:
                cases.append(_case(source, index, row, world))
            except _Wrong as wrong:
                faults.append(source.fault((index, *wrong.path), wrong.message))
    if faults:
        raise BadSource(faults)
    return tuple(cases)


def read_world(policies: Policies) -> tuple[tuple[Entity, ...], datetime]:
    """The personas as they are before any scenario, and their `now`.

    Raises:
        BadSource: the personas cannot be read.
    """
    personas = load_yaml(policies.root / "scenarios" / "personas.yaml", policies.root)
    world = _World(policies, personas)
    return tuple(world.entities({}).values()), world.now


def _rows(source: Source) -> list[dict[str, Any]]:
    validator = StrictValidator({"rows": {"type": "list", "schema": {"type": "dict", "schema": FORM}}})
    if not validator.validate({"rows": source.data}):
        errors = flat_errors(validator.errors["rows"])
        raise BadSource(source.fault(path, with_guess(message, path, FORM)) for path, message in errors)
    rows: list[dict[str, Any]] = validator.document["rows"]
    return rows


def _case(source: Source, index: int, row: Mapping[str, Any], world: "_World") -> Case:
    actor, action, resource = row["when"].split()
    verdict, _, *ids = row["then"].split()
    world.check_ids(ids)
    world.check_action(action)
    ends = (world.ref(actor, ("when",)), world.ref(resource, ("when",)))
    request = Request(
        actor=ends[0],
        action=action,
        resource=ends[1],
        now=world.now,
        acr=row.get("acr", 1),
        entities=reachable(ends, world.entities(row.get("given", {}))),
    )
    return Case(row["title"], source.file, source.line((index,)), request, verdict == "allow", tuple(ids))


class _World:
    """The personas, typed by the model."""

    def __init__(self, policies: Policies, personas: Source) -> None:
        self._model: Model = policies.model
        self._rules = {rule.id for rule in policies.rules}
        self._services, self._espaces = policies.catalogue.services, policies.catalogue.espaces
        self._flags: dict[str, Value] = dict.fromkeys(policies.catalogue.flags, False)
        self._limits = written_limits(policies.root)
        check_form(personas, {"now": TEXT, "entities": named({"type": "dict"})})
        try:
            self.now = datetime.fromisoformat(personas.data["now"])
        except ValueError as error:
            raise BadSource([personas.fault(("now",), f"expected a moment: {error}")]) from error
        self._written: Mapping[str, Mapping[str, Any]] = personas.data["entities"]
        self._types = {name: attributes["is"] for name, attributes in self._written.items()}
        try:
            self._made = {name: self._entity(name, row, ()) for name, row in self._written.items()}
        except _Wrong as wrong:
            raise BadSource([personas.fault(("entities", *wrong.path), wrong.message)]) from wrong

    def ref(self, name: str, path: Steps) -> EntityRef:
        if name not in self._types:
            raise _Wrong(path, f"unknown {name}{_guess(name, self._types)}")
        return EntityRef(self._types[name], name)

    def check_ids(self, ids: list[str]) -> None:
        for name in ids:
            rule_id = name.partition("#")[0]
            if rule_id not in self._rules:
                raise _Wrong(("then",), f"unknown rule {rule_id}{_guess(rule_id, self._rules)}")

    def check_action(self, action: str) -> None:
        actions = {environment.action for environment in self._model.environments}
        if action not in actions:
            raise _Wrong(("when",), f"unknown action {action}{_guess(action, actions)}")

    def entities(self, given: Mapping[str, Mapping[str, str]]) -> dict[EntityRef, Entity]:
        changed = {
            self.ref(name, ("given",)): self._entity(name, {**self._written[name], **changes}, ("given",))
            for name, changes in given.items()
        }
        return {entity.ref: entity for entity in self._made.values()} | changed

    def _entity(self, name: str, row: Mapping[str, Any], path: Steps) -> Entity:
        types = self._model.entities.get(row["is"])
        if types is None:
            raise _Wrong(
                (*path, name, "is"), f"unknown type {row['is']}{_guess(row['is'], self._model.entities)}"
            )
        attributes: dict[str, Value] = {**self._flags} if row["is"] == "Service" else {}
        for attribute, text in row.items():
            here = (*path, name, attribute)
            if attribute == "is" or text == ABSENT:
                continue
            if attribute not in types:
                raise _Wrong(here, f"unknown attribute {attribute}{_guess(attribute, types)}")
            attributes[attribute] = self._value(types[attribute], text, here)
        return Entity(EntityRef(row["is"], name), attributes)

    def _value(self, kind: AttributeType, text: Any, path: Steps) -> Value:
        if kind.is_set:
            if not isinstance(text, list):
                raise _Wrong(path, "expected a list")
            return frozenset(self._reference(kind.name, item, path) for item in text)
        if not isinstance(text, str):
            raise _Wrong(path, f"expected one {kind.name}")
        match kind.name:
            case "Bool" if text in ("true", "false"):
                return text == "true"
            case "Long" if (number := self._number(text)) is not None:
                return number
            case "datetime" if (length := self._length(text)) is not None:
                return self.now + length
            case "Bool" | "Long" | "datetime":
                raise _Wrong(path, f"expected a {kind.name}, got {text}")
            case _:
                return self._reference(kind.name, text, path)

    def _number(self, text: str) -> int | None:
        """`5`, `tries_in_all`, `tries_in_all-1`; None when it is none."""
        found = re.fullmatch(r"([a-z_]+|[0-9]+)(-[0-9]+)?", text)
        if not found:
            return None
        known = self._limits.get(found[1])
        base = int(found[1]) if found[1].isdecimal() else known.value if known else None
        return base + int(found[2] or 0) if isinstance(base, int) else None

    def _length(self, text: str) -> timedelta | None:
        """`-3d`, `+2h`, `-code_life-1d`: lengths and limits, added; None when it is none."""
        parts = re.findall(r"([+-])([0-9]+[a-z]+|[a-z_]+)", text)
        if not parts or "".join(map("".join, parts)) != text:
            return None
        total = timedelta()
        for sign, part in parts:
            known = self._limits.get(part)
            length = known.value if known else duration_of(part)
            if not isinstance(length, timedelta):
                return None
            total += length if sign == "+" else -length
        return total

    def _reference(self, kind: str, text: str, path: Steps) -> EntityRef:
        espace, _, version = text.partition("@")
        if kind == "TermsVersion" and version == "current" and espace in self._espaces:
            return terms_ref(espace, self._espaces[espace].terms_version or "none")
        known = {name for name, type_name in self._types.items() if type_name == kind}
        known |= {*self._model.enumerations.get(kind, ())}
        if kind == "Service":
            known |= {*self._services}
        if text not in known and kind not in ("TermsVersion", "Espace"):
            raise _Wrong(path, f"unknown {kind} {text}{_guess(text, known)}")
        return EntityRef(kind, text)


def _guess(name: str, known: Any) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f", did you mean {near[0]}?" if near else ""
