"""Our own door: whose rights are told to whom, from the database alone, and each look is in the journal."""

from typing import Any

import pytest
from sqlalchemy import select

from onboarding_api.model.journal import JournalEntry, first_broken_link
from onboarding_api.model.person import Person
from tests.onboarding_api.web.api.authzen.conftest import OURS, Ask
from tests.onboarding_api.web.api.conftest import told
from tests.onboarding_api.web.portal import Portal
from tests.onboarding_api.web.world import CLAIM, ESTAVAR, EUS, GRANTED, PENDING

CENDRINE, PAUL = "cend589", "paul123"
PATHS = ("evaluation", "evaluations", "search/subject", "search/resource", "search/action")
VALIDATE = {"name": "validateHabilitation"}

pytestmark = pytest.mark.usefixtures("portal")


def user(identifiant: str, **said: Any) -> dict[str, Any]:
    return {"type": "User", "id": identifiant, **({"properties": said} if said else {})}


def thing(kind: str, id_: str, **said: Any) -> dict[str, Any]:
    return {"type": kind, "id": id_, **({"properties": said} if said else {})}


def question(identifiant: str, action: str, kind: str, id_: str) -> dict[str, Any]:
    return {"subject": user(identifiant), "action": {"name": action}, "resource": thing(kind, id_)}


def looked(portal: Portal) -> list[JournalEntry]:
    with portal.office.database.reading() as session:
        assert first_broken_link(session) is None
        return list(session.scalars(select(JournalEntry).order_by(JournalEntry.seq)))


def test_a_decision_about_oneself_is_the_decision_of_the_portal_and_says_why(ask: Ask) -> None:
    allowed = ask(f"{OURS}/evaluation", question(CENDRINE, "validateHabilitation", "Habilitation", PENDING))
    refused = ask(f"{OURS}/evaluation", question(CENDRINE, "validateHabilitation", "Habilitation", GRANTED))

    assert allowed.json == {
        "decision": True,
        "context": {
            "rules": ["ADMIN-DECIDE"],
            "missing": [],
            "reason_user": {"fr": "Vous pouvez décider de cette demande."},
        },
    }
    assert (refused.json or {})["decision"] is False
    assert (refused.json or {})["context"]["missing"] == ["ADMIN-DECIDE#2"]


@pytest.mark.parametrize(
    ("action", "kind", "id_"),
    [
        ("refuseHabilitation", "Habilitation", PENDING),
        ("cancelClaim", "Claim", CLAIM),
        ("viewQueue", "Structure", EUS),
    ],
)
def test_of_the_things_of_others_one_learns_no_more_than_no(
    ask: Ask, action: str, kind: str, id_: str
) -> None:
    answer = ask(f"{OURS}/evaluation", question("jean789", action, kind, id_), identifiant="jean789")

    assert answer.json == {"decision": False}


@pytest.mark.parametrize("path", ["evaluation", "evaluations", "search/resource", "search/action"])
def test_nobody_asks_about_another_and_who_is_registered_does_not_show(
    portal: Portal, ask: Ask, path: str
) -> None:
    others = (PAUL, "nobo000", "", "é", "x' OR 1=1", "\u0000", "a" * 256)
    for subject in others:
        answer = ask(f"{OURS}/{path}", question(subject, "enterService", "Habilitation", GRANTED))

        assert told(answer) == (403, "not_allowed")
        assert (answer.json or {})["rules"] == ["SELF-ASK#1"]
    assert [entry.event for entry in looked(portal)] == ["act_refused"] * len(others)


def test_one_of_another_in_a_batch_refuses_the_batch(portal: Portal, ask: Ask) -> None:
    batch = {"evaluations": [question(who, "editIdentity", "User", who) for who in (CENDRINE, PAUL)]}

    assert told(ask(f"{OURS}/evaluations", batch)) == (403, "not_allowed")
    assert [entry.event for entry in looked(portal)] == ["act_refused"]


