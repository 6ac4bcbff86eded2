"""Log-in by Keycloak: what is believed of its answer, what is not, and what happens when it is down."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.builders.issuer import Person
from tests.onboarding_api.web.page import text_of
from tests.onboarding_api.web.portal import PUBLIC_URL, Browser, Portal


def start(portal: Portal, path: str = "/connexion") -> tuple[Browser, str]:
    """A browser that has left for the provider, and the address it was sent to."""
    browser = portal.browser()
    portal.provider.person = Person("sub-cend589", "cend589")
    return browser, browser.get(path).location


def is_logged_in(browser: Browser) -> bool:
    return browser.get("/tableau-de-bord").status_code == 200


@pytest.mark.attack(25)
def test_request_has_state_nonce_and_challenge(portal: Portal) -> None:
    _, url = start(portal)
    asked = {key: value[0] for key, value in parse_qs(urlsplit(url).query).items()}

    assert url.startswith(f"{portal.provider.issuer}/protocol/openid-connect/auth?")
    assert asked["client_id"] == "portail"
    assert asked["redirect_uri"] == f"{PUBLIC_URL}/connexion/retour"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) >= 32
    assert len(asked["nonce"]) >= 32


def test_right_answer_opens_the_session(portal: Portal) -> None:
    browser, url = start(portal)

    answer = browser.get(portal.provider.consent(url))

    assert (answer.status_code, answer.location) == (302, "/tableau-de-bord")
    assert "Bienvenue Madame Martin" in browser.get(answer.location).text


@pytest.mark.attack(25, 26)
@pytest.mark.parametrize(
    "fault",
    [
        {"state": "another"},
        {"iss_parameter": "https://evil.example"},
        {"nonce": "another"},
        {"signature": "none"},
        {"signature": "hs256"},
        {"signature": "foreign"},
        {"claims": {"aud": "mes-prets"}},
        {"claims": {"azp": "mes-prets"}},
        {"claims": {"iss": "https://evil.example/realms/bdt"}},
        {"claims": {"exp": 1}},
        {"claims": {"sub": ""}},
    ],
    ids=str,
)
def test_wrong_answer_opens_nothing(portal: Portal, fault: dict[str, Any]) -> None:
    browser, url = start(portal)
    portal.provider.faults.update(fault)

    answer = browser.get(portal.provider.consent(url))

    assert answer.status_code in {400, 403}
    assert not is_logged_in(browser)


@pytest.mark.attack(25)
def test_answer_of_another_browser_opens_nothing(portal: Portal) -> None:
    _, url = start(portal)
    victim, _ = start(portal)
    stranger = portal.browser()

    stolen = portal.provider.consent(url)

    assert victim.get(stolen).status_code == 400
    assert stranger.get(stolen).status_code == 400
    assert not is_logged_in(victim)


def test_answer_serves_once(portal: Portal) -> None:
    browser, url = start(portal)
    path = portal.provider.consent(url)
    browser.get(path)

    again = browser.get(path)  # the back button

    assert (again.status_code, again.location) == (302, "/tableau-de-bord")
    assert portal.browser().get(path).status_code == 400


def test_two_tabs_log_in_at_once(portal: Portal) -> None:
    browser, first = start(portal, "/connexion?suite=/services")
    second = browser.get("/connexion?suite=/courrier").location

    assert browser.get(portal.provider.consent(first)).location == "/services"
    assert browser.get(portal.provider.consent(second)).location == "/courrier"

    later, first = start(portal, "/connexion?suite=/services")
    second = later.get("/connexion?suite=/courrier").location
    assert later.get(portal.provider.consent(second)).location == "/courrier"


def test_five_attempts_are_kept_and_no_more(portal: Portal) -> None:
    browser, oldest = start(portal)
    urls = [browser.get("/connexion").location for _ in range(5)]

    assert browser.get(portal.provider.consent(oldest)).status_code == 400
    assert browser.get(portal.provider.consent(urls[0])).status_code == 302


@pytest.mark.parametrize("query", ["", "?state=another&code=x", "?error=access_denied"])
def test_foreign_answer_does_not_end_the_attempt(portal: Portal, query: str) -> None:
    browser, url = start(portal)

    assert browser.get(f"/connexion/retour{query}").status_code == 400

    assert browser.get(portal.provider.consent(url)).status_code == 302


def test_refusal_by_keycloak_is_told(portal: Portal) -> None:
    browser, url = start(portal)
    state = parse_qs(urlsplit(url).query)["state"][0]

    answer = browser.get(
        "/connexion/retour",
        query_string={"error": "access_denied", "state": state, "iss": portal.provider.issuer},
    )

    assert answer.status_code == 400
    assert "La connexion n'a pas abouti" in text_of(answer.text)
    assert "access_denied" not in answer.text


@pytest.mark.parametrize("identifiant", ["nobody1", "CEND589x"])
def test_account_that_is_none_of_ours_gets_a_page(portal: Portal, identifiant: str) -> None:
    browser = portal.browser()

    answer = browser.log_in(identifiant)

    assert answer.status_code == 403
    assert "Compte sans accès au portail" in answer.text
    assert not is_logged_in(browser)
    assert "/openid-connect/logout?id_token_hint=" in browser.post("/deconnexion").location


def test_anonymous_page_comes_back_after_log_in(portal: Portal) -> None:
    browser = portal.browser()
    portal.provider.person = Person("sub-cend589", "cend589")

    sent = browser.get("/courrier/code")
    answer = browser.get(portal.provider.consent(browser.get(sent.location).location))

    assert sent.status_code == 303
    assert answer.location == "/courrier/code"


@pytest.fixture
def down(portal: Portal) -> Any:
    portal.provider.stop()
    yield
    portal.provider.start()


@pytest.mark.usefixtures("down")
@pytest.mark.parametrize("path", ["/connexion", "/mot-de-passe-oublie"])
def test_log_in_without_keycloak_is_told_in_words(portal: Portal, path: str) -> None:
    answer = portal.browser().get(path)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "conservés" in answer.text


def test_keycloak_lost_on_the_way_back_is_told_in_words(
    portal: Portal, request: pytest.FixtureRequest
) -> None:
    browser, url = start(portal)
    path = portal.provider.consent(url)
    request.getfixturevalue("down")

    assert browser.get(path).status_code == 503


@pytest.mark.usefixtures("down")
def test_logged_in_people_go_on_without_keycloak(portal: Portal) -> None:
    browser = portal.browser("cend589")

    assert is_logged_in(browser)
    assert browser.get("/services").status_code == 200


@pytest.mark.usefixtures("down")
def test_log_out_without_keycloak_ends_our_session(portal: Portal) -> None:
    browser = portal.browser("cend589")

    answer = browser.post("/deconnexion")

    assert (answer.status_code, answer.location) == (303, "/")
    assert not is_logged_in(browser)


def test_log_out_ends_both_sessions(portal: Portal) -> None:
    browser = portal.browser("cend589")

    answer = browser.post("/deconnexion")
    there = urlsplit(answer.location)
    asked = {key: value[0] for key, value in parse_qs(there.query).items()}

    assert answer.location.startswith(f"{portal.provider.issuer}/protocol/openid-connect/logout?")
    assert asked["post_logout_redirect_uri"] == f"{PUBLIC_URL}/"
    assert asked["id_token_hint"].count(".") == 2
    assert not is_logged_in(browser)


def test_pages_of_keycloak_are_reached(portal: Portal) -> None:
    forgotten = portal.browser().get("/mot-de-passe-oublie").location
    changed = portal.browser("cend589").get("/profil/mot-de-passe").location

    assert forgotten == f"{portal.provider.issuer}/login-actions/reset-credentials?client_id=portail"
    assert parse_qs(urlsplit(changed).query)["kc_action"] == ["UPDATE_PASSWORD"]
