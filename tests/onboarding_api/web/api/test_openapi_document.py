"""The document says what the code checks: no less, no more."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from openapi_spec_validator import OpenAPIV31SpecValidator

from onboarding_api.web.api.acts import OPERATIONS
from onboarding_api.web.api.authzen import door
from onboarding_api.web.api.openapi import Untranslatable, document, field_schema, object_schema
from onboarding_api.web.api.operations import Operation
from onboarding_api.web.api.problems import PROBLEM
from policies.catalogue.strict import StrictValidator
from tests.onboarding_api.web.portal import PUBLIC_URL, Portal

SCHEMAS: dict[str, Mapping[str, Any]] = {
    f"{operation.name} {part}": schema
    for operation in OPERATIONS
    for part, schema in (("body", operation.body), ("gives", operation.gives))
    if schema is not None
} | {"problem": PROBLEM}
ALMOST: dict[str, list[Any]] = {
    "siren": ["216600742", "216600742\n", "21660074", "٢١٦٦٠٠٧٤٢", " 216600742"],
    "id": ["11111111-1111-4111-8111-111111111111", "11111111-1111-4111-8111-11111111111G"],
    "requested_at": ["2026-11-23T12:00:00+00:00", "2026-11-23T12:00:00Z", "2026-11-23"],
    "motive": ["Non.", " Non.", "Non. ", "a" * 500, "a" * 501, "Non\n", "Non\u202e", "\u00a0"],
    "code": ["A", "", "A" * 60, "A" * 61],
    "services": [[], ["mes-prets:suivi"], ["mes-prets:suivi"] * 20, ["mes-prets:suivi"] * 21],
    "habilitation_ids": [["11111111-1111-4111-8111-111111111111"], ["x"]],
    "decision": ["validate", "refuse", "grant"],
    "state": ["granted", "pending", None],
    "status": [400, 599, 399, 600],
    "type": ["about:blank"],
    "faults": [[], [{"field": "a", "reason": "b"}], [{"field": "a"}]],
}
# `1.0` is an integer to JSON Schema, not to us: no body of ours has an integer.
FRACTIONS = st.floats(allow_nan=False).filter(lambda number: not number.is_integer())
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | FRACTIONS | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def right(name: str, rules: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that the field takes, most of the time."""
    if "allowed" in rules:
        return st.sampled_from(rules["allowed"])
    match rules["type"]:
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(rules["min"], rules["max"])
        case "list":
            sizes = rules.get("minlength", 0), min(rules.get("maxlength", 3), 3)
            return st.lists(right(name, rules["schema"]), min_size=sizes[0], max_size=sizes[1])
        case "dict":
            return of_fields(rules["schema"])
    text = st.from_regex(f"(?:{rules.get('regex', '.*')})", fullmatch=True)
    return st.none() | text if rules.get("nullable") else text