def test_what_the_caller_says_of_people_and_things_is_not_believed(ask: Ask) -> None:
    lies = {"isActive": True, "state": "granted", "admins": [PAUL], "acr": 2}
    honest = question(PAUL, "deactivateHabilitation", "Habilitation", GRANTED)
    lying = {
        "subject": user(PAUL, **lies),
        "action": {"name": "deactivateHabilitation", "properties": lies},
        "resource": thing("Habilitation", GRANTED, **lies),
        "context": {"now": "2030-01-01T00:00:00Z", "facts": {f"Structure::{EUS}": lies}, **lies},
    }
    answers = [ask(f"{OURS}/evaluation", message, identifiant=PAUL).json for message in (honest, lying)]

    assert answers[0] == answers[1]
    assert (answers[0] or {})["decision"] is False


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"subject": {"type": "Robot", "id": CENDRINE}}, "there is no such kind of subject: expected User"),
        ({"subject": {"type": "Staff", "id": "sofia"}}, "there is no such kind of subject: expected User"),
        ({"action": {"name": "fly"}}, "there is no such action of a person on such a thing"),
        ({"action": {"name": "freezeStructure"}}, "there is no such action of a person on such a thing"),
        ({"resource": thing("Planet", "x")}, "there is no such action of a person on such a thing"),
        ({"resource": thing("Habilitation", "x")}, "there is no such thing"),
        ({"resource": thing("Habilitation", "\u0000")}, "there is no such thing"),
    ],
)
def test_what_is_not_known_is_a_refusal_that_says_so(ask: Ask, changed: Any, message: str) -> None:
    asked = {**question(CENDRINE, "validateHabilitation", "Habilitation", PENDING), **changed}

    expected = {"decision": False, "context": {"error": {"status": 404, "message": message}}}
    assert ask(f"{OURS}/evaluation", asked).json == expected
    batch = {"evaluations": [asked, question(CENDRINE, "viewQueue", "Structure", EUS)]}
    first, second = (ask(f"{OURS}/evaluations", batch).json or {})["evaluations"]
    assert (first, second["decision"]) == (expected, True)


def test_a_context_of_a_megabyte_is_too_large_and_a_deep_one_is_bad(portal: Portal, ask: Ask) -> None:
    asked = question(CENDRINE, "viewQueue", "Structure", EUS)
    deep: dict[str, Any] = {}
    wrong: Any
    for _ in range(40):
        deep = {"in": deep}
    for path in PATHS:
        heavy = ask(f"{OURS}/{path}", {**asked, "context": {"note": "a" * 1_000_000}})
        assert told(heavy) == (413, "too_large")
        assert ask(f"{OURS}/{path}", {**asked, "context": deep}).status_code == 400
        for wrong in (5, "x", [], None):
            assert ask(f"{OURS}/{path}", {**asked, "context": wrong}).status_code == 400
    assert ask(f"{OURS}/evaluations", {**asked, "evaluations": [{}] * 101}).status_code == 400
    assert looked(portal) == []


def test_an_administrator_searches_who_may_in_her_structure(portal: Portal, ask: Ask) -> None:
    search = {"subject": {"type": "User"}, "action": VALIDATE, "resource": thing("Habilitation", PENDING)}
    answer = ask(f"{OURS}/search/subject", search)

    assert answer.json == {
        "page": {"next_token": "", "count": 1},
        "results": [{"type": "User", "id": CENDRINE}],
    }
    own = {**search, "action": {"name": "searchAccess"}, "resource": thing("Structure", EUS)}
    assert (ask(f"{OURS}/search/subject", own).json or {})["results"] == [{"type": "User", "id": CENDRINE}]
    with portal.office.database.reading() as session:
        cendrine = session.scalars(select(Person.id).where(Person.identifiant == CENDRINE)).one()
    first, second = looked(portal)
    assert (first.event, first.siren, first.subject) == ("access_searched", EUS, f"structure:{EUS}")
    assert first.actor_id == cendrine
    assert first.details == {
        "action": "validateHabilitation",
        "resource": f"Habilitation::{PENDING}",
        "people": [cendrine],
    }
    assert first.decision["rules"] == second.decision["rules"] == ["ADMIN-SEARCH"]


