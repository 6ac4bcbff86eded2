"""The story through the API: the same acts as on the pages, with the same refusals."""

from typing import Any

import pytest

from onboarding_api.model.first_administrator.activation_code import new_code
from onboarding_api.usecases.first_administrator.refuse_claim import RefuseClaim, refuse_claim
from tests.onboarding_api.web.api.conftest import Call, told
from tests.onboarding_api.web.portal import Portal
from tests.onboarding_api.web.world import CODE, DEACTIVATED, ESTAVAR, EUS, GRANTED, PENDING, REFERENCE

ADMINISTRATOR, MEMBER, CLAIMANT, UNATTACHED = "cend589", "paul123", "odil456", "jean789"
SERVICES = [
    "mes-prets:demande",
    "mes-prets:suivi",
    "mes-prets:encours",
    "mes-prets:documents",
    "dataviz-coeur-de-ville:acces",
    "territoires-innovation:acces",
]


def items(call: Call, person: str, path: str) -> list[dict[str, Any]]:
    answer = call(person, "GET", path)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = (answer.json or {})["items"]
    return found


def states(call: Call, person: str, siren: str = EUS) -> dict[str, str | None]:
    return {
        one["service"]: one["state"] for one in items(call, person, f"/memberships/{siren}/habilitations")
    }


def test_a_structure_is_found_by_name_postcode_and_number(call: Call) -> None:
    for text in ("eus", "66500", EUS, "216%20600%20742"):
        (found,) = items(call, UNATTACHED, f"/structures?q={text}")
        assert (found["siren"], found["name"], found["postcodes"]) == (EUS, "Commune d'Eus", ["66500"])
    assert items(call, UNATTACHED, "/structures?q=nulle%20part") == []


def test_one_attaches_once(call: Call) -> None:
    assert items(call, UNATTACHED, "/memberships") == []

    first, second = (call(UNATTACHED, "POST", "/memberships", json={"siren": EUS}) for _ in range(2))

    assert first.json == second.json
    (mine,) = items(call, UNATTACHED, "/memberships")
    assert (mine["id"], mine["siren"], mine["is_administrator"]) == ((first.json or {})["id"], EUS, False)
    assert set(states(call, UNATTACHED)) == set(SERVICES)


def test_an_unknown_structure_takes_nobody(call: Call) -> None:
    assert told(call(UNATTACHED, "POST", "/memberships", json={"siren": "200000172"})) == (404, "not_found")


def test_a_siren_with_a_typing_fault_is_told_as_such(call: Call) -> None:
    mistyped = call(UNATTACHED, "POST", "/memberships", json={"siren": "216600743"})

    assert told(mistyped) == (422, "siren_malformed")


def test_an_answer_without_content_tells_no_type_of_it(call: Call) -> None:
    answer = call(ADMINISTRATOR, "POST", f"/habilitations/{PENDING}/decision", json={"decision": "validate"})

    assert answer.status_code == 204
    assert "Content-Type" not in answer.headers


def test_a_request_waits_for_the_administrator_who_decides(call: Call) -> None:
    body = {"services": ["mes-prets:documents"]}
    asked = call(MEMBER, "POST", f"/memberships/{EUS}/habilitations", json=body).json or {}
    (habilitation,) = asked["habilitation_ids"]
    assert asked["claim_reference"] is None
    assert states(call, MEMBER)["mes-prets:documents"] == "pending"

    waiting = {one["id"]: one for one in items(call, ADMINISTRATOR, f"/structures/{EUS}/requests")}
    assert waiting.keys() == {habilitation, PENDING}
    assert waiting[habilitation]["requester"] == "Monsieur Paul Durand"

    path = f"/habilitations/{habilitation}/decision"
    assert call(ADMINISTRATOR, "POST", path, json={"decision": "validate"}).status_code == 204
    assert states(call, MEMBER)["mes-prets:documents"] == "granted"


@pytest.mark.parametrize(
    ("habilitation", "decision", "service", "state"),
    [
        (PENDING, {"decision": "refuse", "motive": "Ce service relève de la trésorerie."}, 1, "refused"),
        (GRANTED, {"decision": "deactivate"}, 4, "deactivated"),
        (DEACTIVATED, {"decision": "reactivate"}, 2, "granted"),
    ],
)
def test_an_administrator_decides(
    call: Call, habilitation: str, decision: dict[str, str], service: int, state: str
) -> None:
    path = f"/habilitations/{habilitation}/decision"
    assert call(ADMINISTRATOR, "POST", path, json=decision).status_code == 204
    assert states(call, MEMBER)[SERVICES[service]] == state


