"""How long an answer takes tells nobody whether an address has an account."""

import time
from statistics import median

import pytest

from tests.onboarding_api.web.doors.test_anonymous_reading import statements
from tests.onboarding_api.web.portal import Browser, Portal

TRIES = 200
WITHIN = 1.10
"""Of the medians of two hundred; between the tries of one kind they differ more."""
KNOWN, UNKNOWN = "cendrine.martin@example.fr", "nobody.unknown@example.fr"
FORMS = {
    "/inscription": {"civilite": "Madame", "prenom": "Zoé", "nom": "Petit"},
    "/identifiant-oublie": {},
}


def ask(browser: Browser, path: str, token: str, email: str) -> float:
    """CPU seconds of one answer."""
    form = {**FORMS[path], "csrf_token": token, "email": email}
    start = time.thread_time()
    answer = browser.raw_post(path, form)
    spent = time.thread_time() - start
    assert answer.status_code == 303
    return spent


@pytest.mark.slow
@pytest.mark.attack(18)
@pytest.mark.parametrize("path", FORMS)
def test_known_and_unknown_addresses_take_as_long(portal: Portal, path: str) -> None:
    browser = portal.browser()
    token = browser.token()
    spent: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    for number in range(TRIES):
        # An hour later each time: neither a limit nor the ten minutes between mails shortens the work.
        portal.clock.advance(hours=1)
        # In turns, so that a slow moment of the machine falls on both.
        for email in (KNOWN, UNKNOWN) if number % 2 else (UNKNOWN, KNOWN):
            spent[email].append(ask(browser, path, token, email))

    known, unknown = median(spent[KNOWN]), median(spent[UNKNOWN])
    assert 1 / WITHIN < known / unknown < WITHIN


@pytest.mark.attack(18)
@pytest.mark.parametrize("path", FORMS)
def test_known_and_unknown_addresses_are_the_same_work(portal: Portal, path: str) -> None:
    """Word for word what the database is told; nobody is looked up."""
    browser = portal.browser()
    token = browser.token()
    heard: dict[str, list[str]] = {}
    for email in (UNKNOWN, KNOWN):
        with statements(portal) as told:
            ask(browser, path, token, email)
        heard[email] = told
        portal.clock.advance(hours=1)
    assert heard[KNOWN] == heard[UNKNOWN]
    assert not any(" person" in statement for statement in heard[KNOWN])
