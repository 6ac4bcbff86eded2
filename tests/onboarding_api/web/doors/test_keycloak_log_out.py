"""What ends in Keycloak ends in the portal, at the next request; and nobody else can end anything."""

from typing import Any

import pytest
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from onboarding_api.model.person import Person
from onboarding_api.model.web_session import WebSession
from tests.builders.issuer import Person as Keyboard
from tests.idp_extension.relying_party.test_back_channel import logout_token
from tests.onboarding_api.web.portal import PUBLIC_URL, Browser, Portal

HERE = "/deconnexion/keycloak"


def logged_in(portal: Portal, identifiant: str, sid: str) -> Browser:
    browser = portal.browser()
    portal.provider.faults["id_claims"] = {"sid": sid}
    browser.log_in(identifiant)
    portal.provider.faults.clear()
    return browser


def tell(portal: Portal, token: str) -> TestResponse:
    return portal.app.test_client().post(HERE, data={"logout_token": token}, base_url=PUBLIC_URL)


def told(portal: Portal, person: str = "cend589", **claims: Any) -> TestResponse:
    portal.provider.person = Keyboard(f"sub-{person}", person)
    return tell(portal, logout_token(portal.provider, **{"aud": "portail", **claims}))


def is_in(browser: Browser) -> bool:
    return browser.get("/tableau-de-bord").status_code == 200


def test_the_session_that_ended_is_gone_at_the_next_request(portal: Portal) -> None:
    office, home = logged_in(portal, "cend589", "office"), logged_in(portal, "cend589", "home")
    colleague = logged_in(portal, "paul123", "paul")

    answer = told(portal, sid="office")

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert [is_in(office), is_in(home), is_in(colleague)] == [False, True, True]
    written = office.raw_post("/profil/identite", {"csrf_token": "x", "civilite": "Madame"})
    # What was typed is kept, and sent by one more click after the log-in: nothing is written without one.
    assert (written.status_code, "state=" in written.headers["Location"]) == (303, True)


def test_without_a_session_all_those_of_the_person_end(portal: Portal) -> None:
    office, home = logged_in(portal, "cend589", "office"), logged_in(portal, "cend589", "home")
    colleague = logged_in(portal, "paul123", "paul")
    with portal.office.database.writing() as db:
        db.execute(update(Person).where(Person.identifiant == "cend589").values(keycloak_id="sub-cend589"))

    assert told(portal, sid=None).status_code == 200

    assert [is_in(office), is_in(home), is_in(colleague)] == [False, False, True]


@pytest.mark.parametrize(
    "claims",
    [{"aud": "mes-prets"}, {"typ": "JWT"}, {"nonce": "n"}, {"events": None}, {"exp": 1}, {"jti": None}],
    ids=str,
)
def test_a_token_with_a_fault_ends_nothing(portal: Portal, claims: dict[str, Any]) -> None:
    browser = logged_in(portal, "cend589", "office")

    assert told(portal, sid="office", **claims).status_code == 400
    assert is_in(browser)


def test_a_token_serves_once_in_all_processes(portal: Portal) -> None:
    portal.provider.person = Keyboard("sub-cend589", "cend589")
    token = logout_token(portal.provider, aud="portail", sid="office")

    assert tell(portal, token).status_code == 200
    browser = logged_in(portal, "cend589", "office")
    portal.app.extensions["limits"].memory.reset()
    assert tell(portal, token).status_code == 400
    assert is_in(browser)


def test_a_stranger_ends_nothing_and_writes_nothing(portal: Portal) -> None:
    browser = logged_in(portal, "cend589", "office")
    with portal.office.database.reading() as db:
        before = db.scalar(select(func.count()).select_from(WebSession))

    for body in ({}, {"logout_token": "x"}, {"logout_token": "a" * 20_000}, {"sid": "office"}):
        answer = portal.app.test_client().post(HERE, data=body, base_url=PUBLIC_URL)
        assert answer.status_code == 400
    assert portal.app.test_client().get(HERE, base_url=PUBLIC_URL).status_code == 405

    with portal.office.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(WebSession)) == before
    assert is_in(browser)