@pytest.mark.parametrize(
    ("habilitation", "decision", "refusal"),
    [
        (PENDING, {"decision": "refuse"}, (422, "bad_input")),
        (PENDING, {"decision": "deactivate"}, (409, "not_possible_now")),
        (GRANTED, {"decision": "validate"}, (409, "not_possible_now")),
        (DEACTIVATED, {"decision": "validate"}, (409, "not_possible_now")),
    ],
)
def test_a_decision_that_cannot_be_taken_is_told(
    call: Call, habilitation: str, decision: dict[str, str], refusal: tuple[int, str]
) -> None:
    before = states(call, MEMBER)

    answer = call(ADMINISTRATOR, "POST", f"/habilitations/{habilitation}/decision", json=decision)

    assert told(answer) == refusal
    assert states(call, MEMBER) == before


def test_nobody_decides_on_an_own_request(call: Call) -> None:
    body = {"services": ["mes-prets:encours"]}
    asked = call(ADMINISTRATOR, "POST", f"/memberships/{EUS}/habilitations", json=body).json or {}
    (own,) = asked["habilitation_ids"]

    answer = call(ADMINISTRATOR, "POST", f"/habilitations/{own}/decision", json={"decision": "validate"})

    assert told(answer) == (403, "not_allowed")
    assert (answer.json or {})["rules"]
    assert states(call, ADMINISTRATOR)["mes-prets:encours"] == "pending"


def test_what_is_missing_is_told(call: Call) -> None:
    call(UNATTACHED, "POST", "/memberships", json={"siren": EUS})
    (one,) = (
        one
        for one in items(call, UNATTACHED, f"/memberships/{EUS}/habilitations")
        if one["service"] == "mes-prets:demande"
    )
    assert (one["may_request"], one["missing"]) == (False, ["fonction"])

    body = {"services": ["mes-prets:demande"]}
    answer = call(UNATTACHED, "POST", f"/memberships/{EUS}/habilitations", json=body)

    assert told(answer) == (403, "not_allowed")
    assert (answer.json or {})["rules"] == ["G-FONCTION"]


def test_the_code_of_the_letter_names_the_administrator(call: Call) -> None:
    path = f"/memberships/{ESTAVAR}/activation-code"
    assert states(call, CLAIMANT, ESTAVAR)["mes-prets:demande"] == "awaiting_letter"

    assert told(call(CLAIMANT, "POST", path, json={"code": new_code()})) == (422, "wrong_code")
    assert told(call(CLAIMANT, "POST", path, json={"code": "AB"})) == (422, "code_malformed")
    typed = CODE.lower().replace("-", " ").replace("0", "o")
    assert call(CLAIMANT, "POST", path, json={"code": typed}).json == {"services": ["mes-prets:demande"]}

    (mine,) = items(call, CLAIMANT, "/memberships")
    assert mine["is_administrator"] is True
    assert states(call, CLAIMANT, ESTAVAR)["mes-prets:demande"] == "granted"


def test_the_sixth_wrong_code_waits(call: Call) -> None:
    path = f"/memberships/{ESTAVAR}/activation-code"
    tries = [told(call(CLAIMANT, "POST", path, json={"code": new_code()})) for _ in range(6)]

    assert tries == [(422, "wrong_code")] * 5 + [(429, "too_many_tries")]
    assert told(call(CLAIMANT, "POST", path, json={"code": CODE})) == (429, "too_many_tries")


def test_the_first_user_must_accept(portal: Portal, call: Call) -> None:
    refuse_claim(portal.office, RefuseClaim(REFERENCE))
    portal.clock.advance(days=31)
    path, body = f"/memberships/{ESTAVAR}/habilitations", {"services": ["dataviz-coeur-de-ville:acces"]}

    assert told(call(CLAIMANT, "POST", path, json=body)) == (409, "first_user_must_accept")

    accepted = call(CLAIMANT, "POST", path, json={**body, "becomes_administrator": True}).json or {}
    assert accepted["claim_reference"].startswith("BDT-")
    assert states(call, CLAIMANT, ESTAVAR)["dataviz-coeur-de-ville:acces"] == "awaiting_letter"
