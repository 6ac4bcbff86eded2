"""Sessions on the server: their cookie, their end, and what they survive."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import request
from sqlalchemy import func, select, update

from onboarding_api.model.person import Person
from onboarding_api.model.web_session import WebSession
from onboarding_api.web.session import COOKIE, IDLE, LONGEST, PortalSession
from tests.builders.issuer import Person as Keyboard
from tests.onboarding_api.web.page import text_of
from tests.onboarding_api.web.portal import HOST, PUBLIC_URL, Browser, Portal
from tests.onboarding_api.web.world import EUS, PENDING

MINUTE = timedelta(minutes=1)


def cookie_of(browser: Browser) -> str:
    cookie = browser.client.get_cookie(COOKIE, domain=HOST)
    assert cookie
    return cookie.value


def is_open(browser: Browser) -> bool:
    return browser.get("/tableau-de-bord").status_code == 200


def rows(portal: Portal) -> int:
    with portal.office.database.reading() as db:
        return db.scalar(select(func.count()).select_from(WebSession)) or 0


def test_cookie_is_for_this_host_over_tls_and_no_script(portal: Portal) -> None:
    header = portal.browser().get("/inscription").headers["Set-Cookie"]

    assert header.startswith("__Host-bdt=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(header.split("; "))
    assert "Domain" not in header
    assert "Max-Age" not in header


def test_reading_a_page_without_form_sets_no_cookie(portal: Portal) -> None:
    assert "Set-Cookie" not in portal.browser().get("/contact").headers


def test_looking_at_a_form_leaves_no_row_and_the_form_can_be_sent(portal: Portal) -> None:
    browser, before = portal.browser(), rows(portal)

    answer = browser.post("/identifiant-oublie", {"email": "x@example.fr"})

    assert (answer.status_code, rows(portal)) == (303, before)
    kept = cookie_of(browser)
    assert browser.get("/connexion").status_code == 302
    assert (rows(portal), cookie_of(browser)) == (before, kept)


@pytest.mark.attack(24)
def test_cookie_changes_at_log_in_and_the_old_one_is_dead(portal: Portal) -> None:
    browser = portal.browser()
    browser.token()
    planted = cookie_of(browser)

    browser.log_in("cend589")

    assert cookie_of(browser) != planted
    fixed = portal.browser()
    fixed.client.set_cookie(COOKIE, planted, domain=HOST, secure=True)
    assert not is_open(fixed)


def test_database_holds_neither_cookie_nor_token(portal: Portal) -> None:
    browser = portal.browser("cend589")
    browser.get("/tableau-de-bord")
    hinted = browser.post("/deconnexion").location
    id_token = parse_qs(urlsplit(hinted).query)["id_token_hint"][0]
    browser = portal.browser("paul123")

    portal.office.database.engine.dispose()
    with closing(sqlite3.connect(portal.database_path)) as connection:
        dump = "\n".join(connection.iterdump())

    assert cookie_of(browser) not in dump
    assert id_token.count(".") == 2
    assert id_token.partition(".")[0] not in dump  # the header: the same in every ID token
    assert '"keycloak"' in dump


@pytest.mark.parametrize(
    ("pause", "expected"), [(IDLE - MINUTE, True), (IDLE, True), (IDLE + timedelta(seconds=1), False)]
)
def test_session_ends_after_fifteen_idle_minutes(portal: Portal, pause: timedelta, expected: bool) -> None:
    browser = portal.browser("cend589")

    portal.clock.now += pause

    assert is_open(browser) is expected


def test_use_prolongs_the_session_but_not_beyond_ten_hours(portal: Portal) -> None:
    browser = portal.browser("cend589")
    step = timedelta(minutes=14)

    for _ in range(LONGEST // step):
        portal.clock.now += step
        browser.get("/contact")
    assert is_open(browser)

    portal.clock.now += step
    assert not is_open(browser)


def test_log_out_kills_the_session_on_the_server(portal: Portal) -> None:
    browser = portal.browser("cend589")
    kept = cookie_of(browser)
    before = rows(portal)

    browser.post("/deconnexion")

    assert rows(portal) == before - 1
    thief = portal.browser()
    thief.client.set_cookie(COOKIE, kept, domain=HOST, secure=True)
    assert not is_open(thief)


def test_closed_account_is_out_at_once(portal: Portal) -> None:
    browser = portal.browser("cend589")
    assert is_open(browser)

    with portal.office.database.writing() as db:
        db.execute(update(Person).where(Person.identifiant == "cend589").values(is_active=False))

    assert not is_open(browser)


def test_forged_cookie_opens_nothing(portal: Portal) -> None:
    for value in ("", "x", f"form-{'é' * 40}", "é" * 500, "../../etc/passwd", "' OR 1=1 --"):
        answer = portal.app.test_client().get(
            "/tableau-de-bord",
            base_url=PUBLIC_URL,
            headers={"Cookie": f"{COOKIE}={value}".encode().decode("latin-1")},
        )
        assert answer.status_code == 303


@pytest.mark.attack(55)
def test_old_sessions_are_swept_when_a_new_one_starts(portal: Portal) -> None:
    assert rows(portal) >= 4
    portal.clock.now += IDLE + MINUTE

    portal.browser().log_in("cend589")

    assert rows(portal) == 1


def test_expired_form_is_refused_in_words(portal: Portal) -> None:
    browser = portal.browser()
    browser.log_in("cend589")
    token = browser.token()
    portal.clock.now += IDLE + MINUTE

    answer = browser.raw_post(
        "/profil/identite", {"csrf_token": token, "prenom": "X" * 3000}
    )  # too much to keep

    assert answer.status_code == 400
    assert "Rien n'a été modifié" in text_of(answer.text)


def test_session_that_cannot_be_written_is_told_in_words(portal: Portal) -> None:
    browser = portal.browser()
    portal.provider.person = Keyboard("sub-cend589", "cend589")
    back = portal.provider.consent(browser.get("/connexion").location)
    with portal.busy_database():
        answer = browser.get(back)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert not browser.client.get_cookie(COOKIE, domain=HOST)
    assert "patientez quelques secondes" in text_of(answer.text)


def test_reading_goes_on_while_another_writes(portal: Portal) -> None:
    browser = portal.browser("cend589")
    portal.clock.now += 2 * MINUTE

    with portal.busy_database():
        assert is_open(browser)


@pytest.mark.parametrize("writes", [False, True], ids=["only reads", "says something"])
def test_slow_page_does_not_undo_a_switch_made_meanwhile(portal: Portal, writes: bool) -> None:
    browser, sessions = portal.browser("cend589"), portal.app.session_interface
    browser.post("/structures/ajouter/216600726")
    portal.clock.now += 2 * MINUTE
    with portal.app.test_request_context(headers={"Cookie": f"{COOKIE}={cookie_of(browser)}"}):
        slow = sessions.open_session(portal.app, request)
        assert slow is not None
        browser.post("/structure-active", {"siren": EUS})
        if writes:
            slow["_flashes"] = [("message", "Fait.")]
        sessions.save_session(portal.app, slow, portal.app.response_class())

    assert "Ma structure : Commune d'Eus" in text_of(browser.get("/services").text)


def test_act_that_is_done_is_no_error_when_its_message_cannot_be_kept(portal: Portal) -> None:
    browser, sessions = portal.browser("cend589"), portal.app.session_interface
    with portal.app.test_request_context(headers={"Cookie": f"{COOKIE}={cookie_of(browser)}"}):
        here = sessions.open_session(portal.app, request)
        assert isinstance(here, PortalSession)
        here.update(_flashes=[("message", "Fait.")], siren=EUS)
        with portal.busy_database():
            sessions.save_session(portal.app, here, portal.app.response_class())


def test_switch_that_cannot_be_written_is_told(portal: Portal) -> None:
    browser = portal.browser("cend589")
    browser.post("/structures/ajouter/216600726")
    token = browser.token()
    with portal.busy_database():
        answer = browser.raw_post("/structure-active", {"csrf_token": token, "siren": EUS})

    assert answer.status_code == 503


def test_new_log_in_of_the_same_person_keeps_the_active_structure(portal: Portal) -> None:
    browser = portal.browser("cend589")
    browser.post("/structures/ajouter/216600726")
    browser.post("/structure-active", {"siren": EUS})

    browser.log_in("cend589")
    assert "Ma structure : Commune d'Eus" in text_of(browser.get("/services").text)

    browser.log_in("paul123")
    browser.log_in("cend589")
    assert "Ma structure : Commune d'Estavar" in text_of(browser.get("/services").text)


def test_active_structure_is_kept_from_page_to_page(portal: Portal) -> None:
    browser = portal.browser("cend589")
    browser.post("/structures/ajouter/216600726")

    assert "Ma structure : Commune d'Estavar" in text_of(browser.get("/services").text)
    browser.post("/structure-active", {"siren": EUS, "suite": "/services"})
    assert "Ma structure : Commune d'Eus" in text_of(browser.get("/services").text)


def test_what_was_typed_when_the_session_ended_comes_back_after_the_log_in(portal: Portal) -> None:
    browser = portal.browser()
    browser.log_in("cend589")
    path = f"/demandes/{PENDING}/refuser"
    token = browser.token()
    portal.clock.advance(minutes=16)

    sent = browser.raw_post(path, {"csrf_token": token, "motive": "Ce service relève de la trésorerie."})
    assert sent.status_code == 303
    back = browser.get(portal.provider.consent(sent.location))
    page = browser.get(back.location).text

    assert back.location == "/reprendre"
    assert "Ce service relève de la trésorerie." in text_of(page)
    assert portal.state_of(PENDING) == "pending"
    browser.post(path, {"motive": "Ce service relève de la trésorerie."})
    assert portal.state_of(PENDING) == "refused"


def test_what_one_typed_is_not_shown_to_another_who_logs_in(portal: Portal) -> None:
    browser = portal.browser()
    browser.log_in("cend589")
    token = browser.token()
    portal.clock.advance(minutes=16)
    sent = browser.raw_post(f"/demandes/{PENDING}/refuser", {"csrf_token": token, "motive": "Secret"})

    portal.provider.person = Keyboard("sub-paul123", "paul123")
    back = browser.get(portal.provider.consent(sent.location))

    assert back.location == "/tableau-de-bord"
    assert browser.get("/reprendre").location == "/tableau-de-bord"


def test_form_of_another_site_keeps_nothing(portal: Portal) -> None:
    browser = portal.browser()
    browser.log_in("cend589")
    portal.clock.advance(minutes=16)

    for headers in ({"Origin": "https://evil.example"}, {"Origin": ""}):
        answer = browser.raw_post(f"/demandes/{PENDING}/refuser", {"motive": "Oui"}, headers=headers)
        assert answer.status_code == 400
