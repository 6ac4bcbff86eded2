"""The standard's certification scenario: its published pairs at each level, through our door and engine."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.onboarding_api.web.api.authzen.conftest import OURS, THEIRS, Ask
from tests.onboarding_api.web.portal import PUBLIC_URL, Portal

PAIRS = yaml.safe_load((Path(__file__).parent / "certification.yaml").read_text("utf-8"))["pairs"]
RIGHT = PAIRS["2.2.1"]["ask"]


@pytest.mark.parametrize("pair", PAIRS.values(), ids=map(str, PAIRS))
def test_a_published_pair(ask: Ask, pair: dict[str, Any]) -> None:
    answer = ask(f"{THEIRS}/{pair['to']}", pair["ask"])

    assert answer.status_code == pair.get("status", 200), answer.text
    if answer.status_code == 200:
        assert answer.mimetype == "application/json"
        given = answer.json or {}
        assert {name: given.get(name) for name in pair["gives"]} == pair["gives"]


@pytest.mark.parametrize("body", [b"", b"{", b"alice", b"[]", b"\xff"])
@pytest.mark.parametrize("door", [OURS, THEIRS])
def test_what_is_not_json_is_a_bad_request(ask: Ask, door: str, body: bytes) -> None:
    """2.4.4, 2.4.5."""
    assert ask(f"{door}/evaluation", data=body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/xml"])
def test_another_content_type_is_a_bad_request(ask: Ask, content_type: str | None) -> None:
    """2.4.3."""
    assert ask(f"{THEIRS}/evaluation", data=b"{}", content_type=content_type).status_code == 400


def test_the_callers_name_for_his_request_comes_back(ask: Ask) -> None:
    """2.5, also on an error."""
    named = {"X-Request-ID": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"}
    messages: list[Any] = [RIGHT, {}]
    for message in messages:
        answer = ask(f"{THEIRS}/evaluation", message, headers=named)
        assert answer.headers["X-Request-ID"] == named["X-Request-ID"]
    assert "X-Request-ID" not in ask(f"{THEIRS}/evaluation", RIGHT).headers


def test_the_same_question_has_the_same_answer(ask: Ask) -> None:
    """2.6."""
    assert {ask(f"{THEIRS}/evaluation", RIGHT).text for _ in range(5)} == {'{"decision": true}'}


@pytest.mark.parametrize(
    ("semantic", "decisions"),
    [
        ("execute_all", [True, False, True, False]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_a_batch_stops_where_its_semantic_says(ask: Ask, semantic: str, decisions: list[bool]) -> None:
    acts: list[Any] = [{"action": {"name": name}} for name in ("read", "write", "read")]
    message = {
        "subject": {"type": "user", "id": "bob"},
        "resource": {"type": "record", "id": "record-1"},
        "evaluations": [*acts, {"action": {"name": 5}}],
        "options": {"evaluations_semantic": semantic, "another_option": "value"},
    }
    answer = ask(f"{THEIRS}/evaluations", message)

    assert [each["decision"] for each in (answer.json or {})["evaluations"]] == decisions


def test_a_semantic_that_there_is_not_is_a_bad_request(ask: Ask) -> None:
    message = {**RIGHT, "evaluations": [{}], "options": {"evaluations_semantic": "any"}}
    assert ask(f"{THEIRS}/evaluations", message).status_code == 400


def test_a_search_is_walked_page_by_page(ask: Ask) -> None:
    """4.5: the token leads to the end, an empty one; with another search or limit it is a bad request."""
    search = PAIRS["4.5.1"]["ask"]
    path, found, token = f"{THEIRS}/search/subject", [], None
    while token != "":
        page = {"limit": 1} if token is None else {"token": token}
        given = ask(path, {**search, "page": page}).json or {}
        found += [each["id"] for each in given["results"]]
        first, token = token or given["page"]["next_token"], given["page"]["next_token"]
    assert found == ["alice", "bob"]

    for changed in (
        {**search, "page": {"token": first, "limit": 2}},
        {**search, "action": {"name": "write"}, "page": {"token": first}},
        {**search, "page": {"token": first[:-6]}},
        {**search, "page": {"token": "WyJhIl0="}},
        {**search, "page": {"token": "é"}},
        {**search, "page": {"limit": -1}},
        {**search, "page": {"limit": "1"}},
        {**search, "page": {"limit": True}},
    ):
        assert ask(path, changed).status_code == 400, changed
    nothing = ask(path, {**search, "page": {"limit": 0}}).json or {}
    assert (nothing["results"], nothing["page"]["count"]) == ([], 0)


def test_the_door_is_found_by_its_well_known_address(portal: Portal) -> None:
    """6: the identifier is the address, and each endpoint is there."""
    answer = portal.app.test_client().get("/.well-known/authzen-configuration", base_url=PUBLIC_URL)

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    told = answer.json or {}
    assert told.pop("policy_decision_point") == PUBLIC_URL
    assert {name: address.removeprefix(PUBLIC_URL) for name, address in told.items()} == {
        "access_evaluation_endpoint": "/access/v1/evaluation",
        "access_evaluations_endpoint": "/access/v1/evaluations",
        "search_subject_endpoint": "/access/v1/search/subject",
        "search_resource_endpoint": "/access/v1/search/resource",
        "search_action_endpoint": "/access/v1/search/action",
    }
    routed = {rule.rule for rule in portal.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert {address.removeprefix(PUBLIC_URL) for address in told.values()} <= routed
