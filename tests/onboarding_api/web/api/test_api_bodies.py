"""What comes in is read strictly: anything else is a coded problem, and nothing is done."""

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from onboarding_api.model.base import Base
from onboarding_api.model.journal import JournalEntry
from onboarding_api.web.api.acts import OPERATIONS
from tests.onboarding_api.web.api.conftest import Call, faults, told
from tests.onboarding_api.web.portal import Portal
from tests.onboarding_api.web.world import EUS, PENDING

ADMINISTRATOR = "cend589"
DECISION = f"/habilitations/{PENDING}/decision"
WITH_BODY = {
    "create_membership": "/memberships",
    "request_services": f"/memberships/{EUS}/habilitations",
    "redeem": f"/memberships/{EUS}/activation-code",
    "decide": DECISION,
}
RIGHT: dict[str, dict[str, Any]] = {
    "create_membership": {"siren": EUS},
    "request_services": {"services": ["mes-prets:suivi"]},
    "redeem": {"code": "AAAA-AAAA-AAAA"},
    "decide": {"decision": "validate"},
}
HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"siren=216600742",
    "cut": b'{"siren": "2166',
    "NaN": b'{"siren": NaN}',
    "Infinity": b'{"siren": -Infinity}',
    "a name twice": b'{"siren": "216600742", "siren": "216600726"}',
    "a name twice, inside": b'{"services": [{"a": 1, "a": 2}]}',
    "a list": b'["216600742"]',
    "a string": b'"216600742"',
    "null": b"null",
    "deep": b'{"siren": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "deep, not closed": b"[" * 60_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a number of many digits": b'{"siren": ' + b"9" * 20_000 + b"}",
    "not UTF-8": b'{"siren": "\xff"}',
    "UTF-16": '{"siren": "216600742"}'.encode("utf-16"),
    "UTF-8 with a mark": b'\xef\xbb\xbf{"siren": "216600742"}',
    "half a sign": b'{"siren": "\\ud800"}',
    "half a sign in a name": b'{"\\ud800": 1}',
    "NUL": b'{"siren": "\\u0000", "code": "\\u0000", "motive": "\\u0000"}',
    "a name we do not have": b'{"siren": "216600742", "is_administrator": true}',
    "null for each": b'{"siren": null, "services": null, "code": null, "decision": null}',
    "a truth for each": b'{"siren": true, "services": true, "code": true, "decision": true}',
}
READABLE = [HOSTILE[name] for name in ("NUL", "a name we do not have", "null for each", "a truth for each")]
"""JSON objects: each fault names a field. The others are no JSON object at all."""


def journal(portal: Portal) -> int:
    with portal.office.database.reading() as session:
        return session.scalars(select(func.count()).select_from(JournalEntry)).one()


def test_the_table_has_every_operation_with_a_body() -> None:
    assert {one.name for one in OPERATIONS if one.body is not None} == set(WITH_BODY)


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("path", WITH_BODY.values(), ids=WITH_BODY)
def test_a_hostile_body_is_a_coded_problem(portal: Portal, call: Call, path: str, body: bytes) -> None:
    before = journal(portal)

    answer = call(ADMINISTRATOR, "POST", path, data=body, content_type="application/json")

    assert told(answer) == (422, "bad_input")
    assert (faults(answer) == ["body"]) is (body not in READABLE)
    assert journal(portal) == before


@pytest.mark.attack(3)
@pytest.mark.parametrize("name", WITH_BODY)
def test_no_column_of_ours_can_be_set_from_outside(portal: Portal, call: Call, name: str) -> None:
    """Security threat 3: a role, a state or an owner in the body is refused, not dropped."""
    schema = next(one.body for one in OPERATIONS if one.name == name) or {}
    columns = {column.name for table in Base.metadata.sorted_tables for column in table.columns}
    before = journal(portal)

    for column in sorted(columns - schema.keys()):
        answer = call(ADMINISTRATOR, "POST", WITH_BODY[name], json={**RIGHT[name], column: "x"})
        assert faults(answer) == [f"body.{column}"]
    assert journal(portal) == before


@pytest.mark.parametrize("levels", range(1, 1200, 109))
def test_no_depth_is_an_error_of_ours(call: Call, levels: int) -> None:
    nested = f'{{"services": {"[" * levels}{"]" * levels}}}'
    answer = call(
        ADMINISTRATOR, "POST", WITH_BODY["request_services"], data=nested, content_type="application/json"
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("path", WITH_BODY.values(), ids=WITH_BODY)
@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/xml", "json", "é"]
)
def test_another_content_type_is_refused(call: Call, path: str, content_type: str | None) -> None:
    body = json.dumps({"siren": EUS})

    answer = call(ADMINISTRATOR, "POST", path, data=body, content_type=content_type)

    assert told(answer) == (422, "bad_input")
    assert "body" in faults(answer)