def test_keys_that_cannot_be_had_are_no_refusal(portal: Portal) -> None:
    portal.provider.person = Keyboard("sub-cend589", "cend589")
    portal.provider.rotate()
    token = logout_token(portal.provider, aud="portail", sid="office")
    issuer = portal.app.extensions["parts"].identity.issuer
    issuer._keys = None
    issuer._keys_at = issuer._forced_at = float("-inf")
    portal.provider.stop()
    try:
        assert tell(portal, token).status_code == 503
    finally:
        portal.provider.start()
    assert tell(portal, token).status_code == 200


def renamed(browser: Browser, prenom: str) -> TestResponse:
    return browser.post("/profil/identite", {"civilite": "Madame", "prenom": prenom, "nom": "Martin"})


def test_who_is_shut_out_in_keycloak_writes_nothing_more(portal: Portal) -> None:
    """The provider refuses to go on with the session, as Keycloak does for an account that is disabled."""
    browser = logged_in(portal, "cend589", "office")
    assert renamed(browser, "Zoé").location == "/profil"
    portal.provider.sessions.clear()

    answer = renamed(browser, "Anne")

    assert (answer.status_code, answer.location) == (303, "/connexion")
    with portal.office.database.reading() as db:
        assert db.scalar(select(Person.prenom).where(Person.identifiant == "cend589")) == "Zoé"
    assert not is_in(browser)


def test_reading_asks_once_a_minute(portal: Portal) -> None:
    browser = logged_in(portal, "cend589", "office")

    def asked() -> int:
        return sum(path.endswith("/token") for path in portal.provider.requests)

    before = asked()
    for _ in range(5):
        assert is_in(browser)
    assert asked() == before
    portal.clock.advance(seconds=60)
    for _ in range(5):
        assert is_in(browser)
    assert asked() == before + 1
    portal.provider.sessions.clear()
    portal.clock.advance(seconds=60)
    assert not is_in(browser)


def test_reading_for_hours_goes_on_with_fresh_tokens(portal: Portal) -> None:
    browser = logged_in(portal, "cend589", "office")
    for _ in range(20):
        portal.clock.advance(minutes=14)
        # Each refresh token serves until the next was given: those before are forgotten, as Keycloak does.
        while len(portal.provider.sessions) > 1:
            del portal.provider.sessions[next(iter(portal.provider.sessions))]
        assert is_in(browser)


@pytest.mark.parametrize(
    "answer",
    [(401, {"error": "invalid_client"}), (500, {"error": "server_error"}), (502, b"<html>")],
    ids=str,
)
def test_a_fault_between_keycloak_and_us_ends_no_session(portal: Portal, answer: tuple[int, Any]) -> None:
    browser = logged_in(portal, "cend589", "office")
    portal.provider.faults["token"] = answer

    assert renamed(browser, "Zoé").location == "/profil"
    assert is_in(browser)


def test_a_keycloak_that_does_not_answer_is_not_asked_at_each_act(portal: Portal) -> None:
    browser = logged_in(portal, "cend589", "office")
    portal.provider.stop()
    try:
        assert renamed(browser, "Zoé").location == "/profil"
        portal.provider.start()
        before = len(portal.provider.requests)
        assert renamed(browser, "Anne").location == "/profil"
        assert len(portal.provider.requests) == before
    finally:
        portal.provider.stop()
        portal.provider.start()


def test_a_session_without_what_keycloak_wants_to_see_is_no_session(portal: Portal) -> None:
    browser = logged_in(portal, "cend589", "office")
    with portal.office.database.writing() as db:
        for row in db.scalars(select(WebSession)):
            row.values = {**row.values, "keycloak": "x"}

    assert not is_in(browser)
