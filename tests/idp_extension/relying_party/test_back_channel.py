"""Logout tokens: which are believed, which are not, and what ends at a service when one comes."""

import secrets
import time
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from idp_extension.relying_party.back_channel import EVENT, LONGEST_LIFE_SECONDS, Ended, LogoutTokens
from idp_extension.relying_party.client import OpenIDClient
from idp_extension.relying_party.guard import StructureGuard
from idp_extension.relying_party.issuer import Issuer, IssuerUnavailable, TokenRefused
from idp_extension.relying_party.memory_store import MemoryStore
from tests.builders.issuer import Person, Provider
from tests.idp_extension.relying_party.conftest import SERVICE, SERVICE_URL

SID = "s" * 24  # as Keycloak makes them: no UUID


def logout_token(provider: Provider, typ: str = "logout+jwt", **claims: Any) -> str:
    """As Keycloak sends it; a claim given as None is left out."""
    usual: dict[str, Any] = {
        "aud": SERVICE,
        "azp": None,
        "acr": None,
        "name": None,
        "preferred_username": None,
        "jti": secrets.token_hex(16),
        "sid": SID,
        "events": {EVENT: {}},
    }
    return provider.sign({**usual, **claims}, typ)


@pytest.fixture
def tokens(issuer: Issuer) -> LogoutTokens:
    seen = MemoryStore[bool](LONGEST_LIFE_SECONDS)
    return LogoutTokens(issuer, SERVICE, lambda jti: seen.is_new(jti, True))


def test_a_token_names_a_session_a_person_or_both(provider: Provider, tokens: LogoutTokens) -> None:
    assert tokens.read(logout_token(provider)) == Ended(SID, "sub-cend589")
    assert tokens.read(logout_token(provider, sid=None)) == Ended(None, "sub-cend589")
    assert tokens.read(logout_token(provider, sub=None)) == Ended(SID, None)


@pytest.mark.parametrize(
    "fault",
    [
        {"typ": "JWT"},
        {"typ": "at+jwt"},
        {"typ": ""},
        {"iss": "https://evil.example/realms/bdt"},
        {"aud": "portail"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"iat": 4_000_000_000},
        pytest.param({"exp": int(time.time()) + LONGEST_LIFE_SECONDS * 30}, id="exp far ahead"),
        {"jti": None},
        {"jti": 5},
        {"jti": ""},
        {"events": None},
        {"events": {}},
        {"events": []},
        {"events": EVENT},
        {"events": {EVENT: "yes"}},
        {"events": {"http://schemas.openid.net/event/other": {}}},
        {"nonce": "n"},
        {"nonce": ""},
        {"sid": None, "sub": None},
        {"sid": ["a"]},
        {"sid": ""},
        {"sub": {"x": 1}},
        {"sid": "s" * 256},
    ],
    ids=str,
)
def test_a_token_with_a_fault_is_refused(
    provider: Provider, tokens: LogoutTokens, fault: dict[str, Any]
) -> None:
    with pytest.raises(TokenRefused):
        tokens.read(logout_token(provider, **fault))
    assert tokens.read(logout_token(provider))


@pytest.mark.parametrize("signature", ["none", "hs256", "foreign"])
def test_a_token_that_keycloak_did_not_sign_is_refused(
    provider: Provider, tokens: LogoutTokens, signature: str
) -> None:
    provider.faults["signature"] = signature
    with pytest.raises(TokenRefused):
        tokens.read(logout_token(provider))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "a" * 9000, "....", "\u0000"])
def test_what_is_no_token_is_refused(tokens: LogoutTokens, token: str) -> None:
    with pytest.raises(TokenRefused):
        tokens.read(token)


def test_a_token_serves_once(provider: Provider, tokens: LogoutTokens) -> None:
    token = logout_token(provider)
    tokens.read(token)
    with pytest.raises(TokenRefused, match="jti"):
        tokens.read(token)


def test_keys_that_turned_are_fetched_again(provider: Provider, tokens: LogoutTokens) -> None:
    tokens.read(logout_token(provider))
    provider.rotate()
    assert tokens.read(logout_token(provider))


@pytest.fixture
def app(client: OpenIDClient) -> Flask:
    app = Flask(__name__)
    guard = StructureGuard(
        app, client, secret="secret", session_cookie="__Host-s", home="/", public_url=SERVICE_URL
    )
    app.add_url_rule("/", "home", lambda: str(guard.visit() is not None))
    app.register_error_handler(IssuerUnavailable, lambda _error: ("down", 503))
    return app


class Visitor:
    """A browser that is logged in to the service, in a session of its own at the provider."""

    def __init__(self, provider: Provider, app: Flask, sid: str, person: str = "cend589") -> None:
        self.client = app.test_client()
        provider.person = Person(f"sub-{person}", person)
        provider.faults["id_claims"] = {"sid": sid}
        leaving = self.client.get("/connexion", base_url=SERVICE_URL)
        self.client.get(provider.consent(leaving.location), base_url=SERVICE_URL)
        provider.faults.clear()
        provider.person = Person("sub-cend589", "cend589")

    @property
    def is_in(self) -> bool:
        return self.client.get("/", base_url=SERVICE_URL).text == "True"


def tell(app: Flask, token: str) -> TestResponse:
    return app.test_client().post("/deconnexion/keycloak", data={"logout_token": token}, base_url=SERVICE_URL)


def test_the_session_that_ended_ends_here_and_no_other(provider: Provider, app: Flask) -> None:
    office, home, colleague = (
        Visitor(provider, app, "office"),
        Visitor(provider, app, "home"),
        Visitor(provider, app, "paul", "paul123"),
    )

    answer = tell(app, logout_token(provider, sid="office"))

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert [office.is_in, home.is_in, colleague.is_in] == [False, True, True]


def test_without_a_session_all_those_of_the_person_end(provider: Provider, app: Flask) -> None:
    office, home, colleague = (
        Visitor(provider, app, "office"),
        Visitor(provider, app, "home"),
        Visitor(provider, app, "paul", "paul123"),
    )

    assert tell(app, logout_token(provider, sid=None)).status_code == 200

    assert [office.is_in, home.is_in, colleague.is_in] == [False, False, True]


@pytest.mark.parametrize("body", [{}, {"logout_token": "x"}, {"logout_token": ["x", "y"]}])
def test_a_stranger_ends_nothing(provider: Provider, app: Flask, body: dict[str, Any]) -> None:
    visitor = Visitor(provider, app, SID)

    answer = app.test_client().post("/deconnexion/keycloak", data=body, base_url=SERVICE_URL)

    assert (answer.status_code, answer.headers["Cache-Control"]) == (400, "no-store")
    assert app.test_client().get("/deconnexion/keycloak", base_url=SERVICE_URL).status_code == 405
    assert visitor.is_in


def test_an_id_token_ends_nothing(provider: Provider, app: Flask) -> None:
    visitor = Visitor(provider, app, SID)
    id_token = provider.sign({"aud": SERVICE, "azp": SERVICE, "sid": SID, "nonce": "n"})

    assert tell(app, id_token).status_code == 400
    assert visitor.is_in
