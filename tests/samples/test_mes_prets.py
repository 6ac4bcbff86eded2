"""« Mes prêts en ligne », the sample relying service, as its developers would copy it."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from idp_extension.relying_party.client_key import write_new_key
from tests.builders.issuer import Person, Provider, a_key

SERVICE = "https://prets.example"
PORTAL = "https://portail.example"
EUS, FONT_ROMEU = "216600742", "216601249"
PAGES = ("demande", "suivi", "encours", "documents")


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    started = Provider(key=a_key(), person=Person("sub-cend589", "cend589"))
    started.start()
    yield started
    started.stop()


@pytest.fixture
def app(provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Flask:
    key = tmp_path / "mes-prets.pem"
    write_new_key(key, tmp_path / "public.pem")
    for name, value in {
        "ISSUER": provider.issuer,
        "KEY": str(key),
        "SECRET": "secret",
        "URL": f"{SERVICE}/",
        "PORTAL": PORTAL,
    }.items():
        monkeypatch.setenv(f"MES_PRETS_{name}", value)
    path = Path(__file__).parents[2] / "samples" / "mes-prets" / "app.py"
    spec = importlib.util.spec_from_file_location("mes_prets", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # Flask looks there for the templates' folder
    spec.loader.exec_module(module)
    made: Flask = module.create_app()
    return made


@pytest.fixture
def browser(app: Flask, provider: Provider) -> FlaskClient:
    provider.roles, provider.faults, provider.lifetime = {}, {}, 300
    return app.test_client()


def get(browser: FlaskClient, path: str) -> TestResponse:
    return browser.get(path, base_url=SERVICE)


def enter(browser: FlaskClient, provider: Provider, siren: str) -> TestResponse:
    """The button of the portal: the service opens, and single sign-on does the rest."""
    to_log_in = get(browser, f"/?structure={siren}")
    leaving = get(browser, to_log_in.location)
    back = get(browser, provider.consent(leaving.location))
    return get(browser, back.location)


def test_the_page_shows_the_structure_and_its_services_alone(
    browser: FlaskClient, provider: Provider
) -> None:
    provider.roles = {EUS: ["demande", "suivi"], FONT_ROMEU: ["encours"]}

    page = enter(browser, provider, EUS).text

    assert "Cendrine Martin" in page
    assert EUS in page
    assert [one for one in PAGES if f'href="/{one}?structure={EUS}"' in page] == ["demande", "suivi"]
    assert [get(browser, f"/{one}").status_code for one in PAGES] == [200, 200, 403, 403]


def test_another_structure_means_another_log_in(browser: FlaskClient, provider: Provider) -> None:
    provider.roles = {EUS: ["demande"], FONT_ROMEU: ["encours"]}
    enter(browser, provider, EUS)

    assert EUS in get(browser, f"/?structure={EUS}").text
    page = enter(browser, provider, FONT_ROMEU).text
    assert FONT_ROMEU in page
    assert [get(browser, f"/{one}").status_code for one in PAGES] == [403, 403, 200, 403]
    assert get(browser, f"/demande?structure={EUS}").status_code == 200, "the other tab"


def test_without_a_role_the_page_leads_to_the_portal(browser: FlaskClient, provider: Provider) -> None:
    page = enter(browser, provider, EUS).text

    assert "Aucun accès pour cette structure" in page
    assert f'href="{PORTAL}/services"' in page


def test_the_developers_page_shows_the_claims_that_decide(browser: FlaskClient, provider: Provider) -> None:
    provider.roles = {EUS: ["demande"]}
    assert get(browser, "/jeton").location == "/connexion"
    enter(browser, provider, EUS)

    assert get(browser, "/jeton").json == {
        "aud": "mes-prets",
        "azp": "mes-prets",
        "structure": {"siren": EUS, "name": f"Structure {EUS}", "roles": ["demande"]},
        "resource_access": {"mes-prets": {"roles": ["demande"]}},
    }


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/connexion/retour?code=x&state=y", 400, "Recommencez depuis la page"),
        ("/suivi", 403, "Accès non ouvert"),
        ("/nulle-part", 404, "Page introuvable"),
    ],
)
def test_a_refusal_is_a_page_in_french(
    browser: FlaskClient, provider: Provider, path: str, status: int, words: str
) -> None:
    provider.roles = {EUS: ["demande"]}
    if status == 403:
        enter(browser, provider, EUS)

    answer = get(browser, path)

    assert answer.status_code == status
    assert words in answer.text


def test_keycloak_down_is_said_in_words(browser: FlaskClient, provider: Provider) -> None:
    provider.stop()
    answer = get(browser, "/connexion")
    provider.start()

    assert answer.status_code == 503
    assert "Connexion indisponible" in answer.text


def test_a_form_may_end_here_or_at_keycloak(browser: FlaskClient, provider: Provider) -> None:
    policy = get(browser, "/nulle-part").headers["Content-Security-Policy"]

    assert policy.split("form-action ")[1].split() == ["'self'", provider.base_url]
    assert "unsafe" not in policy
    assert get(browser, "/nulle-part").headers["Cache-Control"] == "no-store"


def test_the_log_out_leaves_for_keycloak(browser: FlaskClient, provider: Provider) -> None:
    provider.roles = {EUS: ["demande"]}
    assert 'action="/deconnexion"' in enter(browser, provider, EUS).text

    answer = browser.post("/deconnexion", base_url=SERVICE, headers={"Origin": SERVICE})

    assert urlsplit(answer.location).path.endswith("/logout")
    assert get(browser, "/").location == "/connexion"
