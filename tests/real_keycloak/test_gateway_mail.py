"""The mail that lets a person choose her password: sent by Keycloak, opened, used, and used up."""

import html
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from queue import Queue
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from idp_extension.gateway import Refused
from idp_extension.server import RunningServer, free_port
from tests.builders.applied_realm import AppliedRealm, apply_realm, proof_of
from tests.builders.oidc_login import log_in, open_browser

pytestmark = pytest.mark.keycloak

_FORM = re.compile(r'<form[^>]*\baction="([^"]+)"')


class Mailbox:
    """Keeps each mail that comes by SMTP."""

    def __init__(self) -> None:
        self.mails: Queue[EmailMessage] = Queue()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.put(mail)
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    handler = Mailbox()
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture
def mailing_realm(keycloak_server: RunningServer, mailbox: tuple[Mailbox, int]) -> Iterator[AppliedRealm]:
    applied = apply_realm(keycloak_server, f"courrier-{uuid4().hex[:6]}", smtp_port=mailbox[1])
    yield applied
    applied.close()


def follow(browser: requests.Session, method: str, url: str, data: dict[str, str] | None = None) -> str:
    """The page one sees in the end."""
    page = browser.request(method, url, data=data, timeout=10)
    assert page.ok, page.text
    return page.text


def link_in(text: str, server: str) -> str:
    found = re.search(rf"{re.escape(server)}\S+action-token\S+", text)
    assert found, text
    return found.group(0).rstrip(')">')


def choose_password(browser: requests.Session, link: str) -> str:
    page = follow(browser, "GET", link)
    while "password-new" not in page:  # first a page that asks to go on
        onward = re.search(rf'href="([^"]*{re.escape(urlsplit(link).path)}[^"]*)"', page)
        assert onward, page
        page = follow(browser, "GET", html.unescape(onward.group(1)))
    form = _FORM.search(page)
    assert form
    choice = {"password-new": "Mairie-2026", "password-confirm": "Mairie-2026"}
    return follow(browser, "POST", html.unescape(form.group(1)), choice)


def test_the_link_lets_her_choose_a_password_once(
    mailing_realm: AppliedRealm, mailbox: tuple[Mailbox, int]
) -> None:
    gateway = mailing_realm.gateway
    user_id = gateway.create_user("cend589", email="cend@eus.example", prenom="Cendrine", nom="Martin")

    gateway.send_choose_password_mail(user_id, "portail", None, 3600)

    mail = mailbox[0].mails.get(timeout=10)
    assert (mail["To"], mail["From"].addresses[0].addr_spec) == (
        "cend@eus.example",
        "ne-pas-repondre@bdt.example",
    )
    plain = mail.get_body(("plain",))
    assert plain is not None
    link = link_in(plain.get_content(), mailing_realm.url)

    with open_browser() as browser:
        done = choose_password(browser, link)
    assert re.search(r'href="http://127\.0\.0\.1:8400/?"', done), done  # the way to the portal

    user = mailing_realm.sync.get("users", user_id)
    assert user["emailVerified"]
    assert log_in(
        base_url=mailing_realm.url,
        realm=mailing_realm.name,
        client_id="portail",
        client_secret=proof_of("portail"),
        redirect_uri="http://127.0.0.1:8400/connexion/retour",
        username="cend589",
        password="Mairie-2026",
    )
    with open_browser() as thief:  # CVE-2026-37982: the link is not to be used twice
        assert "password-new" not in thief.get(link, timeout=10).text


def test_a_mail_may_not_send_her_to_a_foreign_address(mailing_realm: AppliedRealm) -> None:
    user_id = mailing_realm.gateway.create_user("cend589", email="c@eus.example", prenom="C", nom="M")

    with pytest.raises(Refused) as refused:
        mailing_realm.gateway.send_choose_password_mail(user_id, "portail", "https://evil.example/", 60)

    assert refused.value.is_permanent


def test_a_mail_server_that_is_down_is_no_permanent_refusal(
    keycloak_server: RunningServer,
) -> None:
    realm = apply_realm(keycloak_server, f"sourd-{uuid4().hex[:6]}", smtp_port=free_port())
    user_id = realm.gateway.create_user("cend589", email="c@eus.example", prenom="C", nom="M")

    with pytest.raises(Refused) as refused:
        realm.gateway.send_choose_password_mail(user_id, "portail", None, 60)
    realm.close()

    assert not refused.value.is_permanent