@pytest.mark.parametrize(
    ("identifiant", "kind", "id_"),
    [
        (PAUL, "Structure", EUS),
        (CENDRINE, "Structure", ESTAVAR),
        (PAUL, "Habilitation", PENDING),
        (CENDRINE, "Claim", CLAIM),
    ],
)
def test_nobody_searches_where_he_does_not_administer(
    portal: Portal, ask: Ask, identifiant: str, kind: str, id_: str
) -> None:
    action = {"Structure": "viewQueue", "Habilitation": "enterService", "Claim": "cancelClaim"}[kind]
    search = {"subject": {"type": "User"}, "action": {"name": action}, "resource": thing(kind, id_)}

    answer = ask(f"{OURS}/search/subject", search, identifiant=identifiant)

    assert told(answer) == (403, "not_allowed")
    assert (answer.json or {})["rules"] == ["ADMIN-SEARCH#1"]
    (entry,) = looked(portal)
    assert (entry.event, entry.decision["action"]) == ("act_refused", "searchAccess")


def test_a_person_finds_her_things_and_her_acts(portal: Portal, ask: Ask) -> None:
    things = {"subject": user(CENDRINE), "action": VALIDATE, "resource": {"type": "Habilitation"}}
    acts = {"subject": user(CENDRINE), "resource": thing("Habilitation", PENDING)}

    found = ask(f"{OURS}/search/resource", things).json or {}
    names = ask(f"{OURS}/search/action", acts).json or {}

    assert found["results"] == [{"type": "Habilitation", "id": PENDING}]
    assert [each["name"] for each in names["results"]] == ["refuseHabilitation", "validateHabilitation"]
    first, second = looked(portal)
    assert (first.event, first.details["things"]) == ("decision_asked", [PENDING])
    assert (second.event, second.details["actions"]) == (
        "decision_asked",
        ["refuseHabilitation", "validateHabilitation"],
    )
    one = ask(f"{OURS}/search/action", {**acts, "page": {"limit": 1}}).json or {}
    rest = ask(f"{OURS}/search/action", {**acts, "page": {"token": one["page"]["next_token"]}}).json or {}
    assert [each["name"] for each in one["results"] + rest["results"]] == [
        "refuseHabilitation",
        "validateHabilitation",
    ]
    assert rest["page"]["next_token"] == ""


def test_each_result_of_a_search_is_a_permit_of_an_evaluation(ask: Ask) -> None:
    acts = {"subject": user(CENDRINE), "resource": thing("Structure", EUS)}
    found = [each["name"] for each in (ask(f"{OURS}/search/action", acts).json or {})["results"]]
    batch = {**acts, "evaluations": [{"action": {"name": name}} for name in found]}

    assert found
    answers = (ask(f"{OURS}/evaluations", batch).json or {})["evaluations"]
    assert [each["decision"] for each in answers] == [True] * len(found)


@pytest.mark.parametrize(
    "search",
    [
        {"subject": {"type": "Robot"}, "action": VALIDATE, "resource": thing("Habilitation", PENDING)},
        {"subject": {"type": "User"}, "action": {"name": "fly"}, "resource": thing("Habilitation", PENDING)},
        {"subject": {"type": "User"}, "action": VALIDATE, "resource": thing("Habilitation", "x")},
        {"subject": {"type": "User"}, "action": VALIDATE, "resource": thing("Planet", EUS)},
    ],
)
def test_a_search_for_what_is_not_known_finds_nothing(ask: Ask, search: dict[str, Any]) -> None:
    answer = ask(f"{OURS}/search/subject", search)

    assert (answer.status_code, (answer.json or {})["results"]) == (200, [])


@pytest.mark.parametrize(
    "path", ["evaluation", "evaluations", "search/subject", "search/resource", "search/action"]
)
def test_without_a_token_nothing_is_told(portal: Portal, ask: Ask, path: str) -> None:
    answer = ask(f"{OURS}/{path}", question(CENDRINE, "viewQueue", "Structure", EUS), identifiant=None)

    assert told(answer) == (401, "missing_authorization")
    assert answer.headers["WWW-Authenticate"].lower().startswith('bearer realm="bdt"')
    assert looked(portal) == []


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "evaluation", 405), ("POST", "nowhere", 404)])
def test_what_has_no_route_is_a_problem_too(ask: Ask, method: str, path: str, status: int) -> None:
    answer = ask(f"{OURS}/{path}", {}, method=method)

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
