"""What ends in the real Keycloak ends in the portal, at the next request."""

import html
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from idp_extension.server import RunningServer, free_port
from onboarding_api.acts.act import Office
from onboarding_api.delivery.clock import clock_of
from onboarding_api.model.base import Database
from onboarding_api.model.person import Civilite, Person
from onboarding_api.settings import settings_from
from onboarding_api.web.application import build_application
from tests.builders.oidc_login import open_browser
from tests.builders.servers.applied_realm import KEYS, AppliedRealm, apply_realm

pytestmark = pytest.mark.keycloak

PASSWORD = "Mairie-2026"
PORTAL_URL = "http://127.0.0.1:8400"
_FORM = re.compile(r'<form[^>]*\baction="([^"]+)"')


class Visitor:
    """A person with a browser in which she is logged in to the portal, in as many tabs as she opened."""

    def __init__(self, app: Flask, realm: AppliedRealm, identifiant: str, *tabs: str) -> None:
        self.portal: FlaskClient = app.test_client()
        self.password = PASSWORD
        self.keycloak = open_browser()
        pages = [self._leave(f"/connexion?suite={tab}") for tab in tabs or ("/tableau-de-bord",)]
        self.arrived_at = [
            self._come_back(self._send(page, username=identifiant, password=PASSWORD)) for page in pages
        ]

    def choose_password(self, password: str) -> None:
        """« Modifier le mot de passe »; the form says that the other sessions end."""
        asked = self._leave("/profil/mot-de-passe")
        assert "password-new" not in asked  # « Votre mot de passe » comes first, however fresh the log-in
        page = self.keycloak.get(self._send(asked, password=self.password), timeout=10).text
        assert 'name="logout-sessions"' in page
        chosen = {"password-new": password, "password-confirm": password, "logout-sessions": "on"}
        self._come_back(self._send(page, **chosen))

    def _leave(self, path: str) -> str:
        leaving = self.portal.get(path, base_url=PORTAL_URL)
        return self.keycloak.get(leaving.location, timeout=10).text

    def _send(self, page: str, **fields: str) -> str:
        form = _FORM.search(page)
        assert form, page
        answer = self.keycloak.post(
            html.unescape(form.group(1)), data=fields, allow_redirects=False, timeout=10
        )
        return answer.headers["Location"]

    def _come_back(self, location: str) -> str:
        parts = urlsplit(location)
        answer = self.portal.get(f"{parts.path}?{parts.query}", base_url=PORTAL_URL)
        assert answer.status_code == 302, f"{location}: {answer.text}"
        return str(answer.location)

    @property
    def is_in(self) -> bool:
        return self.portal.get("/profil", base_url=PORTAL_URL).status_code == 200

    @property
    def may_write(self) -> bool:
        page = self.portal.get("/profil/identite", base_url=PORTAL_URL)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        form = {
            "csrf_token": token.group(1) if token else "",
            "civilite": "Madame",
            "prenom": "Zoé",
            "nom": "A",
        }
        headers = {"Origin": PORTAL_URL}
        answer = self.portal.post("/profil/identite", data=form, base_url=PORTAL_URL, headers=headers)
        return answer.location == "/profil"