def test_a_charset_beside_the_type_is_allowed(call: Call) -> None:
    body, kind = json.dumps({"siren": EUS}), "application/json; charset=utf-8"
    assert call(ADMINISTRATOR, "POST", "/memberships", data=body, content_type=kind).status_code == 201


@pytest.mark.parametrize("path", WITH_BODY.values(), ids=WITH_BODY)
def test_ten_megabytes_are_refused(portal: Portal, call: Call, path: str) -> None:
    before = journal(portal)
    heavy = json.dumps({"motive": "a" * 10_000_000})

    answer = call(ADMINISTRATOR, "POST", path, data=heavy, content_type="application/json")

    assert told(answer) == (413, "too_large")
    assert journal(portal) == before


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/memberships", {"siren": "21660074"}, "body.siren"),
        ("/memberships", {"siren": "216600742\n"}, "body.siren"),
        ("/memberships", {"siren": "٢١٦٦٠٠٧٤٢"}, "body.siren"),
        ("/memberships", {"siren": 216600742}, "body.siren"),
        ("/memberships", {}, "body.siren"),
        (WITH_BODY["request_services"], {"services": []}, "body.services"),
        (WITH_BODY["request_services"], {"services": ["mes-prets:tout"]}, "body.services.0"),
        (WITH_BODY["request_services"], {"services": ["mes-prets:suivi"] * 21}, "body.services"),
        (
            WITH_BODY["request_services"],
            {"services": ["mes-prets:suivi"], "becomes_administrator": 1},
            "body.becomes_administrator",
        ),
        (DECISION, {"decision": "grant"}, "body.decision"),
        (DECISION, {"decision": "refuse", "motive": " "}, "body.motive"),
        (DECISION, {"decision": "refuse", "motive": "Non\r\nBcc: x"}, "body.motive"),
        (DECISION, {"decision": "refuse", "motive": "Non\u202e"}, "body.motive"),
        (DECISION, {"decision": "refuse", "motive": "a" * 501}, "body.motive"),
        (WITH_BODY["redeem"], {"code": "A" * 61}, "body.code"),
        ("/memberships/21660074X/activation-code", {"code": "A"}, "path.siren"),
        ("/habilitations/PENDING/decision", {"decision": "validate"}, "path.habilitation_id"),
    ],
)
def test_a_fault_names_its_field(call: Call, path: str, body: dict[str, Any], field: str) -> None:
    answer = call(ADMINISTRATOR, "POST", path, json=body)

    assert told(answer) == (422, "bad_input")
    assert faults(answer) == [field]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "query.q"),
        ("q=e", "query.q"),
        ("q=" + "e" * 121, "query.q"),
        ("q=eus&q=prades", "query.q"),
        ("q=eus&limit=0", "query.limit"),
        ("q=eus&limit=51", "query.limit"),
        ("q=eus&limit=5.0", "query.limit"),
        ("q=eus&limit=", "query.limit"),
        ("q=eus&limit=%D9%A5", "query.limit"),
        ("q=eus&limit=1e1", "query.limit"),
        ("q=eus&offset=1", "query.offset"),
    ],
)
def test_a_fault_of_the_query_names_its_field(call: Call, query: str, field: str) -> None:
    answer = call(ADMINISTRATOR, "GET", f"/structures?{query}")

    assert told(answer) == (422, "bad_input")
    assert faults(answer) == [field]


@pytest.mark.parametrize(
    "text", ["%00", "%00%00", "%FF%FE", "%ED%A0%80x", "%27%22;--", "%25_", "%E2%80%AE", "٥٥"]
)
def test_any_text_may_be_searched(call: Call, text: str) -> None:
    assert call(ADMINISTRATOR, "GET", f"/structures?q={text}eus").status_code == 200


@pytest.mark.parametrize("text", ["21660074200000", "216600743", "99999999999999999"])
def test_a_number_that_cannot_be_one_is_told(call: Call, text: str) -> None:
    answer = call(ADMINISTRATOR, "GET", f"/structures?q={text}")

    assert told(answer) in {(422, "siren_malformed"), (422, "siret_malformed")}


@pytest.mark.parametrize("path", ["", "/", "/nulle-part", "/memberships/", "/../services", "/%00", "/é"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "TRACE", "PURGE"])
def test_an_address_that_is_not_there_is_a_problem(call: Call, method: str, path: str) -> None:
    answer = call(ADMINISTRATOR, method, path)

    assert told(answer) == (404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PURGE"])
def test_a_method_that_is_not_there_is_a_problem(call: Call, method: str) -> None:
    answer = call(ADMINISTRATOR, method, "/memberships")

    assert told(answer) == (405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_a_page_that_is_not_there_is_still_a_page(portal: Portal) -> None:
    assert portal.browser().get("/nulle-part").mimetype == "text/html"
