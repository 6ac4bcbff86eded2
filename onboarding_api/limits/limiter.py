"""Whether one more may be asked; counted in short transactions of their own, never inside an act."""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog
from limits import RateLimitItem
from limits.strategies import MovingWindowRateLimiter
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from onboarding_api.limits.bounds import Bound, Per
from onboarding_api.limits.windows import DatabaseWindows, MemoryWindows
from onboarding_api.model.base import Database
from onboarding_api.model.refusals import LimitsDown, TooMuchAsked

log = structlog.get_logger()
REACHED = Counter(
    "bdt_limit_reached_total", "Requests refused because a limit was reached.", ["bound", "per"]
)
STORE_DOWN = Counter(
    "bdt_limit_store_down_total", "Requests whose limits could not be counted.", ["bound", "went_on"]
)
SWEPT_EVERY_SECONDS = 60

Keys = Mapping[Per, str]
Wanted = Mapping[Per, tuple[RateLimitItem, str]]


class Limiter:
    """The counters of the house; safe to share between threads.

    Args:
        database: the house's.
        clock: aware UTC, the same for all processes.
        secret: keys the digests under which addresses and networks are counted.
        amounts: those that this installation changes.
        monotonic: for what is counted in memory.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        secret: str,
        amounts: Mapping[tuple[str, Per], RateLimitItem],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._secret = secret.encode()
        self._amounts = amounts
        self._monotonic = monotonic
        self._swept_at = monotonic()
        self.memory = MemoryWindows(monotonic)

    def spend(self, bound: Bound, keys: Keys) -> None:
        """Count one more, for each that the bound counts.

        Args:
            bound: what is asked.
            keys: who asks, for each that the bound counts.

        Raises:
            TooMuchAsked: one of them has had enough; nothing was counted.
            LimitsDown: it cannot be known, and the bound does not go on then.
            DatabaseBusy: another process holds the database.
        """
        wanted = self._wanted(bound, keys)
        if not bound.is_shared:
            with self.memory.lock:
                return self._count(bound, wanted, self.memory, self._monotonic())
        try:
            self._spend_shared(bound, wanted)
        except SQLAlchemyError as error:
            self._tell_down(bound, error)
            if not bound.is_open_when_down:
                raise LimitsDown from error
        return None

    def has_room(self, bound: Bound, keys: Keys) -> bool:
        """Count one more, and tell by the answer instead of a refusal: for what nobody must notice.

        Raises:
            LimitsDown, DatabaseBusy: see `spend`.
        """
        try:
            self.spend(bound, keys)
        except TooMuchAsked:
            return False
        return True

    def check(self, bound: Bound, keys: Keys) -> None:
        """Whether one more could be asked now, without counting it. For what the database counts.

        Raises:
            TooMuchAsked, LimitsDown: see `spend`.
        """
        wanted = self._wanted(bound, keys)
        try:
            self._look(bound, wanted, self._clock())
        except SQLAlchemyError as error:
            self._tell_down(bound, error)
            raise LimitsDown from error

    def _spend_shared(self, bound: Bound, wanted: Wanted) -> None:
        now = self._clock()
        # Who has had enough is told by reading alone: a flood of refusals must not hold the write lock.
        self._look(bound, wanted, now)
        with self._database.writing() as session:
            windows = DatabaseWindows(session, now)
            windows.hold(item.key_for(digest) for item, digest in wanted.values())
            self._count(bound, wanted, windows, now.timestamp())
            if self._monotonic() - self._swept_at > SWEPT_EVERY_SECONDS:
                self._swept_at = self._monotonic()
                windows.sweep()

    def _look(self, bound: Bound, wanted: Wanted, now: datetime) -> None:
        with self._database.reading() as session:
            windows = DatabaseWindows(session, now)
            windows.look([item.key_for(digest) for item, digest in wanted.values()])
            self._check(bound, wanted, windows, now.timestamp())

    def _tell_down(self, bound: Bound, error: SQLAlchemyError) -> None:
        STORE_DOWN.labels(bound.name, str(bound.is_open_when_down)).inc()
        log.error("limit_store_down", bound=bound.name, error=type(error).__name__)

    def _count(
        self,
        bound: Bound,
        wanted: Wanted,
        windows: DatabaseWindows | MemoryWindows,
        now: float,
    ) -> None:
        self._check(bound, wanted, windows, now)
        limiter = MovingWindowRateLimiter(windows)
        for item, digest in wanted.values():
            limiter.hit(item, digest)

    def _check(
        self,
        bound: Bound,
        wanted: Wanted,
        windows: DatabaseWindows | MemoryWindows,
        now: float,
    ) -> None:
        limiter = MovingWindowRateLimiter(windows)
        for per, (item, digest) in wanted.items():
            if not limiter.test(item, digest):
                REACHED.labels(bound.name, per).inc()
                wait = limiter.get_window_stats(item, digest).reset_time - now
                raise TooMuchAsked(self._clock() + timedelta(seconds=max(1.0, wait)))

    def _wanted(self, bound: Bound, keys: Keys) -> Wanted:
        return {per: (self._item(bound, per), self._digest(bound, per, keys[per])) for per in bound.items}

    def _item(self, bound: Bound, per: Per) -> RateLimitItem:
        return self._amounts.get((bound.name, per), bound.items[per])

    def _digest(self, bound: Bound, per: Per, value: str) -> str:
        text = f"limit\0{bound.name}\0{per}\0{value}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()[:40]
