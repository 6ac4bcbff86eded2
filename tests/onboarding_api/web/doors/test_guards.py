"""What the browser is held to: headers, CSRF, body size, host, and where it may be sent back."""

from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.datastructures import Headers

from onboarding_api import create_app
from onboarding_api.migrations import migrate
from onboarding_api.web.local_paths import local_path
from tests.onboarding_api.web.doors.test_route_rights import PEOPLE, ROUTES, methods, send
from tests.onboarding_api.web.portal import HOST, PUBLIC_URL, Portal
from tests.onboarding_api.web.world import EUS

POSTS = [
    endpoint
    for endpoint in ROUTES
    if endpoint.split(".")[-1]
    in {
        "submit_registration",
        "submit_forgotten_identifiant",
        "log_out",
        "refuse",
        "switch_structure",
        "submit_identity",
        "attach",
        "detach",
        "edit_telephone",
        "edit_email",
        "edit_fonction",
        "confirm",
        "accept_administration",
        "ask_again",
        "redeem",
        "validate",
        "validate_all",
        "withdraw",
        "stop",
        "confirm_change",
        "deactivate",
        "reactivate",
        "accept",
    }
    and endpoint != "structures.confirm"
]
BY_SIGNED_TOKEN = {"keycloak_log_out.told_by_keycloak"}
"""No browser sends it: the token is the whole proof."""
HOSTILE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "https://evil.example",
    "http:evil.example",
    "https:/evil.example",
    "HTTPS://evil.example",
    "ftp://evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example/services",
    "/services//evil.example",
    "/services/../../evil",
    "/./services",
    "/services/.",
    "/%2f%2fevil.example",
    "/%5cevil.example",
    "/%0d%0aSet-Cookie:x",
    "/services%0d%0aLocation:x",
    "/services\r\nLocation: x",
    "/services\nx",
    "/services\t",
    "/\tservices",
    " /services",
    "/services ",
    "/services?x=//evil.example",
    "/services?x=https://evil.example",
    "/services?suite=%2f%2fevil",
    "/services#@evil.example",
    "/@evil.example",
    "@evil.example",
    "evil.example",
    "services",
    "",
    "?",
    "#",
    ".",
    "/services;@evil.example",
    "/services?x=\\evil",
    "/ｓervices",
    "/services\u2028",
    "/services\u0000",
    "//",
    "/\u202eservices",
    "//portail.example@evil.example",
    "https://portail.example.evil.example",
    "https://portail.example@evil.example",
    "///portail.example/services",
    "/connexion/../..//evil",
    "/structure-active",
    "/deconnexion",
    "/demandes/x/valider",
    "/static/../secret",
    "/nulle-part",
    "/services/",
    "/SERVICES",
    "/services?<script>",
    "/services?x='\"",
    "/" + "a" * 3000,
]


def test_list_of_posts_is_the_applications(portal: Portal) -> None:
    own = {endpoint for endpoint in ROUTES if methods(portal, endpoint) == ["POST"]} - BY_SIGNED_TOKEN

    assert set(POSTS) == own


def path_of(portal: Portal, endpoint: str) -> str:
    return portal.app.url_map.bind(HOST).build(endpoint, ROUTES[endpoint].arguments, method="POST")


@pytest.mark.attack(21)
@pytest.mark.parametrize("endpoint", POSTS)
def test_post_without_own_token_is_refused(portal: Portal, endpoint: str) -> None:
    browser, path, form = portal.browser("cend589"), path_of(portal, endpoint), ROUTES[endpoint].form
    foreign = portal.browser("paul123").token()

    without = browser.raw_post(path, form)
    with_foreign = browser.raw_post(path, {**form, "csrf_token": foreign})
    from_elsewhere = browser.post(path, form, headers={"Origin": "https://evil.example"})
    from_nowhere = browser.post(path, form, headers={"Origin": "null"})

    assert [answer.status_code for answer in (without, with_foreign, from_elsewhere, from_nowhere)] == [
        400
    ] * 4


@pytest.mark.attack(22, 56)
@pytest.mark.parametrize("endpoint", ROUTES)
@pytest.mark.parametrize("role", ["anonymous", "administrator"])
def test_every_answer_carries_the_headers(portal: Portal, endpoint: str, role: str) -> None:
    with send(portal, portal.browser(PEOPLE[role]), endpoint) as answer:
        check_headers(answer.headers, is_static=endpoint == "static")


@pytest.mark.parametrize("path", ["/nulle-part", "/deconnexion", "/static/nulle-part.css"])
def test_error_pages_carry_the_headers(portal: Portal, path: str) -> None:
    check_headers(portal.browser().get(path).headers, is_static=path.startswith("/static/"))


def check_headers(headers: Headers, *, is_static: bool) -> None:
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert is_static or headers["Cache-Control"] == "no-store"


