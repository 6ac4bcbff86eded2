"""Neighbours of the worker that misbehave on purpose, on loopback, and one that notes what it is told."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from idp_extension.server import free_port
from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.letters.carriers.port import CarrierUnavailable, LetterPackage, Receipt
from onboarding_api.letters.carriers.spool import SpoolCarrier
from onboarding_api.model.ledger.delivery import DeliveryClass

ANSWER_SECONDS = 0.02
"""What a projection of one change costs Keycloak."""


class Witness:
    """Stands for Keycloak: takes its usual time for an answer, and notes when it is told to take away."""

    def __init__(self) -> None:
        self.told: dict[str, threading.Event] = {}

    def __call__(self, ledger: Ledger, lease: Lease) -> None:
        """As a projection."""
        if lease.of_class is DeliveryClass.TAKING_AWAY:
            self.told[lease.args["person_id"]].set()
        time.sleep(ANSWER_SECONDS)
        ledger.finish(lease)


class FullSpool(SpoolCarrier):
    """A spool on a disk without room."""

    def submit(self, package: LetterPackage) -> Receipt:
        """As the real one does on ENOSPC."""
        raise CarrierUnavailable("full", f"no room for {package.key}")


class _Takes:
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return "250 OK"


class _Refuses:
    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        return "451 4.3.0 later"


@contextmanager
def mail_server(*, refuses: bool = False) -> Iterator[int]:
    """The port of a mail server that takes everything, or says 451 to everything."""
    controller = Controller(_Refuses() if refuses else _Takes(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield int(controller.port)
    finally:
        controller.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """The port of a server that accepts each connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        accepted: list[socket.socket] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    accepted.append(listening.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for connection in accepted:
                connection.close()
