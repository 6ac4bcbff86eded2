"""Who is not logged in and only reads leaves nothing behind: no row, no lock, no wait."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import event

from tests.builders.issuer import Person as Keyboard
from tests.onboarding_api.web.doors.test_route_rights import ROUTES, methods
from tests.onboarding_api.web.portal import Portal

API = (
    *("/api/v1/openapi.json", "/api/v1/memberships", "/api/v1/structures?q=eus", "/api/v1/nowhere"),
    *("/access/v1/openapi.json", "/access/v1/evaluation", "/.well-known/authzen-configuration"),
)


@contextmanager
def statements(portal: Portal) -> Iterator[list[str]]:
    """What the database is told meanwhile."""
    heard: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        heard.append(statement.strip().upper())

    engine = portal.office.database.engine
    event.listen(engine, "before_cursor_execute", hear)
    yield heard
    event.remove(engine, "before_cursor_execute", hear)


def writes(heard: list[str]) -> list[str]:
    return [one for one in heard if not one.startswith(("SELECT", "PRAGMA")) and one != "BEGIN"]


def gets(portal: Portal) -> list[str]:
    """Every address of the portal that a browser can open, with what belongs to it."""
    found = []
    with portal.app.test_request_context():
        for endpoint, route in ROUTES.items():
            if "GET" in methods(portal, endpoint):
                path = portal.app.url_map.bind("portail.example").build(
                    endpoint, route.arguments, method="GET"
                )
                found.append(f"{path}?{route.query}" if route.query else path)
    return found


def test_no_address_that_a_stranger_opens_writes(portal: Portal) -> None:
    opened = [
        *gets(portal),
        *API,
        "/nulle-part",
        "/connexion?suite=/services",
        "/connexion/retour?state=x&code=y",
    ]
    assert len(opened) > 35
    browser = portal.browser()
    with statements(portal) as heard:
        for path in opened:
            browser.get(path).close()
            portal.browser().get(path).close()
    assert writes(heard) == []


def test_five_hundred_log_ins_begun_are_no_row(portal: Portal) -> None:
    with statements(portal) as heard:
        for number in range(500):
            assert (
                portal.browser(address=f"198.51.{number // 250}.{number % 250}").get("/connexion").status_code
                == 302
            )
    assert writes(heard) == []


@pytest.mark.parametrize("path", ["/connexion", "/inscription", "/mot-de-passe-oublie", "/"])
def test_log_in_begins_while_another_process_holds_the_write_lock(portal: Portal, path: str) -> None:
    """No statement asks for the lock, so however long it is held nobody waits."""
    with closing(sqlite3.connect(portal.database_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = portal.browser().get(path)
        other.execute("ROLLBACK")
    assert answer.status_code in {200, 302}


def test_a_log_in_begun_before_is_finished_after_the_lock(portal: Portal) -> None:
    browser = portal.browser()
    portal.provider.person = Keyboard("sub-cend589", "cend589")
    with portal.busy_database():
        back = portal.provider.consent(browser.get("/connexion").location)
        assert browser.get(back).status_code == 503
    again = portal.provider.consent(browser.get("/connexion").location)
    assert browser.get(again).location == "/tableau-de-bord"