@pytest.fixture(scope="module")
def database(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("portal") / "bdt.db"
    path.write_bytes(sqlite_template.read_bytes())
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def told_at() -> str:
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def told_realm(keycloak_server: RunningServer, told_at: str) -> Iterator[AppliedRealm]:
    applied = apply_realm(keycloak_server, f"fin-{uuid4().hex[:6]}", portal_reach_url=told_at)
    yield applied
    applied.close()


@pytest.fixture(scope="module")
def app(
    told_realm: AppliedRealm, told_at: str, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The portal, on the port that Keycloak was told."""
    key = tmp_path_factory.mktemp("keys") / "portail.pem"
    key.write_bytes(KEYS["portail"].read().as_pem(private=True))
    settings = settings_from(
        {
            "BDT_ENVIRONMENT": "test",
            "BDT_DATABASE_URL": str(database.engine.url),
            "BDT_PUBLIC_URL": PORTAL_URL,
            "BDT_PORTAL_REACH_URL": told_at,
            "BDT_SECRET_KEY": "0123456789abcdef0123456789abcdef",
            "BDT_KEYCLOAK_URL": told_realm.url,
            "BDT_KEYCLOAK_REALM": told_realm.name,
            "BDT_PORTAL_KEY": str(key),
            "BDT_CODE_KEYS": f"k1:{'00' * 32}",
            "BDT_SMTP_HOST": "127.0.0.1",
            "BDT_SMTP_PORT": "25",
            "BDT_SMTP_FROM": "portail@example.fr",
            "BDT_SPOOL_DIRECTORY": str(key.parent),
            "BDT_CONTACT_EMAIL": "contact@example.fr",
            "BDT_CONTACT_PHONE": "09 70 00 00 00",
        }
    )
    app = build_application(settings, Office(database, clock_of(database), settings.code_keys))
    server = make_server("127.0.0.1", int(told_at.rpartition(":")[2]), app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield app
    server.shutdown()
    server.server_close()


def a_person(realm: AppliedRealm, database: Database) -> tuple[str, str]:
    """Identifiant, and Keycloak's id."""
    identifiant = f"cend{uuid4().int % 10**8}"
    email = f"{identifiant}@eus.example"
    user_id = realm.gateway.create_user(identifiant, email=email, prenom="Cendrine", nom="Martin")
    realm.choose_password(user_id, PASSWORD)
    with database.writing() as session:
        session.add(
            Person(
                identifiant=identifiant,
                email=email,
                civilite=Civilite.MADAME,
                prenom="Cendrine",
                nom="Martin",
                keycloak_id=user_id,
                registered_at=clock_of(database)(),
            )
        )
    return identifiant, user_id


def sessions_ended(realm: AppliedRealm, user_id: str) -> None:
    realm.gateway.end_sessions(user_id)


def one_session_ended(realm: AppliedRealm, user_id: str) -> None:
    (session,) = realm.admin.get("users", user_id, "sessions")
    realm.admin.delete("sessions", session["id"])


def disabled(realm: AppliedRealm, user_id: str) -> None:
    user = realm.admin.get("users", user_id)
    realm.admin.put("users", user_id, body={**user, "enabled": False})


def removed(realm: AppliedRealm, user_id: str) -> None:
    realm.admin.delete("users", user_id)


@pytest.mark.attack(30)
@pytest.mark.parametrize("end", [sessions_ended, one_session_ended])
def test_a_session_that_ends_in_keycloak_is_gone_at_the_next_request(
    app: Flask, told_realm: AppliedRealm, database: Database, end: Callable[[AppliedRealm, str], None]
) -> None:
    identifiant, user_id = a_person(told_realm, database)
    colleague, _ = a_person(told_realm, database)
    visitor, other = Visitor(app, told_realm, identifiant), Visitor(app, told_realm, colleague)
    assert visitor.is_in

    end(told_realm, user_id)

    assert not visitor.is_in
    assert not visitor.may_write
    assert other.is_in
    assert other.may_write


@pytest.mark.parametrize("shut_out", [disabled, removed])
def test_who_is_shut_out_in_keycloak_writes_nothing_more_and_is_out(
    app: Flask, told_realm: AppliedRealm, database: Database, shut_out: Callable[[AppliedRealm, str], None]
) -> None:
    """Keycloak tells nobody that it closes an account: the portal asks before each act."""
    identifiant, user_id = a_person(told_realm, database)
    colleague, _ = a_person(told_realm, database)
    visitor, other = Visitor(app, told_realm, identifiant), Visitor(app, told_realm, colleague)
    assert visitor.may_write

    shut_out(told_realm, user_id)

    assert not visitor.may_write
    assert not visitor.is_in
    assert other.may_write


def test_a_password_chosen_elsewhere_ends_the_other_sessions(
    app: Flask, told_realm: AppliedRealm, database: Database
) -> None:
    """On the page that a forgotten password leads to as well; the browser where she chose it stays in."""
    identifiant, _ = a_person(told_realm, database)
    thief, owner = Visitor(app, told_realm, identifiant), Visitor(app, told_realm, identifiant)

    owner.choose_password("Une-autre-2026")
    profile = owner.portal.get("/profil", base_url=PORTAL_URL).text
    assert "Votre mot de passe est modifié" in profile

    assert not thief.is_in
    assert not thief.may_write
    assert owner.is_in
    assert owner.may_write


def test_two_tabs_that_log_in_at_once_both_come_in(
    app: Flask, told_realm: AppliedRealm, database: Database
) -> None:
    identifiant, _ = a_person(told_realm, database)

    visitor = Visitor(app, told_realm, identifiant, "/services", "/profil")

    assert visitor.arrived_at == ["/services", "/profil"]
    assert visitor.is_in
