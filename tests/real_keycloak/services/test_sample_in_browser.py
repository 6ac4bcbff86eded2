"""« Mes prêts en ligne » on the real Keycloak, as people use it: two tabs, two structures, and the way out.

A browser sends what it sends: no header is made up here.
"""

import importlib.util
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from idp_extension.projection import DesiredPerson, DesiredRole, DesiredStructure, project_person
from idp_extension.realm.state import by_key
from idp_extension.relying_party.client_key import ClientKey, write_new_key
from idp_extension.server import RunningServer, free_port
from tests.builders.servers.applied_realm import AppliedRealm, apply_realm

pytestmark = [pytest.mark.keycloak, pytest.mark.browser]

PASSWORD, CLIENT = "Mairie-2026", "mes-prets"
EUS = DesiredStructure("216600726", "Commune d'Eus", None, (DesiredRole(CLIENT, "demande"),))
CONFLENT = DesiredStructure("200049211", "CC Conflent-Canigó", None, (DesiredRole(CLIENT, "suivi"),))
PORTAL = "http://127.0.0.1:8400"


@pytest.fixture(scope="module")
def realm_and_service(
    keycloak_server: RunningServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[AppliedRealm, str]]:
    """The sample served on a port of its own, which Keycloak knows with its key."""
    realm = apply_realm(keycloak_server, f"espace-{uuid4().hex[:6]}")
    url = f"http://127.0.0.1:{free_port()}"
    key = tmp_path_factory.mktemp("key") / "mes-prets.pem"
    write_new_key(key, key.with_name("public.pem"))
    (client,) = realm.admin.get("clients", clientId=CLIENT)
    attributes = by_key(ClientKey.in_file(CLIENT, key).public_jwks())["attributes"] | {
        "post.logout.redirect.uris": f"{url}/",
        "backchannel.logout.url": f"{url}/deconnexion/keycloak",
    }
    there = {"clientAuthenticatorType": "client-jwt", "redirectUris": [f"{url}/connexion/retour"]}
    body = client | there | {"attributes": client["attributes"] | attributes}
    realm.admin.put("clients", client["id"], body=body)
    environment = {
        "ISSUER": f"{realm.url}/realms/{realm.name}",
        "KEY": str(key),
        "SECRET": "secret",
        "URL": url,
        "PORTAL": PORTAL,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(f"MES_PRETS_{name}", value)
        server = make_server("127.0.0.1", int(url.rpartition(":")[2]), _sample(patch), threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield realm, url
    server.shutdown()
    server.server_close()
    realm.close()


def _sample(patch: pytest.MonkeyPatch) -> Flask:
    path = Path(__file__).parents[3] / "samples" / "mes-prets" / "app.py"
    spec = importlib.util.spec_from_file_location("mes_prets_served", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    patch.setitem(sys.modules, spec.name, module)  # Flask looks there for the templates' folder
    spec.loader.exec_module(module)
    made: Flask = module.create_app()
    return made


@pytest.fixture
def context(chrome: Browser) -> Iterator[BrowserContext]:
    made = chrome.new_context(java_script_enabled=False, locale="fr-FR")
    yield made
    made.close()


def somebody(realm: AppliedRealm, *structures: DesiredStructure) -> str:
    identifiant = f"cend{uuid4().hex[:10]}"
    person = DesiredPerson(
        identifiant, None, f"{identifiant}@eus.example", "Zoé", "Le Goff", True, structures
    )
    realm.choose_password(project_person(realm.gateway, person).keycloak_id, PASSWORD)
    return identifiant


def log_in(page: Page, identifiant: str) -> None:
    page.get_by_label("Identifiant").fill(identifiant)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Me connecter").click()


def shows(page: Page, structure: DesiredStructure, *services: str) -> bool:
    names = page.locator(".services a").all_inner_texts()
    return structure.label in page.inner_text(".structure") and names == list(services)


def test_two_tabs_log_in_at_once_and_act_each_for_its_structure(
    realm_and_service: tuple[AppliedRealm, str], context: BrowserContext
) -> None:
    realm, url = realm_and_service
    identifiant = somebody(realm, EUS, CONFLENT)
    first, second = context.new_page(), context.new_page()
    first.goto(f"{url}/?structure={EUS.siren}")
    second.goto(f"{url}/?structure={CONFLENT.siren}")

    for page in (first, second):
        log_in(page, identifiant)

    for _ in range(2):
        assert shows(first, EUS, "Demande de prêts")
        assert shows(second, CONFLENT, "Suivi des dossiers")
        for page in (first, second):
            page.locator(".services a").click()
            page.get_by_role("link", name="Retour à").click()
    first.goto(f"{url}/suivi?structure={EUS.siren}")
    assert first.locator("h1").inner_text() == "Accès non ouvert"


def test_she_chooses_where_none_was_named_and_switches_without_a_page(
    realm_and_service: tuple[AppliedRealm, str], context: BrowserContext
) -> None:
    realm, url = realm_and_service
    page = context.new_page()
    page.goto(f"{url}/")
    log_in(page, somebody(realm, EUS, CONFLENT))
    page.get_by_role("button", name="Conflent").click()
    assert shows(page, CONFLENT, "Suivi des dossiers")

    page.goto(f"{url}/?structure={EUS.siren}")
    assert shows(page, EUS, "Demande de prêts")


def test_the_button_logs_out_here_and_at_keycloak(
    realm_and_service: tuple[AppliedRealm, str], context: BrowserContext
) -> None:
    realm, url = realm_and_service
    page = context.new_page()
    page.goto(f"{url}/?structure={EUS.siren}")
    log_in(page, somebody(realm, EUS))
    page.goto(f"{url}/demande?structure={EUS.siren}")

    page.get_by_role("button", name="Déconnexion").click()

    assert page.get_by_label("Identifiant").is_visible(), "home leads to the log-in, which asks again"
    page.goto(f"{url}/demande?structure={EUS.siren}")
    assert page.get_by_label("Identifiant").is_visible()
