"""A portal to walk through: the real application on a copy of a small world, and browsers logged in to it."""

import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from idp_extension.relying_party.client_key import write_new_key
from onboarding_api.acts.act import Office
from onboarding_api.delivery.ledger import Ledger
from onboarding_api.delivery.queue import Place
from onboarding_api.delivery.targets.registration import Registration
from onboarding_api.model.base import Database
from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.ledger.delivery import DeliveryClass, Target
from onboarding_api.settings import Settings, settings_from
from onboarding_api.web.application import build_application
from onboarding_api.web.session import COOKIE
from tests.builders.issuer import Person as Keyboard
from tests.builders.issuer import Provider
from tests.onboarding_api.web.page import text_of
from tests.onboarding_api.web.world import KEYS, NOON, PEOPLE

HOST = "portail.example"
PUBLIC_URL = f"https://{HOST}"

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Clock:
    """The moment of the house; tests move it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Portal:
    """The application over `database_path`, its clock and its OpenID provider."""

    app: Flask
    office: Office
    settings: Settings
    clock: Clock
    provider: Provider
    database_path: Path
    cookies: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, dict[str, str]] = field(default_factory=dict)
    """Those of the provider that stand behind these cookies."""

    def log_everybody_in(self, world: Path) -> None:
        """Once, by the real way; the sessions become part of the world, so that tests need not wait."""
        for identifiant in PEOPLE:
            browser = Browser(self)
            assert browser.log_in(identifiant).status_code == 302
            cookie = browser.client.get_cookie(COOKIE, domain=HOST)
            assert cookie
            self.cookies[identifiant] = cookie.value
        self.sessions = dict(self.provider.sessions)
        self.office.database.engine.dispose()
        shutil.copy(self.database_path, world)

    def reset(self, world: Path) -> None:
        """Back to the world as it was built, at noon, with an honest provider."""
        self.office.database.engine.dispose()
        for side in ("-wal", "-shm"):
            Path(f"{self.database_path}{side}").unlink(missing_ok=True)
        shutil.copy(world, self.database_path)
        self.clock.now = NOON
        self.provider.faults.clear()
        self.provider.sessions = dict(self.sessions)
        limits = self.app.extensions["limits"]
        limits.memory.reset()
        self.app.extensions["keycloak_session"]._silent_until = 0.0

    def register_those_who_asked(self) -> None:
        """What the worker does with the registrations that were taken down."""
        ledger = Ledger(self.office.database, self.office.clock)
        place = Place(Target.TIMERS, DeliveryClass.COURTESY)
        while leases := ledger.lease(place):
            for lease in leases:
                Registration(self.office)(ledger, lease)

    def state_of(self, habilitation_id: str) -> str:
        with self.office.database.reading() as db:
            return db.get_one(Habilitation, habilitation_id).state

    @contextmanager
    def busy_database(self) -> Iterator[None]:
        """Another process holds the write lock; nobody here waits five seconds for it."""
        engine = self.office.database.engine
        engine.dispose()
        event.listen(engine, "connect", _hurry)
        with closing(sqlite3.connect(self.database_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        event.remove(engine, "connect", _hurry)
        engine.dispose()

    def browser(self, identifiant: str | None = None, address: str = "127.0.0.1") -> "Browser":
        """A new browser, logged in when an identifiant is given."""
        browser = Browser(self, address)
        if identifiant:
            browser.client.set_cookie(COOKIE, self.cookies[identifiant], domain=HOST, secure=True)
        return browser


class Browser:
    """Cookies, and forms sent with the token of a page; `address` is where it calls from."""

    def __init__(self, portal: Portal, address: str = "127.0.0.1") -> None:
        self.portal = portal
        self.address = address
        self.client: FlaskClient = portal.app.test_client()

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, base_url=PUBLIC_URL, **self._from_here(), **more)

    def read(self, path: str) -> str:
        """The page as a person reads it, after the redirects within the portal."""
        answer = self.get(path, follow_redirects=True)
        assert answer.status_code == 200
        return text_of(answer.text)

    def log_in(self, identifiant: str, suite: str | None = None) -> TestResponse:
        """Leave for the provider and come back with its answer."""
        self.portal.provider.person = Keyboard(f"sub-{identifiant}", identifiant)
        leaving = self.get("/connexion", query_string={"suite": suite} if suite else None)
        return self.get(self.portal.provider.consent(leaving.location))

    def token(self) -> str:
        """The token of this browser's forms."""
        found = _TOKEN.search(self.get("/inscription").text)
        assert found
        return found.group(1)

    def post(self, path: str, form: Mapping[str, Any] | None = None, **more: Any) -> TestResponse:
        return self.raw_post(path, {"csrf_token": self.token(), **(form or {})}, **more)

    def raw_post(self, path: str, form: Mapping[str, Any], **more: Any) -> TestResponse:
        headers = {"Origin": PUBLIC_URL, **more.pop("headers", {})}
        more |= self._from_here()
        return self.client.post(path, data=form, base_url=PUBLIC_URL, headers=headers, **more)

    def _from_here(self) -> dict[str, Any]:
        return {"environ_overrides": {"REMOTE_ADDR": self.address}}


def build_portal(
    database_path: Path, provider: Provider, public_url: str = PUBLIC_URL, **more: str
) -> Portal:
    """The application, with a clock that tests move."""
    key = database_path.with_suffix(".pem")
    key.unlink(missing_ok=True)
    write_new_key(key, key.with_suffix(".public.pem"))
    settings = settings_from(
        {
            "BDT_ENVIRONMENT": "test",
            "BDT_DATABASE_URL": f"sqlite:///{database_path}",
            "BDT_PUBLIC_URL": public_url,
            "BDT_SECRET_KEY": "0123456789abcdef0123456789abcdef",
            "BDT_KEYCLOAK_URL": provider.base_url,
            "BDT_PORTAL_KEY": str(key),
            "BDT_CODE_KEYS": f"k1:{'00' * 32}",
            "BDT_SMTP_HOST": "127.0.0.1",
            "BDT_SMTP_PORT": "25",
            "BDT_SMTP_FROM": "portail@example.fr",
            "BDT_SPOOL_DIRECTORY": str(database_path.parent),
            "BDT_CONTACT_EMAIL": "contact@example.fr",
            "BDT_CONTACT_PHONE": "09 70 00 00 00",
            "BDT_ESPACE_URL_MES_PRETS": "https://prets.example",
            "BDT_ESPACE_URL_DATAVIZ_COEUR_DE_VILLE": "https://dataviz.example",
            **more,
        }
    )
    clock = Clock()
    office = Office(Database(settings.database_url), clock, KEYS)
    app = build_application(settings, office)
    return Portal(app, office, settings, clock, provider, database_path)


def _hurry(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA busy_timeout = 20")
