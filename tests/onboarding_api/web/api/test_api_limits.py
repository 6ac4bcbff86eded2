"""The API is bounded by program and by person, together with the pages of the portal."""

from onboarding_api.limits.bounds import API as EVERY_CALL
from onboarding_api.limits.bounds import Per
from tests.onboarding_api.web.api.conftest import Call, told
from tests.onboarding_api.web.portal import Portal
from tests.onboarding_api.web.world import ESTAVAR, EUS


def test_search_is_bounded_by_person(call: Call) -> None:
    answers = [call("paul123", "GET", "/structures?q=eus") for _ in range(61)]

    assert {answer.status_code for answer in answers[:60]} == {200}
    assert told(answers[60]) == (429, "too_much_asked")
    assert 1 <= int(answers[60].headers["Retry-After"]) <= 60
    assert call("odil456", "GET", "/structures?q=eus").status_code == 200


def test_every_call_of_a_person_is_counted(call: Call) -> None:
    limit = EVERY_CALL.items[Per.PERSON].amount
    statuses = [call("paul123", "GET", "/memberships").status_code for _ in range(limit + 1)]

    assert statuses == [200] * limit + [429]


def test_a_person_has_one_share_for_pages_and_calls(portal: Portal, call: Call) -> None:
    browser = portal.browser("jean789")
    for _ in range(2):
        assert browser.post(f"/structures/ajouter/{EUS}").status_code == 303
    assert call("jean789", "POST", "/memberships", json={"siren": EUS}).status_code == 201
    assert told(call("jean789", "POST", "/memberships", json={"siren": EUS})) == (429, "too_much_asked")
    assert call("jean789", "POST", "/memberships", json={"siren": ESTAVAR}).status_code == 201


def test_letters_are_counted_whichever_way_they_are_asked(call: Call) -> None:
    call("jean789", "POST", "/memberships", json={"siren": EUS})
    body = {"services": ["dataviz-coeur-de-ville:acces"], "becomes_administrator": True}
    answers = [
        call("jean789", "POST", f"/memberships/{siren}/habilitations", json=body)
        for siren in (EUS, EUS, EUS, ESTAVAR)
    ]

    assert told(answers[3]) == (429, "too_much_asked")


def test_without_a_token_the_network_is_counted(portal: Portal, call: Call) -> None:
    assert told(call(None, "GET", "/memberships"))[0] == 401
    assert portal.app.extensions["limits"].memory.reset() == 1
