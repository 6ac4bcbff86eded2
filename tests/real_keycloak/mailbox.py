"""A mail server of the tests, which keeps what comes; slow on purpose when asked to be."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from queue import Queue

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from idp_extension.server import free_port


class Mailbox:
    """Keeps each mail that comes by SMTP. `delay` is in seconds, before it is taken."""

    def __init__(self, delay: float = 0.0) -> None:
        self.mails: Queue[EmailMessage] = Queue()
        self.delay = delay

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        await asyncio.sleep(self.delay)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.put(mail)
        return "250 OK"


@contextmanager
def open_mailbox(delay: float = 0.0) -> Iterator[tuple[Mailbox, int]]:
    """The mailbox and the port it listens on."""
    handler, port = Mailbox(delay), free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler, port
    finally:
        controller.stop()
