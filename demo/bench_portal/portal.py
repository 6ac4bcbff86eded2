"""The portal over a filled database, and a browser for each visitor, logged in without Keycloak."""

import hashlib
import secrets
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import delete
from werkzeug.test import Client, TestResponse

from demo.bench_portal.visitors import Kind, Visitor, heaviest
from demo.country.chronicle import MOMENT
from idp_extension.relying_party.client import OpenIDClient, Tokens
from idp_extension.relying_party.client_key import write_new_key
from idp_extension.relying_party.issuer import Issuer
from onboarding_api.acts.act import Office
from onboarding_api.limits.bounds import BOUNDS
from onboarding_api.model.base import Database
from onboarding_api.model.web_session import WebSession
from onboarding_api.settings import settings_from
from onboarding_api.web.api.bearer import AUDIENCE
from onboarding_api.web.application import CLIENT_ID, build_application
from onboarding_api.web.keycloak_session import EXTENSION as KEYCLOAK_SESSIONS
from onboarding_api.web.keycloak_session import KeycloakSessions
from onboarding_api.web.parts import EXTENSION, Parts
from onboarding_api.web.session import COOKIE

URL = "https://portail.example"
KEYCLOAK = "https://connexion.example"
ISSUER = f"{KEYCLOAK}/realms/bdt"
_ENDLESS = "1000000000/second"


class _OwnIssuer(Issuer):
    """Keycloak's documents without Keycloak: what it costs to wait for it is another bench's matter."""

    def __init__(self, key: RSAKey) -> None:
        super().__init__(ISSUER)
        self._documents: Mapping[str, dict[str, Any]] = {
            f"{ISSUER}/.well-known/openid-configuration": {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/auth",
                "token_endpoint": f"{ISSUER}/token",
                "end_session_endpoint": f"{ISSUER}/logout",
                "jwks_uri": f"{ISSUER}/certs",
            },
            f"{ISSUER}/certs": {"keys": [key.as_dict(private=False)]},
        }

    def _get(self, address: str) -> dict[str, Any]:
        return self._documents[address]


class PortalUnderLoad:
    """The application at the moment of the data set; `close()` takes its sessions away again.

    Args:
        database: filled by `bdt sample country`.
        url: of the database.
    """

    def __init__(self, database: Database, url: str) -> None:
        self.database = database
        self._key = RSAKey.generate_key(2048, {"kid": "bench", "use": "sig"})
        with tempfile.TemporaryDirectory(prefix="bdt-bench-") as directory:
            key = Path(directory) / "portail.pem"
            write_new_key(key, key.with_suffix(".pub"))
            settings = settings_from(_environment(url) | {"BDT_PORTAL_KEY": str(key)})
            office = Office(database, lambda: MOMENT, settings.code_keys)
            self.app = build_application(settings, office)
        parts: Parts = self.app.extensions[EXTENSION]
        client = OpenIDClient(_OwnIssuer(self._key), CLIENT_ID, "secret", f"{URL}/connexion/retour")
        self.app.extensions[EXTENSION] = replace(parts, identity=client)
        with database.reading() as session:
            self.visitors = heaviest(session)
        self._keycloak: KeycloakSessions = self.app.extensions[KEYCLOAK_SESSIONS]
        self._digests: list[str] = []
        self.browsers = {visitor.kind: self._browser(visitor) for visitor in self.visitors.values()}

    def get(self, visitor: Visitor, address: str) -> TestResponse:
        """One request of a visitor: of a browser, or with her token where it is the API's."""
        headers = {"Authorization": f"Bearer {self._token(visitor)}"} if "/api/" in address else {}
        if visitor.kind == Kind.ANONYMOUS:
            headers = {}
        return self.browsers[visitor.kind].get(address, base_url=URL, headers=headers, buffered=True)

    def close(self) -> None:
        """Leave the database as it was."""
        with self.database.writing() as session:
            session.execute(delete(WebSession).where(WebSession.token_digest.in_(self._digests)))

    def _browser(self, visitor: Visitor) -> Client:
        browser = self.app.test_client()
        if visitor.kind == Kind.ANONYMOUS:
            return browser
        cookie = secrets.token_urlsafe(32)
        digest = hashlib.sha256(cookie.encode()).hexdigest()
        self._digests.append(digest)
        values = {
            "person_id": visitor.person_id,
            "sub": visitor.sub,
            "identifiant": visitor.identifiant,
            "siren": visitor.siren,
            "acr": 1,
            "csrf_token": secrets.token_hex(20),
            **self._keycloak.keep(Tokens("an ID token", {}, {}, "a refresh token")),
        }
        with self.database.writing() as session:
            session.add(
                WebSession(
                    token_digest=digest,
                    person_id=visitor.person_id,
                    values=values,
                    created_at=MOMENT,
                    seen_at=MOMENT,
                )
            )
        browser.set_cookie(COOKIE, cookie, domain=URL.removeprefix("https://"), secure=True)
        return browser

    def _token(self, visitor: Visitor) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": [AUDIENCE],
            "sub": visitor.sub,
            "preferred_username": visitor.identifiant,
            "azp": "bench",
            "scope": AUDIENCE,
            "iat": now,
            "exp": now + 300,
        }
        return jwt.encode({"alg": "RS256", "kid": "bench", "typ": "at+jwt"}, claims, self._key)


def _environment(url: str) -> dict[str, str]:
    endless = [
        f"{bound.name}.{per}={_ENDLESS}"
        for bound in BOUNDS.values()
        if not bound.is_shared
        for per in bound.items
    ]
    return {
        "BDT_ENVIRONMENT": "test",
        "BDT_DATABASE_URL": url,
        "BDT_PUBLIC_URL": URL,
        "BDT_SECRET_KEY": secrets.token_hex(32),
        "BDT_KEYCLOAK_URL": KEYCLOAK,
        "BDT_CODE_KEYS": f"bench:{secrets.token_hex(32)}",
        "BDT_SMTP_HOST": "127.0.0.1",
        "BDT_SMTP_PORT": "25",
        "BDT_SMTP_FROM": "portail@portail.example",
        "BDT_SPOOL_DIRECTORY": "spool",
        "BDT_CONTACT_EMAIL": "aide@portail.example",
        "BDT_CONTACT_PHONE": "09 70 00 00 00",
        "BDT_ESPACE_URL_MES_PRETS": "https://prets.example",
        "BDT_LIMITS": ",".join(endless),
    }
