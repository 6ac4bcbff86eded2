"""The SMTP side: every mail is taken, none is sent on."""

import socket
from asyncio import AbstractServer
from collections.abc import Awaitable

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.mailbox.store import MailStore


class Receiver(Controller):
    """An SMTP server in a thread of its own, on a socket that is already bound: port 0 may be asked."""

    def __init__(self, store: MailStore, listening: socket.socket) -> None:
        host, port = listening.getsockname()
        super().__init__(_Keeper(store), hostname=host, port=port, server_hostname="mailbox.localhost")
        self._listening = listening

    def _create_server(self) -> Awaitable[AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listening)


class _Keeper:
    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail; aiosmtpd names the method."""
        content = envelope.original_content or b""
        return f"250 OK, kept as {self._store.add(content)}"
