"""What people see, and what is kept, when a part of the house is down (guide silent; issue: bad input)."""

import os
from collections.abc import Iterator

import pytest

from demo.browser import Browser
from demo.house import House
from demo.witness import Mailbox, wait_for

pytestmark = pytest.mark.keycloak

# The next try comes after 2, 4, 8 … seconds.
RETRIES_SECONDS = 90.0


def register(house: House, email: str) -> Browser:
    browser = Browser()
    browser.visit(f"{house.portal_url}/inscription")
    browser.tick("Madame")
    browser.fill("Prénom", "Odile")
    browser.fill("Nom", "Vidal")
    browser.fill("Adresse e-mail", email)
    browser.press("Créer mon compte")
    return browser


@pytest.fixture
def without_keycloak(house: House) -> Iterator[House]:
    assert house.keycloak
    house.keycloak.stop()
    yield house
    if house.keycloak is None or house.keycloak.process.poll() is not None:
        house.start_keycloak()


def test_without_keycloak_a_registration_is_kept_and_log_in_says_so(without_keycloak: House) -> None:
    house = without_keycloak

    browser = register(house, "odile@vernet.example")
    browser.expect("e-mail")
    browser.visit(f"{house.portal_url}/connexion")
    assert browser.answer.status_code == 503
    browser.expect("La connexion est momentanément indisponible")
    mailbox = Mailbox(house.mailbox_url)
    assert mailbox.messages("odile@vernet.example") == []

    house.start_keycloak()
    found = wait_for(
        "the identifiant, once Keycloak is back",
        lambda: mailbox.messages("odile@vernet.example") or None,
        RETRIES_SECONDS,
    )
    assert len(found) == 1


def test_without_a_mail_server_what_is_asked_is_kept(house: House) -> None:
    house.stop_part("mailbox")
    browser = register(house, "odile@vinca.example")
    browser.expect("e-mail")
    house.start_part("mailbox")
    mailbox = Mailbox(house.mailbox_url)

    found = wait_for(
        "the identifiant, once the mail server is back",
        lambda: mailbox.messages("odile@vinca.example") or None,
        RETRIES_SECONDS,
    )
    assert len(found) == 1


def test_a_taken_port_is_named(house: House) -> None:
    with pytest.raises(Exception, match=rf"Port {house.ports.portal} is taken"):
        house.ports.check_free()


def test_a_body_of_ten_megabytes_is_refused(house: House) -> None:
    browser = Browser()
    browser.visit(f"{house.portal_url}/inscription")
    browser.fill("Prénom", "x" * 10_000_000)
    browser.press("Créer mon compte")
    assert browser.answer.status_code == 413
    browser.expect("trop volumineux")


def test_the_letters_directory_can_be_written_by_its_owner_alone(house: House) -> None:
    for path in house.spool.glob("*.pdf"):
        assert os.stat(path).st_mode & 0o077 == 0
