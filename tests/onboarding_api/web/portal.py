"""A portal to walk through: the real application on a copy of a small world, and browsers logged in to it."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from onboarding_api.model.activation_code import CodeKeys, fingerprint, new_code
from onboarding_api.model.administration import Administration, Origin
from onboarding_api.model.base import Database
from onboarding_api.model.claim import Claim
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.letter import Letter, LetterState
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Civilite, Person
from onboarding_api.model.structure import Structure, StructureKind, StructureTerm
from onboarding_api.model.validity import expires_at
from onboarding_api.settings import Settings, settings_from
from onboarding_api.usecases.act import Office
from onboarding_api.web.application import build_application
from onboarding_api.web.session import COOKIE
from tests.onboarding_api.web.provider import Person as Keyboard
from tests.onboarding_api.web.provider import Provider

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOST = "portail.example"
PUBLIC_URL = f"https://{HOST}"
PEOPLE = ("cend589", "paul123", "odil456", "jean789")
EUS, ESTAVAR = "216600742", "216600726"
PENDING = "11111111-1111-4111-8111-111111111111"
GRANTED = "22222222-2222-4222-8222-222222222222"
DEACTIVATED = "33333333-3333-4333-8333-333333333333"
REFERENCE = "BDT-7K2M-9QXA"
KEYS = CodeKeys("k1", {"k1": b"k" * 32})
CODE = new_code()

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

    def log_everybody_in(self, world: Path) -> None:
        """Once, by the real way; the sessions become part of the world, so that tests need not wait."""
        for identifiant in PEOPLE:
            browser = Browser(self)
            assert browser.log_in(identifiant).status_code == 302
            cookie = browser.client.get_cookie(COOKIE, domain=HOST)
            assert cookie
            self.cookies[identifiant] = cookie.value
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

    def browser(self, identifiant: str | None = None) -> "Browser":
        """A new browser, logged in when an identifiant is given."""
        browser = Browser(self)
        if identifiant:
            browser.client.set_cookie(COOKIE, self.cookies[identifiant], domain=HOST, secure=True)
        return browser


class Browser:
    """Cookies, and forms sent with the token of a page."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.client: FlaskClient = portal.app.test_client()

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, base_url=PUBLIC_URL, **more)

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
        return self.client.post(path, data=form, base_url=PUBLIC_URL, headers=headers, **more)


def build_portal(database_path: Path, provider: Provider, public_url: str = PUBLIC_URL) -> Portal:
    """The application, with a clock that tests move."""
    settings = settings_from(
        {
            "BDT_ENVIRONMENT": "test",
            "BDT_DATABASE_URL": f"sqlite:///{database_path}",
            "BDT_PUBLIC_URL": public_url,
            "BDT_SECRET_KEY": "0123456789abcdef0123456789abcdef",
            "BDT_KEYCLOAK_URL": provider.base_url,
            "BDT_PORTAL_CLIENT_SECRET": "portal-secret",
            "BDT_SYNC_CLIENT_SECRET": "sync-secret",
            "BDT_CODE_KEYS": f"k1:{'00' * 32}",
            "BDT_SMTP_HOST": "127.0.0.1",
            "BDT_SMTP_PORT": "25",
            "BDT_SMTP_FROM": "portail@example.fr",
            "BDT_SPOOL_DIRECTORY": str(database_path.parent),
            "BDT_CONTACT_EMAIL": "contact@example.fr",
            "BDT_CONTACT_PHONE": "09 70 00 00 00",
            "BDT_ESPACE_URL_MES_PRETS": "https://prets.example",
        }
    )
    clock = Clock()
    office = Office(Database(settings.database_url), clock, KEYS)
    app = build_application(settings, office)
    return Portal(app, office, settings, clock, provider, database_path)


def build_world(database: Database) -> None:
    """Eus: Cendrine administers, Paul has one request of each kind. Estavar: Odile waits for the letter.

    Jean is registered and attached to nothing.
    """
    eus = _structure(EUS, "Eus", "66074", "66500")
    estavar = _structure(ESTAVAR, "Estavar", "66072", "66800")
    cendrine = _person("cend589", Civilite.MADAME, "Cendrine", "Martin")
    paul = _person("paul123", Civilite.MONSIEUR, "Paul", "Durand")
    odile = _person("odil456", Civilite.MADAME, "Odile", "Testa")
    jean = _person("jean789", Civilite.MONSIEUR, "Jean", "Testo")
    stay = _stay(cendrine, eus, fonction="secretaire-general", telephone="+33468960627")
    pauls = _stay(paul, eus, fonction="agent-comptable")
    odiles = _stay(odile, estavar, fonction="maire")
    claim = Claim(
        id="44444444-4444-4444-8444-444444444444",
        reference=REFERENCE,
        membership=odiles,
        siren=ESTAVAR,
        claimed_at=NOON - timedelta(days=3),
    )
    issued = NOON - timedelta(days=2)
    printed = fingerprint(CODE, claim.id, KEYS)
    letter = Letter(
        claim=claim,
        state=LetterState.SPOOLED,
        asked_at=claim.claimed_at,
        issued_at=issued,
        state_at=issued,
        expires_at=expires_at(issued, "Europe/Paris"),
        code_key_id=printed.key_id,
        code_fingerprint=printed.hex_digest,
    )
    with database.writing() as session:
        session.add_all([jean, letter, Administration(membership=stay, origin=Origin.LETTER, since=issued)])
        session.add_all(
            StructureTerm(term=term, siren=siren)
            for siren, terms in ((EUS, ("eus", "commune", "66500")), (ESTAVAR, ("estavar", "66800")))
            for term in terms
        )
        session.flush()
        state = HabilitationState
        for key, membership, service, its_state in (
            (None, stay, "mes-prets:demande", state.GRANTED),
            (PENDING, pauls, "mes-prets:suivi", state.PENDING),
            (GRANTED, pauls, "dataviz-coeur-de-ville:acces", state.GRANTED),
            (DEACTIVATED, pauls, "mes-prets:encours", state.DEACTIVATED),
            (None, odiles, "mes-prets:demande", state.AWAITING_LETTER),
        ):
            session.add(
                Habilitation(
                    **({"id": key} if key else {}),
                    membership=membership,
                    service=service,
                    state=its_state,
                    claim_id=claim.id if membership is odiles else None,
                    requested_at=NOON - timedelta(days=4),
                    changed_at=NOON - timedelta(days=1),
                )
            )


def _person(identifiant: str, civilite: Civilite, prenom: str, nom: str) -> Person:
    email = f"{prenom}.{nom}@example.fr".lower()
    return Person(
        identifiant=identifiant, civilite=civilite, prenom=prenom, nom=nom, email=email, registered_at=NOON
    )


def _structure(siren: str, bare_name: str, insee: str, postcode: str) -> Structure:
    return Structure(
        siren=siren,
        kind=StructureKind.COMMUNE,
        name=f"Commune d'{bare_name}",
        bare_name=bare_name,
        insee=insee,
        departement="66",
        departement_name="Pyrénées-Orientales",
        postcodes=[postcode],
        code_tiers=insee,
        name_key=f"commune d {bare_name}".lower().replace(" ", ""),
        bare_name_key=bare_name.lower(),
    )


def _stay(person: Person, structure: Structure, **profile: str) -> Membership:
    return Membership(person=person, structure=structure, attached_at=NOON - timedelta(days=9), **profile)
