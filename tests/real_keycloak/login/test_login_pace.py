"""Log-in and « mot de passe oublié » tell nobody which account exists: neither by words, nor by time."""

import html
import re
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any
from uuid import uuid4

import pytest
import requests

from idp_extension.server import RunningServer
from tests.builders.oidc_login import open_browser
from tests.builders.servers.applied_realm import MES_PRETS, AppliedRealm, apply_realm
from tests.real_keycloak.mailbox import Mailbox, open_mailbox

pytestmark = [pytest.mark.keycloak, pytest.mark.slow]

TRIES = 200
SMTP_SECONDS = 0.05
PASSWORD = "Mairie-2026"
FACTOR = 10  # wrong passwords, after which one waits
_FORM = re.compile(r'<form[^>]*\baction="([^"]+)"')
_RESET = re.compile(r'href="([^"]*login-actions/reset-credentials[^"]*)"')
_WORDS = re.compile(r"<(script|style).*?</\1>|<[^>]+>", re.DOTALL | re.IGNORECASE)


@pytest.fixture(scope="module")
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    with open_mailbox(SMTP_SECONDS) as opened:
        yield opened


@pytest.fixture(scope="module")
def mailing(keycloak_server: RunningServer, mailbox: tuple[Mailbox, int]) -> Iterator[AppliedRealm]:
    applied = apply_realm(keycloak_server, f"allure-{uuid4().hex[:6]}", smtp_port=mailbox[1])
    yield applied
    applied.close()


def a_person(realm: AppliedRealm, password: str = "") -> str:
    identifiant = f"cend{uuid4().hex[:10]}"
    email = f"{identifiant}@eus.example"
    user_id = realm.gateway.create_user(identifiant, email=email, prenom="Cendrine", nom="Martin")
    if password:
        realm.choose_password(user_id, password)
    return identifiant


def nobody(_realm: AppliedRealm) -> str:
    return f"pers{uuid4().hex[:10]}"


def login_page(realm: AppliedRealm, browser: requests.Session) -> str:
    request = {
        "response_type": "code",
        "client_id": MES_PRETS.client_id,
        "redirect_uri": MES_PRETS.redirect_uris[0],
        "scope": "openid",
        "code_challenge": "a" * 43,
        "code_challenge_method": "S256",
        "state": "s",
    }
    url = f"{realm.url}/realms/{realm.name}/protocol/openid-connect/auth"
    return browser.get(url, params=request, timeout=10).text


def form_of(page: str) -> str:
    found = _FORM.search(page)
    assert found, page
    return html.unescape(found.group(1))


Answer = tuple[float, int, str]
"""Seconds, status, the words of the page without the name that was typed."""


def typed(browser: requests.Session, action: str, name: str, **more: str) -> Answer:
    began = time.perf_counter()
    answer = browser.post(action, data={"username": name, **more}, timeout=20, allow_redirects=False)
    lasted = time.perf_counter() - began
    words = " ".join(_WORDS.sub(" ", answer.text).replace(name, "").split())
    return lasted, answer.status_code, words


def logs_in(realm: AppliedRealm, name: str, password: str = "False-2026") -> Answer:
    with open_browser() as browser:
        return typed(browser, form_of(login_page(realm, browser)), name, password=password)


def forgets(realm: AppliedRealm, name: str) -> Answer:
    with open_browser() as browser:
        link = _RESET.search(login_page(realm, browser))
        assert link
        page = browser.get(f"{realm.url}{html.unescape(link.group(1))}", timeout=10).text
        action = form_of(page)
        lasted, status, words = typed(browser, action, name)
        return lasted, status, words


def compared(
    realm: AppliedRealm, attempt: Callable[[AppliedRealm, str], Answer], known: list[str]
) -> tuple[float, float]:
    """Medians, in seconds, for people that there are and for names that nobody has; tried by turns."""
    for name in (known[0], nobody(realm)):
        attempt(realm, name)  # the first of each kind loads what the others find loaded
    times: tuple[list[float], list[float]] = ([], [])
    said = set()
    for number in range(TRIES):
        for kept, name in zip(times, (known[number % len(known)], nobody(realm)), strict=True):
            lasted, *answer = attempt(realm, name)
            kept.append(lasted)
            said.add(tuple(answer))
    assert len(said) == 1, said
    return median(times[0]), median(times[1])


def noise(there: float, nobody_there: float) -> float:
    return abs(there - nobody_there) / max(there, nobody_there)


@pytest.mark.attack(18)
def test_who_is_locked_out_is_refused_as_late_as_who_does_not_exist(mailing: AppliedRealm) -> None:
    name = a_person(mailing, PASSWORD)
    for _ in range(FACTOR):
        logs_in(mailing, name)

    there, nobody_there = compared(mailing, logs_in, [name])
    print(f"locked {there * 1000:.1f} ms, unknown {nobody_there * 1000:.1f} ms")

    assert noise(there, nobody_there) < 0.25


def test_who_has_no_password_yet_is_refused_as_late(mailing: AppliedRealm) -> None:
    there, nobody_there = compared(mailing, logs_in, [a_person(mailing) for _ in range(40)])
    print(f"no password {there * 1000:.1f} ms, unknown {nobody_there * 1000:.1f} ms")

    assert noise(there, nobody_there) < 0.25


def test_a_wrong_password_is_refused_as_late(mailing: AppliedRealm) -> None:
    there, nobody_there = compared(mailing, logs_in, [a_person(mailing, PASSWORD) for _ in range(40)])
    print(f"wrong {there * 1000:.1f} ms, unknown {nobody_there * 1000:.1f} ms")

    assert noise(there, nobody_there) < 0.25


@pytest.mark.attack(18)
def test_a_forgotten_password_is_answered_as_late(mailing: AppliedRealm) -> None:
    there, nobody_there = compared(mailing, forgets, [a_person(mailing) for _ in range(70)])
    print(f"reset {there * 1000:.1f} ms, unknown {nobody_there * 1000:.1f} ms")

    assert noise(there, nobody_there) < 0.25


@pytest.mark.attack(18)
def test_one_person_gets_three_mails_an_hour(mailing: AppliedRealm, mailbox: tuple[Mailbox, int]) -> None:
    name = a_person(mailing)

    answers = {forgets(mailing, name)[1:] for _ in range(25)}

    assert len(answers) == 1
    got: list[Any] = []
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and len(got) < 3:
        mail = mailbox[0].mails.get(timeout=20)
        if str(mail["To"]).startswith(name):
            got.append(mail)
    assert len(got) == 3
    time.sleep(4 * SMTP_SECONDS)
    rest = [mailbox[0].mails.get() for _ in range(mailbox[0].mails.qsize())]
    assert [mail for mail in rest if str(mail["To"]).startswith(name)] == []
