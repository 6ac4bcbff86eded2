"""The worker: claims what is due, hands it to its target, records what came of it."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from onboarding_api.delivery.bell import Bell
from onboarding_api.delivery.ledger import Lease, LeaseLost, Ledger, told
from onboarding_api.model.refusals import DatabaseBusy

THREADS = 8
LONGEST_SECONDS = 300
"""A lease is renewed for so long; a target that hangs longer loses its row to another worker."""

Target = Callable[[Ledger, Lease], None]
"""Delivers a row and finishes it (`with ledger.finishing(lease)`), or raises: then the row is tried again,
or parked when the error has a true `is_permanent`."""

_DATABASE_AWAY = (SQLAlchemyError, DatabaseBusy)

log = structlog.get_logger()


class UnknownKind(Exception):
    """No target has this kind: the worker is older than the row, or somebody wrote it by hand."""

    is_permanent = True


class Worker:
    """One worker process. Several may run on one database; on several machines with PostgreSQL.

    Args:
        ledger: the rows.
        targets: what delivers each kind.
        threads: how many deliveries at once; they wait for the network, so a few suffice.
    """

    def __init__(self, ledger: Ledger, targets: Mapping[str, Target], *, threads: int = THREADS) -> None:
        self._ledger, self._targets, self._threads = ledger, targets, threads
        self._bell = Bell(ledger.database)
        self._lock = threading.Lock()
        self._held: dict[Lease, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Delivers until `stop` is set, then lets the deliveries under way end."""
        with self._bell, self._heart(), ThreadPoolExecutor(self._threads, "delivery") as pool:
            while not stop.is_set():
                leases = self._claim()
                for lease in leases:
                    pool.submit(self._deliver, lease)
                if not leases:
                    self._bell.wait()

    def _claim(self) -> tuple[Lease, ...]:
        # Never more than there are free threads: a row that waits here could be under way elsewhere.
        free = self._threads - len(self._held)
        if not free:
            return ()
        try:
            leases = self._ledger.claim(free)
        except _DATABASE_AWAY as error:
            log.warning("deliveries_not_claimed", error=told(error))
            return ()
        with self._lock:
            self._held.update(dict.fromkeys(leases, time.monotonic()))
        return leases

    def _deliver(self, lease: Lease) -> None:
        known = log.bind(delivery=lease.id, kind=lease.kind, attempt=lease.attempt)
        try:
            error = self._attempt(lease)
        except LeaseLost:
            known.warning("delivery_lease_lost")
        except _DATABASE_AWAY as away:
            # Nothing can be recorded now: the row comes back when its lease is over.
            known.warning("delivery_not_recorded", error=told(away))
        else:
            known.info("delivery_done") if error is None else known.warning("delivery_failed", error=error)
        finally:
            with self._lock:
                del self._held[lease]
            self._bell.ring()

    def _attempt(self, lease: Lease) -> str | None:
        """Try once; what went wrong, if anything did, is recorded."""
        try:
            target = self._targets.get(lease.kind)
            if target is None:
                raise UnknownKind
            target(self._ledger, lease)
        except LeaseLost:
            raise
        except Exception as error:  # whatever a target meets, its row is kept and tried again
            self._ledger.fail(lease, error)
            return told(error)
        return None

    @contextmanager
    def _heart(self) -> Iterator[None]:
        is_over = threading.Event()
        heart = threading.Thread(target=self._beat, args=(is_over,), name="delivery-heart")
        heart.start()
        try:
            yield
        finally:
            is_over.set()
            heart.join()

    def _beat(self, is_over: threading.Event) -> None:
        while not is_over.wait(self._ledger.lease.total_seconds() / 3):
            oldest = time.monotonic() - LONGEST_SECONDS
            with self._lock:
                leases = [lease for lease, since in self._held.items() if since > oldest]
            try:
                self._ledger.renew(leases)
            except _DATABASE_AWAY as error:
                log.warning("delivery_leases_not_renewed", error=told(error))
