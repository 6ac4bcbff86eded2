"""Sending: what a real SMTP server answers decides whether the mail is tried again."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from onboarding_api.notices.message import compose
from onboarding_api.notices.rendering import RenderedNotice
from onboarding_api.notices.smtp import MailNotSent, MailRefused, SmtpSettings, send


class Answering:
    """A server that gives one answer after each step, and keeps what it took."""

    def __init__(self, to_address: str = "250 OK", to_data: str = "250 OK") -> None:
        self.to_address, self.to_data = to_address, to_data
        self.taken: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.to_address.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_address

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.to_data.startswith("250"):
            self.taken.append(envelope)
        return self.to_data


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(handler: Answering) -> Iterator[SmtpSettings]:
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield SmtpSettings("127.0.0.1", controller.port, timeout_seconds=2)
    finally:
        controller.stop()


def a_mail() -> EmailMessage:
    return compose(
        RenderedNotice("Sujet accentué", "Bonjour,\n", "<p>Bonjour,</p>"),
        to="cendrine.martin@eus.example",
        from_address="ne-pas-repondre@habilitations.example",
        sender_name="Banque des Territoires",
        delivery_key="mail:1",
        at=datetime(2026, 11, 23, tzinfo=UTC),
    )


def test_a_mail_arrives_whole() -> None:
    handler = Answering()
    with serving(handler) as settings:
        send(a_mail(), settings)
    (envelope,) = handler.taken
    assert envelope.rcpt_tos == ["cendrine.martin@eus.example"]
    assert envelope.mail_from == "ne-pas-repondre@habilitations.example"
    assert isinstance(envelope.content, bytes)
    assert envelope.content.rstrip(b"\r\n") == bytes(a_mail()).rstrip(b"\r\n")


@pytest.mark.parametrize(
    ("answers", "error", "told"),
    [
        ({"to_address": "550 5.1.1 cendrine.martin@eus.example unknown"}, MailRefused, "550 5.1.1"),
        ({"to_address": "450 4.2.1 greylisted"}, MailNotSent, "450 4.2.1"),
        ({"to_data": "554 5.7.1 spam from cendrine.martin@eus.example"}, MailRefused, "554 5.7.1"),
        ({"to_data": "452 disk full"}, MailNotSent, "452"),
    ],
)
def test_answers_are_told_apart_and_quote_nobody(answers: Any, error: Any, told: str) -> None:
    with serving(Answering(**answers)) as settings, pytest.raises(error) as refused:
        send(a_mail(), settings)
    assert str(refused.value) == told
    assert refused.value.is_permanent == (error is MailRefused)
    assert refused.value.__cause__ is None


def test_no_server_is_temporary() -> None:
    with pytest.raises(MailNotSent, match="ConnectionRefusedError"):
        send(a_mail(), SmtpSettings("127.0.0.1", free_port(), timeout_seconds=1))


@contextmanager
def mute_server(greeting: bytes) -> Iterator[SmtpSettings]:
    """A server that says so much, then hangs up or says nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connections: list[socket.socket] = []

        def accept() -> None:
            connection, _ = listening.accept()
            connections.append(connection)
            connection.sendall(greeting)
            if greeting:
                connection.shutdown(socket.SHUT_WR)

        thread = Thread(target=accept)
        thread.start()
        yield SmtpSettings("127.0.0.1", listening.getsockname()[1], timeout_seconds=0.02)
        thread.join()
        connections[0].close()


@pytest.mark.parametrize("greeting", [b"", b"220 hello\r\n", b"2", b"not smtp at all\r\n", b"421 busy\r\n"])
def test_a_server_that_is_mute_or_cuts_is_temporary(greeting: bytes) -> None:
    with mute_server(greeting) as settings, pytest.raises(MailNotSent):
        send(a_mail(), settings)


def test_a_server_without_starttls_gets_no_password() -> None:
    with serving(Answering()) as settings, pytest.raises(MailRefused):
        send(a_mail(), SmtpSettings("127.0.0.1", settings.port, use_starttls=True))
    with pytest.raises(ValueError, match="STARTTLS"):
        SmtpSettings("127.0.0.1", 25, username="bdt", password="secret")


def test_the_password_is_not_shown() -> None:
    shown = repr(SmtpSettings("127.0.0.1", 25, use_starttls=True, username="bdt", password="s3cr3t"))
    assert "s3cr3t" not in shown
