"""The measurement: a real worker with the product's targets, a trouble, one revocation after the other."""

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.bulkheads.neighbours import FullSpool, Witness, mail_server, silent_server
from demo.bulkheads.trouble import UNFIT_ARGS, Trouble, make, person_row, spoil
from idp_extension.gateway import KeycloakGateway
from idp_extension.relying_party.client_key import ClientKey
from onboarding_api.acts.act import Office
from onboarding_api.delivery.breakers import BreakerRule
from onboarding_api.delivery.clock import clock_of
from onboarding_api.delivery.ledger import Ledger
from onboarding_api.delivery.targets import all_targets
from onboarding_api.delivery.targets.mail import Mail
from onboarding_api.delivery.worker import Deliver, Worker
from onboarding_api.letters.carriers.spool import SpoolCarrier
from onboarding_api.model.base import Database, new_id
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from onboarding_api.model.ledger.delivery import DeliveryClass
from onboarding_api.model.ledger.kinds import PERSON
from onboarding_api.model.words.sender import Sender
from onboarding_api.notices.smtp import SmtpSettings

PATIENCE_SECONDS = 90.0
TIMEOUT_SECONDS = 3.0
"""Shorter than the product's, so that the measurement ends; a revocation waits for none of them."""
NO_BREAKER = BreakerRule(opens_after=1_000_000)
"""A breaker would let the trouble pass: the threads alone must be enough."""
SENDER = Sender(
    "Banque des Territoires",
    ("56 rue de Lille", "75007 PARIS"),
    "https://x.example",
    "01",
    "9 h",
    "x@x.example",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds from the commit of a revocation to the moment Keycloak is told."""

    seconds: tuple[float, ...]

    @property
    def p50(self) -> float:
        """Of half of them."""
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        """Of nineteen in twenty."""
        return statistics.quantiles(self.seconds, n=20, method="inclusive")[18]


def measure(database: Database, trouble: Trouble, revocations: int = 20) -> Figures:
    """Make the trouble, let it bite, then revoke.

    Raises:
        TimeoutError: Keycloak is not told at all.
    """
    clock, witness = clock_of(database), Witness()
    make(database, trouble, clock())
    with _delivering(database, trouble, witness) as delivers:
        worker = Worker(Ledger(database, clock), delivers, breaker=NO_BREAKER)
        with _at_work(worker):
            time.sleep(1)  # by then whatever can hold a thread holds it
            return Figures(tuple(_revoke(database, witness, trouble) for _ in range(revocations)))


def _revoke(database: Database, witness: Witness, trouble: Trouble) -> float:
    person_id, now = new_id(), clock_of(database)()
    told = witness.told[person_id] = threading.Event()
    with database.writing() as session:
        if trouble is Trouble.POISONED:
            head = person_row(person_id, DeliveryClass.TAKING_AWAY, now)
            session.add(head)
            session.flush()
            spoil(session.connection(), head.sequence, UNFIT_ARGS[0])
        session.add(person_row(person_id, DeliveryClass.TAKING_AWAY, now))
    began = time.perf_counter()
    if not told.wait(PATIENCE_SECONDS):
        raise TimeoutError(f"not told within {PATIENCE_SECONDS:.0f} s: {trouble}")
    seconds = time.perf_counter() - began
    time.sleep(0.03)
    return seconds


@contextmanager
def _delivering(database: Database, trouble: Trouble, witness: Witness) -> Iterator[dict[str, Deliver]]:
    """What delivers each kind, the neighbours being as the trouble says."""
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="bdt-spool-") as spool:
        silent = stack.enter_context(silent_server())
        refuses = trouble is Trouble.MAIL_REFUSES
        answering = stack.enter_context(mail_server(refuses=refuses))
        port = silent if trouble is Trouble.MAIL_SILENT else answering
        mail = Mail(SENDER, "x@bdt.example", SmtpSettings("127.0.0.1", port, TIMEOUT_SECONDS))
        gateway = KeycloakGateway(
            f"http://127.0.0.1:{silent}", "bdt", ClientKey.fresh("bdt-sync"), timeout=TIMEOUT_SECONDS
        )
        stack.enter_context(gateway)
        carrier = FullSpool if trouble is Trouble.SPOOL_FULL else SpoolCarrier
        office = Office(database, clock_of(database), CodeKeys("k", {"k": b"k" * 32}))
        yield {**all_targets(office, gateway, carrier(Path(spool)), mail), PERSON.name: witness}


@contextmanager
def _at_work(worker: Worker) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