def of_fields(fields: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Documents that are right, and documents with one thing wrong."""
    known = {name: right(name, rules) for name, rules in fields.items()}
    required = {name: known[name] for name, rules in fields.items() if rules.get("required")}
    whole = st.fixed_dictionaries(required, optional={k: v for k, v in known.items() if k not in required})
    return st.one_of(whole, broken(whole, [*fields, "is_administrator"]))


@st.composite
def broken(draw: st.DrawFn, whole: st.SearchStrategy[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    changed, name = draw(whole), draw(st.sampled_from(names))
    if draw(st.booleans()):
        return {key: value for key, value in changed.items() if key != name}
    return {**changed, name: draw(JUNK | st.sampled_from(ALMOST.get(name, [""])))}


def ecma_pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    """In JSON Schema `$` is the end of the text; in Python it also stands before a last line feed."""
    if isinstance(value, str) and not re.search(pattern.removesuffix("$") + r"\Z", value):
        yield ValidationError("no match")


ReadAsEcma = extend(Draft202012Validator, {"pattern": ecma_pattern})


@pytest.mark.slow
@pytest.mark.parametrize("name", SCHEMAS)
def test_cerberus_and_json_schema_agree(name: str) -> None:
    fields, verdicts = SCHEMAS[name], set()

    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(of_fields(fields))
    def agree(one: dict[str, Any]) -> None:
        by_cerberus = StrictValidator(dict(fields)).validate(one)
        assert ReadAsEcma(object_schema(fields)).is_valid(one) is by_cerberus
        verdicts.add(by_cerberus)

    agree()
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    ("rules", "right", "wrong"),
    [
        ({"type": "string", "regex": "a|b"}, ["a", "b"], ["ab", "xa", "bx", "a\n", 1, None]),
        ({"type": "string", "minlength": 2, "maxlength": 3}, ["aa", "éé", "😀😀😀"], ["a", "aaaa"]),
        ({"type": "string", "nullable": True, "allowed": ["a"]}, ["a", None], ["b", "None", ""]),
        ({"type": "integer", "min": 1, "max": 3}, [1, 3], [0, 4, True, "1", 1.5, None]),
        ({"type": "boolean"}, [True, False], [0, 1, "true", None]),
        ({"type": "list", "minlength": 1, "schema": {"type": "string"}}, [["a"]], [[], [1], "a", {}]),
        ({"type": "dict", "schema": {"a": {"type": "string"}}}, [{}, {"a": "x"}], [{"b": 1}, {"a": 1}, []]),
        ({"type": "dict", "schema": {}, "nullable": True}, [{}, None], [{"b": 1}, []]),
    ],
)
def test_a_rule_and_its_translation(rules: dict[str, Any], right: list[Any], wrong: list[Any]) -> None:
    translated = ReadAsEcma(field_schema(rules))
    for value, is_right in [(value, True) for value in right] + [(value, False) for value in wrong]:
        assert StrictValidator({"field": rules}).validate({"field": value}) is is_right, value
        assert translated.is_valid(value) is is_right, value


@pytest.mark.parametrize(
    "rules",
    [
        {"type": "string", "check_with": "siren"},
        {"type": "string", "forbidden": ["a"]},
        {"type": "string", "refers_to": "services"},
        {"type": "string", "coerce": "integer"},
        {"type": "string", "coerce": str.strip},
        {"type": "string", "empty": False},
        {"type": "string", "min": 1},
        {"type": "integer", "minlength": 1},
        {"type": "list", "contains": ["a"]},
        {"type": "list", "schema": {"type": "string", "excludes": "b"}},
        {"type": "dict", "schema": {"a": {"type": "string", "dependencies": "b"}}},
        {"type": "dict", "schema": {}, "minlength": 1},
        {"type": "float"},
        {"type": ["string", "integer"]},
        {"regex": "a"},
    ],
)
def test_a_rule_that_has_no_translation_is_an_error(rules: dict[str, Any]) -> None:
    with pytest.raises(Untranslatable):
        field_schema(rules)


@pytest.mark.parametrize(
    ("at", "whole"),
    [
        ("/api/v1", document(OPERATIONS, f"{PUBLIC_URL}/api/v1")),
        (door.AT, document(door.OPERATIONS, f"{PUBLIC_URL}{door.AT}", door.SAYS)),
    ],
)
def test_the_served_document_is_valid_openapi_31(portal: Portal, at: str, whole: dict[str, Any]) -> None:
    answer = portal.app.test_client().get(f"{at}/openapi.json", base_url=PUBLIC_URL)
    served = json.loads(answer.data)

    OpenAPIV31SpecValidator(served).validate()
    assert served["openapi"].startswith("3.1.")
    assert served == whole


@pytest.mark.parametrize(
    ("name", "at", "operations"), [("api", "/api/v1", OPERATIONS), ("access", door.AT, door.OPERATIONS)]
)
def test_the_document_has_each_route_and_nothing_else(
    portal: Portal, name: str, at: str, operations: tuple[Operation, ...]
) -> None:
    described = {
        (method.upper(), f"{at}{path}")
        for path, item in document(operations, "")["paths"].items()
        for method in item
    }
    routed = {
        (method, re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in portal.app.url_map.iter_rules()
        if rule.endpoint.startswith(f"{name}.") and rule.endpoint != f"{name}.describe"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routed


@pytest.mark.parametrize("operation", door.OPERATIONS, ids=lambda each: each.name)
def test_a_door_of_a_standard_takes_names_that_it_does_not_know(operation: Operation) -> None:
    """And its document says so: as forward compatible as the standard wants it."""
    fields = operation.body or {}
    entity = {"type": "x", "id": "x", "name": "x", "future": {"deep": [1]}}
    message = {"subject": entity, "action": entity, "resource": entity, "future": None}
    assert StrictValidator(dict(fields), allow_unknown=True).validate(message)
    assert ReadAsEcma(object_schema(fields, is_open=True)).is_valid(message)
    assert not ReadAsEcma(object_schema(fields)).is_valid(message)


def test_each_parameter_of_a_path_is_described() -> None:
    for path, item in document(OPERATIONS, "")["paths"].items():
        for operation in item.values():
            named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))
            assert all("pattern" in one["schema"] for one in operation["parameters"] if one["in"] == "path")
