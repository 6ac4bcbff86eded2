"""The worker: leases what is due, hands it to its target, records what came of it."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from onboarding_api.delivery.bell import Bell
from onboarding_api.delivery.breakers import BreakerRule, Breakers
from onboarding_api.delivery.bulkhead import THREADS, Bulkhead, bulkheads
from onboarding_api.delivery.clock import (
    ClockWatch,
    drop_impossible_leases,
    undo_waits_of_a_wrong_clock,
)
from onboarding_api.delivery.errors import DeliveryError, NotNow, told
from onboarding_api.delivery.ledger import Lease, LeaseLost, Ledger
from onboarding_api.delivery.queue import Place
from onboarding_api.model.ledger.breaker import BreakerState
from onboarding_api.model.ledger.delivery import Target
from onboarding_api.model.ledger.kinds import KINDS, Kind, check_kinds
from onboarding_api.model.refusals import DatabaseBusy

LONGEST_SECONDS = 300
"""A lease is renewed for so long; a target that hangs longer loses its row to another worker."""

Deliver = Callable[[Ledger, Lease], None]
"""Delivers a row and finishes it (`with ledger.finishing(lease)`), or raises: then the row is tried again or
parked, as the error says (`delivery.errors`)."""

_DATABASE_AWAY = (SQLAlchemyError, DatabaseBusy)

log = structlog.get_logger()


class UnfitRow(ValueError):
    """No kind of that name, another target than the kind's, or arguments it cannot be delivered with: the
    worker is older than the row, or somebody wrote it by hand.
    """


class Worker:
    """One worker process. Several may run on one database; on several machines with PostgreSQL.

    Args:
        ledger: the rows.
        delivers: what delivers each kind.
        kinds: all there are.
        threads: how many deliveries at once, by target.
        breaker: when a target is left alone.

    Raises:
        KindsUnfit: the kinds, or what delivers them, are no closed world.
        ValueError: too few threads.
    """

    def __init__(
        self,
        ledger: Ledger,
        delivers: Mapping[str, Deliver],
        kinds: Iterable[Kind] = tuple(KINDS.values()),
        *,
        threads: Mapping[Target, int] = THREADS,
        breaker: BreakerRule | None = None,
    ) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        check_kinds(kinds, delivers)
        self._ledger, self._delivers = ledger, delivers
        self._bulkheads = {each.target: each for each in bulkheads(self._kinds.values(), threads)}
        self._breakers = Breakers(ledger.database, ledger.clock, breaker or BreakerRule())
        self._bell = Bell(ledger.database)
        self._watch = ClockWatch()
        self._lock = threading.Lock()
        self._held: dict[Lease, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Delivers until `stop` is set, then lets the deliveries under way end."""
        with self._bell, self._heart(), ExitStack() as pools:
            for bulkhead in self._bulkheads.values():
                pools.enter_context(bulkhead.pool)
            while not stop.is_set():
                if not self._take_a_turn():
                    self._bell.wait()

    def _take_a_turn(self) -> bool:
        """Lease what the free threads can take; whether there was anything."""
        try:
            if self._watch.was_set_back():
                self._put_clock_right()
            states = self._breakers.look()
            with self._lock:
                places = [place for each in self._bulkheads.values() for place in each.places()]
            asked = [place for place in places if states.get(place.target) is not BreakerState.OPEN]
            due = self._ledger.where_due(asked)
            leased = [self._lease(place, states.get(place.target)) for place in asked if place in due]
        except Exception as error:  # whatever a row or the database holds, the worker goes on
            log.warning("deliveries_not_leased", error=told(error))
            return False
        return any(leased)

    def _lease(self, place: Place, state: BreakerState | None) -> bool:
        bulkhead = self._bulkheads[place.target]
        with self._lock:
            seats = bulkhead.seats(place.of_class)
        if state is BreakerState.HALF_OPEN:
            seats = int(seats > 0 and self._breakers.may_probe(place.target))
        if seats < 1:
            return False
        leases = self._ledger.lease(place, seats)
        with self._lock:
            for lease in leases:
                self._held[lease] = time.monotonic()
                bulkhead.take(lease.of_class)
        for lease in leases:
            bulkhead.pool.submit(self._deliver, lease, bulkhead)
        return bool(leases)

    def _deliver(self, lease: Lease, bulkhead: Bulkhead) -> None:
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
                bulkhead.leave(lease.of_class)
            self._bell.ring()

    def _attempt(self, lease: Lease) -> str | None:
        """Try once; what went wrong, if anything did, is recorded."""
        try:
            self._deliverer(lease)(self._ledger, lease)
        except LeaseLost:
            raise
        except Exception as error:  # whatever a target meets, its row is kept
            self._ledger.fail(lease, error)
            self._hear(lease.target, error)
            return told(error)
        self._breakers.answered(lease.target)
        return None

    def _deliverer(self, lease: Lease) -> Deliver:
        kind = self._kinds.get(lease.kind)
        if kind is None or kind.target is not lease.target or not kind.fits(lease.args):
            raise UnfitRow
        return self._delivers[kind.name]

    def _hear(self, target: Target, error: Exception) -> None:
        """What a failure says of the target: nothing, when it is ours."""
        if isinstance(error, NotNow) or not isinstance(error, DeliveryError):
            return
        if error.is_away:
            self._breakers.failed(target)
        else:
            self._breakers.answered(target)

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

    def _put_clock_right(self) -> None:
        log.warning("clock_set_back")
        database, now = self._ledger.database, self._ledger.clock()
        drop_impossible_leases(database, now, self._ledger.lasts)
        undo_waits_of_a_wrong_clock(database, now)

    def _beat(self, is_over: threading.Event) -> None:
        while not is_over.wait(self._ledger.lasts.total_seconds() / 3):
            oldest = time.monotonic() - LONGEST_SECONDS
            with self._lock:
                leases = [lease for lease, since in self._held.items() if since > oldest]
            try:
                self._ledger.renew(leases)
            except Exception as error:  # without a heart each row would be delivered twice
                log.warning("delivery_leases_not_renewed", error=told(error))
