"""Log-ins under way in cookies: sealed, bounded in number and in time, one a tab."""

import json
from typing import Any

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from idp_extension.relying_party.attempts import ATTEMPT_SECONDS, MOST_ATTEMPTS, AttemptCookies
from idp_extension.relying_party.client import Attempt
from idp_extension.relying_party.seal import Seal

SECRET = "secret"
PREFIX = "__Host-service"


class Seconds:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def kept(seconds: Seconds) -> AttemptCookies:
    return AttemptCookies(Seal(SECRET, "attempts"), PREFIX, seconds)


class Browser:
    """Cookies as a browser keeps them."""

    def __init__(self, kept: AttemptCookies) -> None:
        self._kept = kept
        self.client = Client(self._app)
        self.begun: list[str] = []

    def _app(self, environ: Any, start: Any) -> Any:
        request, response = Request(dict(environ)), Response()
        attempt = Attempt(state=request.args["state"], nonce="n" * 32, code_verifier="v" * 64)
        self._kept.keep(response, request.cookies, attempt, {"suite": "/services"})
        return response(environ, start)

    def begin(self, state: str) -> None:
        self.client.get(f"/?state={state}", base_url="https://service.example")

    @property
    def cookies(self) -> dict[str, str]:
        jar = self.client._cookies or {}
        return {cookie.key: cookie.value for cookie in jar.values()}


def test_an_attempt_comes_back_with_what_was_remembered(kept: AttemptCookies) -> None:
    browser = Browser(kept)
    browser.begin("one")
    browser.begin("two")

    begun = kept.find(browser.cookies, "one")
    assert begun
    assert (begun.attempt.state, begun.attempt.code_verifier) == ("one", "v" * 64)
    assert begun.remembered == {"suite": "/services"}
    assert kept.find(browser.cookies, "three") is None
    assert kept.find({}, "one") is None


def test_only_so_many_tabs_are_kept_and_the_oldest_goes(kept: AttemptCookies, seconds: Seconds) -> None:
    browser = Browser(kept)
    for number in range(MOST_ATTEMPTS + 3):
        browser.begin(str(number))
        seconds.now += 1

    assert len(browser.cookies) == MOST_ATTEMPTS
    found = [number for number in range(MOST_ATTEMPTS + 3) if kept.find(browser.cookies, str(number))]
    assert found == [3, 4, 5, 6, 7]
    assert sum(len(name) + len(value) for name, value in browser.cookies.items()) < 4096


@pytest.mark.parametrize(
    ("after", "is_there"), [(0, True), (ATTEMPT_SECONDS, True), (ATTEMPT_SECONDS + 1, False)]
)
def test_an_attempt_is_over_when_the_page_of_keycloak_is(
    kept: AttemptCookies, seconds: Seconds, after: int, is_there: bool
) -> None:
    browser = Browser(kept)
    browser.begin("one")
    seconds.now += after

    assert (kept.find(browser.cookies, "one") is not None) is is_there


def test_a_clock_set_back_keeps_no_attempt_for_ever(kept: AttemptCookies, seconds: Seconds) -> None:
    browser = Browser(kept)
    browser.begin("one")
    seconds.now -= 86_400

    assert kept.find(browser.cookies, "one") is None


def test_nobody_reads_or_changes_a_cookie(kept: AttemptCookies) -> None:
    browser = Browser(kept)
    browser.begin("one")
    ((name, value),) = browser.cookies.items()

    assert "services" not in value
    assert kept.find({name: value}, "one")
    parts = value.split(".")
    for place in range(len(parts)):
        changed = ("y" if parts[place].startswith("x") else "x") + parts[place][1:]
        forged = ".".join([*parts[:place], changed, *parts[place + 1 :]])
        assert kept.find({name: forged}, "one") is None


@pytest.mark.parametrize(
    "value", ["", "x", "....", "é" * 40, "a.b.c.d.e", "eyJhbGciOiJub25lIn0....", "x" * 9000]
)
def test_what_no_seal_closed_opens_for_nobody(kept: AttemptCookies, value: str) -> None:
    assert Seal(SECRET, "attempts").open(value) is None
    browser = Browser(kept)
    browser.begin("one")
    (name,) = browser.cookies
    assert kept.find({name: value}, "one") is None


def test_a_seal_is_of_one_secret_and_one_purpose() -> None:
    closed = Seal(SECRET, "attempts").close({"a": 1})

    assert Seal(SECRET, "attempts").open(closed) == {"a": 1}
    assert Seal(SECRET, "hints").open(closed) is None
    assert Seal("another", "attempts").open(closed) is None
    assert json.dumps({"a": 1}) not in closed
