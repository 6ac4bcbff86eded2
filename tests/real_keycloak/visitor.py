"""Somebody who logs in: the browser's part of the authorisation code flow with PKCE, over plain HTTP."""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from tests.real_keycloak.plain_realm import SECRET, PlainRealm

PASSWORD = "Abcdefg1"


class LoginRefused(Exception):
    """Keycloak sent the visitor back with an error, or showed a page where none was expected."""


@dataclass(frozen=True)
class Tokens:
    """What the relying client got, with the claims of each, as every reader of a token sees them."""

    realm: PlainRealm
    client_id: str
    answer: dict[str, Any]

    @property
    def access(self) -> dict[str, Any]:
        return claims_of(self.answer["access_token"])

    @property
    def id(self) -> dict[str, Any]:
        return claims_of(self.answer["id_token"])

    @property
    def userinfo(self) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.answer['access_token']}"}
        answer = requests.get(
            f"{self.realm.url}/protocol/openid-connect/userinfo", headers=headers, timeout=20
        )
        assert answer.ok, answer.text
        return dict(answer.json())

    @property
    def introspection(self) -> dict[str, Any]:
        return self.introspected(self.answer["access_token"])

    def introspected(self, token: str) -> dict[str, Any]:
        hint = {"token_type_hint": "refresh_token"} if token == self.answer["refresh_token"] else {}
        answer = _as_client(self.realm, self.client_id, "token/introspect", token=token, **hint)
        assert answer["active"], answer
        return answer

    def refresh(self, **parameters: str) -> "Tokens":
        answer = _as_client(
            self.realm,
            self.client_id,
            "token",
            grant_type="refresh_token",
            refresh_token=self.answer["refresh_token"],
            **parameters,
        )
        return Tokens(self.realm, self.client_id, answer)


@dataclass(frozen=True)
class Code:
    """What comes back to the client: it is exchanged for tokens once."""

    realm: PlainRealm
    client_id: str
    value: str
    redirect: str
    verifier: str

    def exchange(self) -> Tokens:
        answer = _as_client(
            self.realm,
            self.client_id,
            "token",
            grant_type="authorization_code",
            code=self.value,
            redirect_uri=self.redirect,
            code_verifier=self.verifier,
        )
        return Tokens(self.realm, self.client_id, answer)


class Visitor:
    """One browser: its cookies are the single sign-on session."""

    def __init__(self, realm: PlainRealm, username: str, password: str) -> None:
        self.realm, self.username, self.password = realm, username, password
        self.browser = requests.Session()

    def open(self, client_id: str, scope: str = "openid", choose: str = "", **parameters: str) -> Tokens:
        """Go to a client, log in if asked, choose a structure if told to, and give the tokens it gets."""
        return self.code(client_id, scope, choose, **parameters).exchange()

    def code(self, client_id: str, scope: str = "openid", choose: str = "", **parameters: str) -> Code:
        """The same, up to where the browser comes back to the client."""
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        redirect = f"http://127.0.0.1/{client_id}"
        query = {
            "client_id": client_id,
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": scope,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        page = self._fetch("GET", f"{self.realm.url}/protocol/openid-connect/auth", params=query | parameters)
        if 'name="password"' in page.text:
            page = self._send(page, username=self.username, password=self.password)
        if choose:
            page = self._send(page, structure=choose)
        back = parse_qs(urlsplit(page.headers.get("Location", "")).query)
        if "code" not in back:
            raise LoginRefused(*back.get("error", [heading(page.text), page.text]))
        return Code(self.realm, client_id, back["code"][0], redirect, verifier)

    def _send(self, page: requests.Response, **fields: str) -> requests.Response:
        form = re.findall(r'<form[^>]* action="([^"]+)"', page.text)
        assert form, page.text
        return self._fetch("POST", unescape(form[-1]), data=fields)

    def _fetch(self, method: str, url: str, **arguments: Any) -> requests.Response:
        page = self.browser.request(method, url, allow_redirects=False, timeout=20, **arguments)
        for cookie in self.browser.cookies:
            cookie.secure = False  # a browser sends Secure cookies to loopback over HTTP, `requests` does not
        return page


Person = Callable[..., tuple[str, Visitor]]
"""Makes somebody who belongs to the groups told: her id, and herself at her browser."""


def _as_client(realm: PlainRealm, client_id: str, endpoint: str, **data: str) -> dict[str, Any]:
    answer = requests.post(
        f"{realm.url}/protocol/openid-connect/{endpoint}", data=data, auth=(client_id, SECRET), timeout=20
    )
    assert answer.ok, answer.text
    return dict(answer.json())


def heading(page: str) -> str:
    """What a page of Keycloak is about."""
    found = re.search("<h1>(.*?)</h1>", page, re.DOTALL)
    return unescape(found.group(1)).strip() if found else page


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
