"""The guard in a small service: who gets in, with which roles, and what a hostile browser gets."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from werkzeug.test import TestResponse

from idp_extension.relying_party.client import OpenIDClient
from idp_extension.relying_party.guard import MOST_STRUCTURES, StructureGuard
from idp_extension.relying_party.issuer import IssuerUnavailable
from idp_extension.relying_party.memory_store import MemoryStore
from tests.builders.issuer import Person, Provider
from tests.idp_extension.relying_party.conftest import SERVICE, SERVICE_URL

COOKIE = "__Host-service"
HOST = urlsplit(SERVICE_URL).hostname or ""
EUS, FONT_ROMEU = "216600742", "216601249"


@pytest.fixture
def app(client: OpenIDClient) -> Flask:
    app = Flask(__name__)
    guard = StructureGuard(
        app, client, secret="secret", session_cookie=COOKIE, home="/", public_url=SERVICE_URL
    )

    @app.get("/")
    def home() -> ResponseReturnValue:
        visit = guard.visit()
        return guard.send_to_log_in() if visit is None else {"roles": sorted(visit.roles(SERVICE))}

    @app.get("/demande")
    @guard.requires("demande")
    def demande() -> ResponseReturnValue:
        visit = guard.visit()
        assert visit
        return {"name": visit.name, "structure": visit.structure}

    app.register_error_handler(IssuerUnavailable, lambda _error: ("down", 503))
    return app


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return app.test_client()


def get(browser: FlaskClient, path: str) -> TestResponse:
    return browser.get(path, base_url=SERVICE_URL)


def log_out(browser: FlaskClient, origin: str | None = SERVICE_URL, site: str = "") -> TestResponse:
    headers = ({"Origin": origin} if origin else {}) | ({"Sec-Fetch-Site": site} if site else {})
    return browser.post("/deconnexion", base_url=SERVICE_URL, headers=headers)


def log_in(provider: Provider, browser: FlaskClient, query: str = f"structure={EUS}") -> TestResponse:
    leaving = get(browser, f"/connexion?{query}")
    return get(browser, provider.consent(leaving.location))


def key(browser: FlaskClient) -> str | None:
    cookie = browser.get_cookie(COOKIE, domain=HOST)
    return cookie.value if cookie else None


def test_a_visitor_is_sent_to_log_in_and_comes_in(provider: Provider, browser: FlaskClient) -> None:
    provider.roles = {EUS: ["demande"]}

    assert get(browser, f"/demande?structure={EUS}").location == f"/connexion?structure={EUS}"
    back = log_in(provider, browser)
    assert (back.status_code, back.location) == (302, f"/?structure={EUS}")
    page = get(browser, "/demande")
    assert page.json == {
        "name": "Cendrine Martin",
        "structure": {"siren": EUS, "name": f"Structure {EUS}", "roles": ["demande"]},
    }


@pytest.mark.parametrize("roles", [{EUS: ["suivi"]}, {FONT_ROMEU: ["demande"]}, {}])
def test_who_has_not_the_role_for_this_structure_gets_403(
    provider: Provider, browser: FlaskClient, roles: dict[str, list[str]]
) -> None:
    provider.roles = roles
    log_in(provider, browser)

    assert get(browser, "/demande").status_code == 403


def test_a_role_of_another_service_is_no_role_here(provider: Provider, browser: FlaskClient) -> None:
    provider.faults["access_claims"] = {"resource_access": {"another": {"roles": ["demande"]}}}
    log_in(provider, browser)

    assert get(browser, "/demande").status_code == 403


def test_the_cookie_changes_at_the_log_in(provider: Provider, browser: FlaskClient) -> None:
    log_in(provider, browser)
    before = key(browser)
    log_in(provider, browser)
    after = key(browser)

    assert None not in (before, after)
    assert before != after


def test_a_planted_cookie_is_worth_nothing(provider: Provider, app: Flask) -> None:
    provider.roles = {EUS: ["demande"]}
    victim, thief = app.test_client(), app.test_client()
    log_in(provider, thief)
    planted = key(thief)
    assert planted
    victim.set_cookie(COOKIE, planted, domain=HOST, secure=True)

    log_in(provider, victim)

    assert get(victim, "/demande").status_code == 200
    assert get(thief, "/demande").status_code == 302


@pytest.mark.attack(25)
def test_an_answer_serves_the_browser_that_began(provider: Provider, app: Flask) -> None:
    victim, thief = app.test_client(), app.test_client()
    get(victim, "/connexion")
    stolen = provider.consent(get(thief, "/connexion").location)

    assert get(victim, stolen).status_code == 400
    assert get(app.test_client(), stolen).status_code == 400
    assert get(thief, stolen).status_code == 302


def test_two_tabs_log_in_at_once(provider: Provider, browser: FlaskClient) -> None:
    provider.roles = {EUS: ["demande"], FONT_ROMEU: ["suivi"]}
    first = get(browser, f"/connexion?structure={EUS}").location
    second = get(browser, f"/connexion?structure={FONT_ROMEU}").location

    assert get(browser, provider.consent(first)).status_code == 302
    assert get(browser, "/").json == {"roles": ["demande"]}
    assert get(browser, provider.consent(second)).status_code == 302
    assert get(browser, "/").json == {"roles": ["suivi"]}


def test_two_tabs_act_each_for_its_structure(provider: Provider, browser: FlaskClient) -> None:
    provider.roles = {EUS: ["demande"], FONT_ROMEU: ["suivi"]}
    first, second = (log_in(provider, browser, f"structure={siren}") for siren in (EUS, FONT_ROMEU))

    for _ in range(2):
        assert get(browser, first.location).json == {"roles": ["demande"]}
        assert get(browser, second.location).json == {"roles": ["suivi"]}
    assert get(browser, f"/demande?structure={EUS}").status_code == 200
    assert get(browser, f"/demande?structure={FONT_ROMEU}").status_code == 403
    with _later(275):
        assert get(browser, first.location).json == {"roles": ["demande"]}
        assert get(browser, second.location).json == {"roles": ["suivi"]}

    log_out(browser)
    for one in (first, second):
        assert get(browser, one.location).status_code == 302


@pytest.mark.parametrize("siren", ["216600726", "none", "%00", "9" * 3000])
def test_a_structure_that_she_did_not_come_for_is_asked_of_keycloak(
    provider: Provider, browser: FlaskClient, siren: str
) -> None:
    provider.roles = {EUS: ["demande"]}
    log_in(provider, browser)

    answer = get(browser, f"/demande?structure={siren}")

    assert answer.status_code == 302
    assert answer.location.startswith("/connexion?structure=")


def test_the_visits_of_a_browser_are_bounded(provider: Provider, browser: FlaskClient) -> None:
    sirens = [f"2166007{number:02}" for number in range(MOST_STRUCTURES + 2)]
    provider.roles = {siren: ["demande"] for siren in sirens}
    for siren in sirens:
        log_in(provider, browser, f"structure={siren}")

    statuses = [get(browser, f"/demande?structure={siren}").status_code for siren in sirens]

    assert statuses == [302] * 2 + [200] * MOST_STRUCTURES


def test_another_person_does_not_find_the_visits_of_the_one_before(
    provider: Provider, browser: FlaskClient
) -> None:
    provider.roles = {EUS: ["demande"], FONT_ROMEU: ["demande"]}
    log_in(provider, browser, f"structure={EUS}")
    provider.person = Person("sub-paul123", "paul123")
    log_in(provider, browser, f"structure={FONT_ROMEU}")

    assert get(browser, f"/demande?structure={EUS}").status_code == 302
    assert get(browser, f"/demande?structure={FONT_ROMEU}").status_code == 200


def test_another_process_finishes_what_one_began(
    provider: Provider, client: OpenIDClient, app: Flask
) -> None:
    other = Flask("other")
    StructureGuard(other, client, secret="secret", session_cookie=COOKIE, home="/", public_url=SERVICE_URL)
    here, there = app.test_client(), other.test_client()
    leaving = get(here, "/connexion")
    for header in leaving.headers.getlist("Set-Cookie"):
        name, _, value = header.partition(";")[0].partition("=")
        there.set_cookie(name, value, domain=HOST, secure=True)

    assert get(there, provider.consent(leaving.location)).status_code == 302


def test_an_earlier_visit_ends_with_the_next_log_in(provider: Provider, app: Flask) -> None:
    provider.roles = {EUS: ["demande"]}
    browser, kept = app.test_client(), app.test_client()
    log_in(provider, browser)
    kept.set_cookie(COOKIE, key(browser) or "", domain=urlsplit(SERVICE_URL).hostname or "", secure=True)
    assert get(kept, "/demande").status_code == 200

    log_in(provider, browser)

    assert get(kept, "/demande").status_code == 302


def test_the_cookie_is_out_of_reach(provider: Provider, browser: FlaskClient) -> None:
    for answer in (get(browser, "/connexion"), log_in(provider, browser)):
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, *attributes = (part.strip() for part in cookie.split(";"))
            assert name.startswith("__Host-")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes)
            assert not any(attribute.startswith("Domain") for attribute in attributes)


@pytest.mark.parametrize("path", ["", "?code=x&state=y", "?error=access_denied"])
def test_an_answer_nobody_waits_for_is_refused(browser: FlaskClient, path: str) -> None:
    assert get(browser, f"/connexion/retour{path}").status_code == 400


def test_a_forged_answer_is_refused_and_does_not_end_the_attempt(
    provider: Provider, browser: FlaskClient
) -> None:
    leaving = get(browser, "/connexion")
    honest = provider.consent(leaving.location)

    assert get(browser, "/connexion/retour?code=x&state=forged").status_code == 400
    assert get(browser, honest).status_code == 302


def test_the_back_button_after_a_log_in_leads_home(provider: Provider, browser: FlaskClient) -> None:
    leaving = get(browser, "/connexion")
    answer = provider.consent(leaving.location)
    get(browser, answer)

    assert get(browser, answer).location == "/"


def test_roles_are_asked_again_before_the_token_ends(provider: Provider, browser: FlaskClient) -> None:
    provider.roles = {EUS: ["demande"]}
    log_in(provider, browser)
    with _later(265):
        provider.roles = {EUS: ["suivi"]}
        assert get(browser, "/demande").status_code == 200, "its token lives"
    with _later(275):
        assert get(browser, "/demande").status_code == 403
        assert get(browser, "/").json == {"roles": ["suivi"]}


def test_a_person_without_any_role_left_keeps_no_right(provider: Provider, browser: FlaskClient) -> None:
    provider.roles = {EUS: ["demande"]}
    log_in(provider, browser)
    provider.roles = {}
    with _later(275):
        assert get(browser, "/demande").status_code == 403


def test_a_session_ended_at_the_provider_ends_here(provider: Provider, browser: FlaskClient) -> None:
    provider.roles = {EUS: ["demande"]}
    log_in(provider, browser)
    provider.sessions.clear()
    with _later(275):
        assert get(browser, "/demande").status_code == 302


def test_a_switch_in_another_tab_is_not_taken_over(provider: Provider, browser: FlaskClient) -> None:
    provider.roles = {EUS: ["demande"], FONT_ROMEU: ["demande"]}
    log_in(provider, browser)
    provider.switch(FONT_ROMEU)
    with _later(275):
        assert get(browser, "/demande").status_code == 302


def test_a_provider_that_is_down_is_said_in_words(provider: Provider, browser: FlaskClient) -> None:
    provider.roles = {EUS: ["demande"]}
    log_in(provider, browser)
    provider.stop()

    assert get(browser, "/demande").status_code == 200, "nothing to ask yet"
    with _later(275):
        assert get(browser, "/demande").status_code == 503


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", f"{SERVICE_URL}.evil.example"])
def test_another_site_logs_nobody_out(provider: Provider, browser: FlaskClient, origin: str | None) -> None:
    provider.roles = {EUS: ["demande"]}
    log_in(provider, browser)

    assert log_out(browser, origin).status_code == 400
    assert get(browser, "/demande").status_code == 200
    assert get(browser, "/deconnexion").status_code == 405


@pytest.mark.parametrize(
    ("origin", "site", "is_own"),
    [
        ("null", "same-origin", True),  # what a browser sends from a page with `no-referrer`
        (SERVICE_URL, "same-origin", True),
        ("null", "cross-site", False),
        ("null", "same-site", False),
        ("null", "none", False),
        (SERVICE_URL, "cross-site", False),
    ],
)
def test_what_the_browser_says_of_the_page_counts_first(
    provider: Provider, browser: FlaskClient, origin: str, site: str, is_own: bool
) -> None:
    log_in(provider, browser)
    assert log_out(browser, origin, site).status_code == (303 if is_own else 400)


def test_a_log_out_ends_the_visit_here_and_the_session_there(
    provider: Provider, browser: FlaskClient
) -> None:
    provider.roles = {EUS: ["demande"]}
    log_in(provider, browser)
    before = key(browser)

    answer = log_out(browser)

    assert answer.status_code == 303
    asked = parse_qs(urlsplit(answer.location).query)
    assert answer.location.startswith(f"{provider.issuer}/protocol/openid-connect/logout?")
    assert asked["post_logout_redirect_uri"] == [f"{SERVICE_URL}/"]
    assert key(browser) is None
    browser.set_cookie(COOKIE, before or "", domain=urlsplit(SERVICE_URL).hostname or "", secure=True)
    assert get(browser, "/demande").status_code == 302


def test_a_log_out_works_without_a_visit_and_without_the_provider(
    provider: Provider, browser: FlaskClient
) -> None:
    provider.stop()
    assert log_out(browser).location == "/"


@pytest.mark.parametrize(
    "query",
    [
        "redirect_uri=https://evil.example",
        "next=//evil.example",
        "client_id=portail",
        "scope=offline_access",
        "state=known",
        "nonce=known",
        "response_type=token",
        "request_uri=https://evil.example/x",
        "structure=1%26redirect_uri%3Dhttps://evil.example",
    ],
)
def test_parameters_of_the_browser_are_not_handed_on(browser: FlaskClient, query: str) -> None:
    own = parse_qs(urlsplit(get(browser, "/connexion").location).query)
    asked = parse_qs(urlsplit(get(browser, f"/connexion?{query}").location).query)

    asked.pop("structure", None)
    assert asked.keys() == own.keys()
    for name in ("redirect_uri", "client_id", "scope", "response_type"):
        assert asked[name] == own[name]
    assert asked["state"] != ["known"] != asked["nonce"]


def test_a_full_store_forgets_the_oldest() -> None:
    store = MemoryStore[int](seconds=60, most=3)
    keys = [store.add(number) for number in range(5)]

    assert [store.get(key) for key in keys] == [None, None, 2, 3, 4]


def test_what_was_taken_does_not_come_back() -> None:
    store = MemoryStore[int](seconds=60)
    key = store.add(1)
    store.replace(key, 2)
    assert store.take(key) == 2

    store.replace(key, 3)
    assert store.get(key) is None


def test_time_ends_what_is_kept() -> None:
    store = MemoryStore[int](seconds=0)
    assert store.get(store.add(1)) is None


def _later(seconds: float) -> time_machine.travel:
    """As many seconds from now."""
    return time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds), tick=False)
