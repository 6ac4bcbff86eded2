"""The OpenAPI 3.1 document, made from the operations and their Cerberus schemas.

A Cerberus rule that has no translation here is an error: a document that says less than the code checks
would be worse than none.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from onboarding_api.web.api.operations import PATH, Operation
from onboarding_api.web.api.problems import MEDIA_TYPE, PROBLEM

TYPES = {"string": "string", "integer": "integer", "boolean": "boolean", "list": "array", "dict": "object"}
SIZES = {
    ("string", "minlength"): "minLength",
    ("string", "maxlength"): "maxLength",
    ("list", "minlength"): "minItems",
    ("list", "maxlength"): "maxItems",
    ("integer", "min"): "minimum",
    ("integer", "max"): "maximum",
}
SILENT = {"type", "required", "nullable"}


class Untranslatable(Exception):
    """A Cerberus rule that this module does not know."""


ACTS = (
    "The acts of the portal for other systems, in the name of a person. "
    "Refusals are problem answers (RFC 9457) with a stable `code`."
)


def document(operations: Iterable[Operation], server: str, says: str = ACTS) -> dict[str, Any]:
    """The whole document; `server` is the API's address, `says` what it is for."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.template, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Habilitations – Banque des Territoires",
            "version": "1",
            "description": says,
        },
        "servers": [{"url": server}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT (RFC 9068)"}
            },
            "schemas": {"Problem": object_schema(PROBLEM)},
        },
    }


def object_schema(fields: Mapping[str, Any], *, is_open: bool = False) -> dict[str, Any]:
    """A Cerberus schema of fields as a JSON Schema object, without other members unless it is open."""
    return {"type": "object", **_members(fields, is_open)}


def field_schema(rules: Mapping[str, Any], *, is_open: bool = False) -> dict[str, Any]:
    """The rules of one field as JSON Schema (draft 2020-12).

    Raises:
        Untranslatable: a rule without translation.
    """
    kind, is_nullable = rules.get("type"), bool(rules.get("nullable"))
    if not isinstance(kind, str) or kind not in TYPES:
        raise Untranslatable(f"type: {kind}")
    schema: dict[str, Any] = {"type": [TYPES[kind], "null"] if is_nullable else TYPES[kind]}
    for rule, value in rules.items():
        schema |= _translated(kind, rule, value, is_nullable, is_open)
    return schema


def _members(fields: Mapping[str, Any], is_open: bool) -> dict[str, Any]:
    members: dict[str, Any] = {
        "properties": {name: field_schema(rules, is_open=is_open) for name, rules in fields.items()},
        "additionalProperties": is_open,
    }
    required = [name for name, rules in fields.items() if rules.get("required")]
    return {**members, "required": required} if required else members


def _translated(kind: str, rule: str, value: Any, is_nullable: bool, is_open: bool) -> dict[str, Any]:
    match rule:
        case "allowed":
            return {"enum": [*value, None] if is_nullable else list(value)}
        case "regex":
            # Ours matches the whole value, a pattern of JSON Schema any part of it.
            return {"pattern": f"^(?:{value})$"}
        case "schema":
            return (
                _members(value, is_open)
                if kind == "dict"
                else {"items": field_schema(value, is_open=is_open)}
            )
        case "meta":
            return {"examples": [value["example"]]}
        case _ if (kind, rule) in SIZES:
            return {SIZES[kind, rule]: value}
        # `coerce` to the field's own type serves the query, where everything is text.
        case _ if rule in SILENT or (rule, value) == ("coerce", kind):
            return {}
    raise Untranslatable(f"{kind}: {rule}")


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": {str(operation.status): _answer(operation), "default": _problem()},
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {"schema": object_schema(operation.body, is_open=operation.is_open)}
            },
        }
    return described


def _answer(operation: Operation) -> dict[str, Any]:
    if operation.gives is None:
        return {"description": "Done."}
    return {
        "description": "Done.",
        "content": {"application/json": {"schema": object_schema(operation.gives)}},
    }


def _problem() -> dict[str, Any]:
    return {
        "description": "Refused.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": field_schema(PATH[name])}
        for name in re.findall(r"\{(\w+)\}", operation.template)
    ]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "required": bool(rules.get("required")),
            "schema": field_schema(rules),
        }
        for name, rules in operation.query.items()
    ]
