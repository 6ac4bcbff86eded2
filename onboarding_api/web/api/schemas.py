"""What the API takes and gives, as strict Cerberus schemas; the OpenAPI document is made from these."""

from collections.abc import Mapping
from typing import Any

from onboarding_api.model.habilitation import HabilitationState
from policies.catalogue.loader import load_catalogue

Schema = Mapping[str, Any]

UUID = {
    "type": "string",
    "regex": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "meta": {"example": "11111111-1111-4111-8111-111111111111"},
}
SIREN = {"type": "string", "regex": "[0-9]{9}", "meta": {"example": "216600742"}}
SERVICE = {"type": "string", "allowed": list(load_catalogue().services)}
MOMENT = {
    "type": "string",
    "regex": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?\+00:00",
}
# Control, invisible and direction signs: people read a motive on a page and in a mail (security threat 34).
_UNSEEN = r"\x00-\x1F\x7F-\x9F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF"
NULL_TEXT = {"type": "string", "nullable": True, "required": True}
TEXT = {"type": "string", "required": True}

SEARCH: Schema = {
    "q": {"type": "string", "required": True, "minlength": 2, "maxlength": 120, "meta": {"example": "Eus"}},
    "limit": {"type": "integer", "coerce": "integer", "min": 1, "max": 50},
}
MARK = {
    "type": "string",
    "regex": f"{MOMENT['regex']}~{UUID['regex']}",
    "meta": {"example": "2026-11-23T10:00:00+00:00~11111111-1111-4111-8111-111111111111"},
}
PAGE: Schema = {"after": MARK}
ATTACH: Schema = {"siren": {**SIREN, "required": True}}
REQUEST: Schema = {
    "services": {"type": "list", "required": True, "minlength": 1, "maxlength": 20, "schema": SERVICE},
    "becomes_administrator": {"type": "boolean"},
    "postcode": {"type": "string", "regex": "[0-9]{5}", "meta": {"example": "66500"}},
}
DECISION: Schema = {
    "decision": {
        "type": "string",
        "required": True,
        "allowed": ["validate", "refuse", "deactivate", "reactivate"],
    },
    "motive": {"type": "string", "maxlength": 500, "regex": rf"[^ {_UNSEEN}]([^{_UNSEEN}]*[^ {_UNSEEN}])?"},
}
CODE: Schema = {"code": {"type": "string", "required": True, "minlength": 1, "maxlength": 60}}

STRUCTURE: Schema = {
    "siren": {**SIREN, "required": True},
    "name": TEXT,
    "kind": TEXT,
    "departement": TEXT,
    "postcodes": {"type": "list", "required": True, "schema": {"type": "string"}},
    "epci_name": NULL_TEXT,
    "code_tiers": NULL_TEXT,
}
MEMBERSHIP: Schema = {
    "id": {**UUID, "required": True},
    "siren": {**SIREN, "required": True},
    "name": TEXT,
    "is_administrator": {"type": "boolean", "required": True},
    "fonction": NULL_TEXT,
}
SERVICE_STATE: Schema = {
    "service": {**SERVICE, "required": True},
    "label": TEXT,
    "state": {
        "type": "string",
        "nullable": True,
        "required": True,
        "allowed": [str(state) for state in HabilitationState],
    },
    "may_request": {"type": "boolean", "required": True},
    "missing": {"type": "list", "required": True, "schema": {"type": "string"}},
}
WAITING: Schema = {
    "id": {**UUID, "required": True},
    "requester": TEXT,
    "service": TEXT,
    "fonction": NULL_TEXT,
    "requested_at": {**MOMENT, "required": True},
}
OUTCOME: Schema = {
    "claim_reference": NULL_TEXT,
    "habilitation_ids": {"type": "list", "required": True, "schema": UUID},
}
GRANTED: Schema = {"services": {"type": "list", "required": True, "schema": {"type": "string"}}}
CREATED: Schema = {"id": {**UUID, "required": True}}


def listed(item: Schema) -> Schema:
    """`{"items": [item, …]}`."""
    return {"items": {"type": "list", "required": True, "schema": {"type": "dict", "schema": dict(item)}}}


def page_of(item: Schema) -> Schema:
    """The same of a long list: `next` is the `after` of the next page, null on the last one."""
    return {**listed(item), "next": NULL_TEXT}
