"""A person at her browser, over plain HTTP: opens a service, types her password, comes back with tokens."""

import base64
import hashlib
import html
import re
import secrets
from contextlib import nullcontext
from http.cookiejar import Cookie
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.cookies import RequestsCookieJar

from idp_extension.relying_party.client_key import ClientKey

TIMEOUT_SECONDS = 10
_FORM = re.compile(r'<form[^>]*\baction="([^"]+)"', re.IGNORECASE)
_MESSAGE = re.compile(r'id="input-error[^"]*"[^>]*>(.*?)</', re.DOTALL)


class LoginFailed(Exception):
    """No code came back. `reason` is Keycloak's error code, or the sentence it shows on the page."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _LoopbackCookies(RequestsCookieJar):
    """Secure cookies, as Keycloak sets them, go to loopback over HTTP in browsers, but not in `requests`."""

    def set_cookie(self, cookie: Cookie, *args: Any, **kwargs: Any) -> Any:
        cookie.secure = False
        return super().set_cookie(cookie, *args, **kwargs)


def open_browser() -> requests.Session:
    """A browser without cookies. Give it to several `log_in` calls for single sign-on; close it after use."""
    browser = requests.Session()
    browser.cookies = _LoopbackCookies()
    return browser


def log_in(
    *,
    base_url: str,
    realm: str,
    client_id: str,
    client_secret: ClientKey | str,
    redirect_uri: str,
    username: str,
    password: str,
    structure: str | None = None,
    scope: str = "openid profile email",
    browser: requests.Session | None = None,
    **parameters: str,
) -> dict[str, Any]:
    """Logs in by authorisation code and PKCE; returns the token endpoint's answer (`id_token`, ...).

    `structure` is the SIREN asked for, `parameters` go with the authorisation request (`prompt="none"`).

    Raises:
        LoginFailed: no code came back.
    """
    endpoint = _endpoint(base_url, realm)
    verifier = secrets.token_urlsafe(48)
    request = parameters | {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        **_proofs(verifier),
    }
    if structure is not None:
        request["structure"] = structure
    with nullcontext(browser) if browser is not None else open_browser() as own:
        answer = authorise(own, f"{endpoint}/auth", request, username, password)
        if answer.get("state") != request["state"]:
            raise LoginFailed("the state came back changed")
        exchange = _exchange(answer["code"], redirect_uri, verifier)
        return _tokens(own, f"{endpoint}/token", exchange, client_id, client_secret)


def _exchange(code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }


def _endpoint(base_url: str, realm: str) -> str:
    return f"{base_url.rstrip('/')}/realms/{realm}/protocol/openid-connect"


def _proofs(verifier: str) -> dict[str, str]:
    """What ties the answer to this request: state, nonce, PKCE."""
    return {
        "state": secrets.token_urlsafe(16),
        "nonce": secrets.token_urlsafe(16),
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
    }


def refresh(
    base_url: str, realm: str, client_id: str, client_secret: ClientKey | str, refresh_token: str
) -> dict[str, Any]:
    """New tokens for a refresh token.

    Raises:
        LoginFailed: with "invalid_grant", once the session was ended.
    """
    endpoint = f"{_endpoint(base_url, realm)}/token"
    exchange = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    with open_browser() as browser:
        return _tokens(browser, endpoint, exchange, client_id, client_secret)


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def authorise(
    browser: requests.Session, url: str, request: dict[str, str], username: str, password: str
) -> dict[str, str]:
    """The parameters with which Keycloak sends the browser back."""
    page = browser.get(url, params=request, allow_redirects=False, timeout=TIMEOUT_SECONDS)
    if not page.is_redirect:
        form = _FORM.search(page.text)
        if form is None:
            raise LoginFailed(f"no login form, status {page.status_code}")
        page = browser.post(
            html.unescape(form.group(1)),
            data={"username": username, "password": password, "credentialId": ""},
            allow_redirects=False,
            timeout=TIMEOUT_SECONDS,
        )
    if not page.is_redirect:
        message = _MESSAGE.search(page.text)
        raise LoginFailed(
            html.unescape(message.group(1)).strip() if message else f"status {page.status_code}"
        )
    location = page.headers["Location"]
    answer = dict(parse_qsl(urlsplit(location).query))
    if "code" not in answer:
        raise LoginFailed(answer.get("error", f"sent to {location}"))
    if not location.startswith(request["redirect_uri"]):
        raise LoginFailed(f"sent to {location}")
    return answer


def _tokens(
    browser: requests.Session,
    url: str,
    exchange: dict[str, str],
    client_id: str,
    client_secret: ClientKey | str,
) -> dict[str, Any]:
    if isinstance(client_secret, ClientKey):
        issuer = url.removesuffix("/protocol/openid-connect/token")
        exchange = exchange | {"client_id": client_id} | client_secret.proof(issuer)
    auth = None if isinstance(client_secret, ClientKey) else (client_id, client_secret)
    response = browser.post(url, data=exchange, auth=auth, timeout=TIMEOUT_SECONDS)
    answer: dict[str, Any] = response.json()
    if response.status_code != requests.codes.ok:
        raise LoginFailed(str(answer.get("error", response.status_code)))
    return answer
