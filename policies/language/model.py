"""What the rules may speak of: entity types, attributes, actions, environments; and their Cedar schema.

`model/entities.yaml` is the source; `model/schema.json` and `model/bdt.cedarschema` are rendered from it and
from the codes of the catalogue, committed, and checked to be fresh.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.catalogue.faults import BadSource, Fault
from policies.catalogue.forms import TEXT, check_form, named, read_form
from policies.catalogue.loader import LISTS, read_catalogue
from policies.language.cedar import Schema

PLAIN = ("Bool", "Long", "datetime")
_ENTITY = {
    "type": "dict",
    "schema": {"says": TEXT, "attributes": named({"type": "string"})},
}
_FORM = {
    "enumerations": named({"type": "string", "refers_to": "lists"}),
    "entities": named(_ENTITY),
    "context": named({"type": "string", "allowed": PLAIN}),
    "groups": named(TEXT),
    "actions": named({"type": "dict"}),
}


def _several(codes: str, least: int) -> dict[str, Any]:
    each = {"type": "string", "refers_to": codes}
    return {"type": "list", "required": True, "minlength": least, "schema": each}


_ACTION = {
    "type": "dict",
    "schema": {
        "principal": _several("types", 1),
        "resource": _several("types", 1),
        "groups": _several("groups", 0),
    },
}
"""Groups have no groups, so that no circle of them can be written."""


@dataclass(frozen=True, slots=True)
class AttributeType:
    """`name` is Bool, Long, datetime or an entity type; a set of them when `is_set`."""

    name: str
    is_set: bool = False
    is_optional: bool = False

    @property
    def is_entity(self) -> bool:
        """One thing: a path may go on through it."""
        return not self.is_set and self.name not in PLAIN


@dataclass(frozen=True, slots=True, order=True)
class Environment:
    """A kind of question: the type that acts, the action, the type acted upon."""

    principal: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.principal} {self.action} {self.resource}"


@dataclass(frozen=True, slots=True)
class Model:
    """The schema, read."""

    entities: Mapping[str, Mapping[str, AttributeType]]
    enumerations: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, frozenset[str]]
    context: Mapping[str, AttributeType]
    environments: tuple[Environment, ...]
    schema_text: str

    def actions_in(self, name: str) -> frozenset[str]:
        """The actions of a group, or the action itself."""
        return self.groups.get(name, frozenset((name,)))

    def type_of(self, environment: Environment, path: tuple[str, ...]) -> AttributeType | None:
        """Type at the end of a path as `("resource", "membership", "user")`; None when there is no such."""
        if path[0] == "context":
            return self.context.get(path[1]) if len(path) == 2 else None
        current = AttributeType(getattr(environment, path[0]))
        for name in path[1:]:
            found = self.entities.get(current.name, {}).get(name) if current.is_entity else None
            if found is None:
                return None
            current = found
        return current


def read_model(root: Path) -> Model:
    """The model of a policies folder, from its committed `model/schema.json`.

    Raises:
        BadSource: the file is missing or is not a schema.
    """
    name = "model/schema.json"
    try:
        text = (root / name).read_text(encoding="utf-8")
        model = _read(text)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        fault = Fault(name, 0, "", "missing or not a schema: run `bdt policy generate`")
        raise BadSource([fault]) from error
    try:
        Schema.from_json_str(text)
    except ValueError as error:
        raise BadSource([Fault(name, 0, "", " ".join(str(error).split()))]) from error
    return model


def _read(text: str) -> Model:
    document = json.loads(text)[""]
    groups: dict[str, set[str]] = {}
    environments = []
    context: dict[str, AttributeType] = {}
    for action, spec in document["actions"].items():
        for parent in spec.get("memberOf", ()):
            groups.setdefault(parent["id"], set()).add(action)
        if "appliesTo" in spec:
            applies = spec["appliesTo"]
            context = _attributes(applies["context"])
            environments += [
                Environment(principal, action, resource)
                for principal in applies["principalTypes"]
                for resource in applies["resourceTypes"]
            ]
    types = document["entityTypes"]
    return Model(
        entities={name: _attributes(spec["shape"]) for name, spec in types.items() if "shape" in spec},
        enumerations={name: tuple(spec["enum"]) for name, spec in types.items() if "enum" in spec},
        groups={name: frozenset(actions) for name, actions in groups.items()},
        context=context,
        environments=tuple(environments),
        schema_text=text,
    )


def _attributes(record: Mapping[str, Any]) -> dict[str, AttributeType]:
    found = {}
    for name, spec in record["attributes"].items():
        inner = spec["element"] if spec["type"] == "Set" else spec
        found[name] = AttributeType(
            inner.get("name", inner["type"]), spec["type"] == "Set", not spec.get("required", True)
        )
    return found


def render_schema(root: Path) -> dict[str, str]:
    """The generated files of `model/`, by name relative to the policies folder.

    Raises:
        BadSource: `entities.yaml` or the catalogue is wrong.
    """
    source = read_form(root / "model" / "entities.yaml", root, _FORM, lists=LISTS)
    catalogue = read_catalogue(root)
    data = source.data
    kinds = {"types": data["entities"], "groups": data["groups"]}
    check_form(source, {**_FORM, "actions": named(_ACTION)}, lists=LISTS, **kinds)
    faults = []
    known = {*PLAIN, *data["entities"], *data["enumerations"]}
    types: dict[str, Any] = {
        name: {"enum": list(catalogue.codes(codes))} for name, codes in data["enumerations"].items()
    }
    for entity, spec in data["entities"].items():
        attributes = {}
        for key, written in spec["attributes"].items():
            if written.removeprefix("Set<").removesuffix(">") not in known:
                path = ("entities", entity, "attributes", key)
                faults.append(source.fault(path, f"unknown type {written}"))
            attributes[key.removesuffix("?")] = _schema_type(written, is_optional=key.endswith("?"))
        if entity == "Service":
            attributes |= {name: _schema_type("Bool", is_optional=False) for name in catalogue.flags}
        types[entity] = {"shape": {"type": "Record", "attributes": attributes}}
    if faults:
        raise BadSource(faults)
    document = {"": {"entityTypes": types, "actions": _schema_actions(data)}}
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    return {
        "model/schema.json": text,
        "model/bdt.cedarschema": str(Schema.from_json_str(text)).strip() + "\n",
    }


def _schema_type(written: str, *, is_optional: bool) -> dict[str, Any]:
    if written.startswith("Set<"):
        made: dict[str, Any] = {"type": "Set", "element": _schema_type(written[4:-1], is_optional=False)}
    elif written == "datetime":
        made = {"type": "Extension", "name": "datetime"}
    elif written in PLAIN:
        made = {"type": written}
    else:
        made = {"type": "Entity", "name": written}
    return {**made, "required": False} if is_optional else made


def _schema_actions(data: Mapping[str, Any]) -> dict[str, Any]:
    context = {
        "type": "Record",
        "attributes": {
            name: _schema_type(written, is_optional=False) for name, written in data["context"].items()
        },
    }
    actions: dict[str, Any] = {name: {} for name in data["groups"]}
    for action, spec in data["actions"].items():
        actions[action] = {
            "memberOf": [{"id": group} for group in spec["groups"]],
            "appliesTo": {
                "principalTypes": spec["principal"],
                "resourceTypes": spec["resource"],
                "context": context,
            },
        }
    return actions


def stale_files(root: Path, rendered: Mapping[str, str]) -> list[Fault]:
    """A fault for each generated file that differs from its source."""
    return [
        Fault(name, 0, "", "stale: run `bdt policy generate`")
        for name, text in rendered.items()
        if not (root / name).is_file() or (root / name).read_text(encoding="utf-8") != text
    ]
