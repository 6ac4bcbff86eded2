"""What people see, and what is kept, when a part of the system is down (guide silent; issue: bad input)."""

import os
from collections.abc import Iterator

import pytest

from demo.browser import Browser
from demo.system import System
from demo.witness import Mailbox, wait_for

pytestmark = pytest.mark.keycloak

# The next try comes after 2, 4, 8 … seconds.
RETRIES_SECONDS = 90.0


def register(system: System, email: str) -> Browser:
    browser = Browser()
    browser.visit(f"{system.portal_url}/inscription")
    browser.tick("Madame")
    browser.fill("Prénom", "Odile")
    browser.fill("Nom", "Vidal")
    browser.fill("Adresse e-mail", email)
    browser.press("Créer mon compte")
    return browser


@pytest.fixture
def without_keycloak(system: System) -> Iterator[System]:
    assert system.keycloak
    system.keycloak.stop()
    yield system
    if system.keycloak is None or system.keycloak.process.poll() is not None:
        system.start_keycloak()


def test_without_keycloak_a_registration_is_kept_and_log_in_says_so(without_keycloak: System) -> None:
    system = without_keycloak

    browser = register(system, "odile@vernet.example")
    browser.expect("e-mail")
    browser.visit(f"{system.portal_url}/connexion")
    assert browser.answer.status_code == 503
    browser.expect("La connexion est momentanément indisponible")
    mailbox = Mailbox(system.mailbox_url)
    assert mailbox.messages("odile@vernet.example") == []

    system.start_keycloak()
    found = wait_for(
        "the identifiant, once Keycloak is back",
        lambda: mailbox.messages("odile@vernet.example") or None,
        RETRIES_SECONDS,
    )
    assert len(found) == 1


def test_without_a_mail_server_what_is_asked_is_kept(system: System) -> None:
    system.stop_part("mailbox")
    browser = register(system, "odile@vinca.example")
    browser.expect("e-mail")
    system.start_part("mailbox")
    mailbox = Mailbox(system.mailbox_url)

    found = wait_for(
        "the identifiant, once the mail server is back",
        lambda: mailbox.messages("odile@vinca.example") or None,
        RETRIES_SECONDS,
    )
    assert len(found) == 1


def test_a_taken_port_is_named(system: System) -> None:
    with pytest.raises(Exception, match=rf"Port {system.ports.portal} is taken"):
        system.ports.check_free()


def test_a_body_of_ten_megabytes_is_refused(system: System) -> None:
    browser = Browser()
    browser.visit(f"{system.portal_url}/inscription")
    browser.fill("Prénom", "x" * 10_000_000)
    browser.press("Créer mon compte")
    assert browser.answer.status_code == 413
    browser.expect("trop volumineux")


def test_the_letters_directory_can_be_written_by_its_owner_alone(system: System) -> None:
    for path in system.spool.glob("*.pdf"):
        assert os.stat(path).st_mode & 0o077 == 0