def test_style_sheet_may_be_kept_by_the_browser(portal: Portal) -> None:
    with portal.browser().get("/static/portal.css") as answer:
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers


def test_forms_may_end_at_keycloak_and_at_the_espaces_only(portal: Portal) -> None:
    policy = portal.browser().get("/").headers["Content-Security-Policy"]

    targets = policy.split("form-action ")[1].split()
    assert set(targets) == {
        "'self'",
        portal.provider.base_url,
        "https://prets.example",
        "https://dataviz.example",
    }


def test_ten_megabytes_are_refused_in_words(portal: Portal) -> None:
    browser = portal.browser()

    answer = browser.post("/inscription", {"nom": "x" * 10_000_000})

    assert answer.status_code == 413
    assert "trop volumineux" in answer.text


@pytest.mark.attack(38)
@pytest.mark.parametrize("host", ["evil.example", "portail.example.evil.example"])
def test_foreign_host_is_refused(portal: Portal, host: str) -> None:
    answer = portal.app.test_client().get("/", base_url=f"https://{host}")

    assert answer.status_code == 400
    assert "evil" not in answer.text


@pytest.mark.attack(23)
@pytest.mark.parametrize("suite", HOSTILE)
def test_only_our_own_pages_are_gone_back_to(portal: Portal, suite: str) -> None:
    with portal.app.test_request_context(base_url=PUBLIC_URL):
        assert local_path(suite, "/tableau-de-bord") == "/tableau-de-bord"


@pytest.mark.parametrize(
    "suite",
    [
        "/services",
        "/courrier/code",
        f"/structures/{EUS}",
        "/services/demande?services=mes-prets:suivi&services=mes-prets:encours",
    ],
)
def test_log_in_sends_back_to_the_page_asked_for(portal: Portal, suite: str) -> None:
    assert portal.browser().log_in("cend589", suite).location == suite


@pytest.mark.attack(23)
@pytest.mark.parametrize("suite", ["//evil.example", "/\\evil.example", "https://evil.example"])
def test_log_in_and_forms_send_back_to_our_own_pages_only(portal: Portal, suite: str) -> None:
    browser = portal.browser("cend589")

    assert portal.browser().log_in("cend589", suite).location == "/tableau-de-bord"
    switched = browser.post("/structure-active", {"siren": EUS, "suite": suite})
    edited = browser.post(f"/structures/{EUS}/fonction", {"fonction": "elu", "suite": suite})

    assert switched.location == "/tableau-de-bord"
    assert edited.location == f"/structures/{EUS}"


@pytest.mark.attack(3)
@pytest.mark.parametrize("intruder", ["role", "siren", "state", "person_id", "is_administrator", "version"])
def test_field_that_the_form_has_not_is_refused(portal: Portal, intruder: str) -> None:
    browser = portal.browser("paul123")

    edited = browser.post(
        "/profil/identite", {"civilite": "Monsieur", "prenom": "A", "nom": "B", intruder: "x"}
    )
    repeated = browser.post("/profil/identite", {"civilite": "Monsieur", "prenom": ["A", "B"], "nom": "B"})

    assert (edited.status_code, repeated.status_code) == (400, 400)
    assert "Paul" in browser.get("/profil").text


def test_wrong_method_and_unknown_page_are_answered_in_words(portal: Portal) -> None:
    browser = portal.browser()

    assert browser.get("/deconnexion").status_code == 405
    unknown = browser.get("/nulle-part")
    assert unknown.status_code == 404
    assert "Page introuvable" in unknown.text


def test_application_is_made_from_settings_alone(portal: Portal, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'portal.db'}"
    migrate(url)
    app = create_app(replace(portal.settings, database_url=url))

    answer = app.test_client().get("/sante", base_url=PUBLIC_URL).json
    assert answer
    assert (answer.keys(), answer["status"]) == ({"status", "policy_alarms"}, "ok")
    app.extensions["parts"].office.database.engine.dispose()


def test_health_needs_neither_session_nor_keycloak(portal: Portal) -> None:
    answer = portal.browser().get("/sante")

    assert answer.json
    assert answer.json["status"] == "ok"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.attack(58)
@pytest.mark.parametrize(
    "forged",
    [
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Proto": "http", "X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "host=evil.example;proto=http"},
    ],
    ids=str,
)
def test_what_a_client_forwards_is_not_believed(portal: Portal, forged: dict[str, str]) -> None:
    plain, dressed = portal.browser("cend589"), portal.browser("cend589")

    assert dressed.get("/tableau-de-bord", headers=forged).status_code == 200
    answers = [plain.get("/").location, dressed.get("/", headers=forged).location]
    assert answers[0] == answers[1]
    assert "evil" not in dressed.get("/connexion", headers=forged).location
