"""Where windows are kept, for the moving-window limiter of `limits`: the database, or a process's memory.

A hit that lies in the future counts for nothing: when a clock is set back no limit lasts for ever.
"""

import threading
from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from limits.storage import MovingWindowSupport, Storage
from sqlalchemy import delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from onboarding_api.model.limit_window import LimitWindow

MOST_KEYS = 20_000
MOST_SWEPT = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class _Windows(Storage, MovingWindowSupport):
    """The arithmetic of a moving window over hits in milliseconds; subclasses keep them."""

    STORAGE_SCHEME = None

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return ()

    @property
    @abstractmethod
    def _now(self) -> int:
        """Milliseconds of the clock that the hits are written by."""

    @abstractmethod
    def _hits(self, key: str) -> list[int]:
        """All that is kept under a key."""

    @abstractmethod
    def _keep(self, key: str, hits: list[int], expiry: int) -> None:
        """These instead."""

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count a hit, unless the window is full."""
        hits = self._counting(key, expiry)
        if len(hits) + amount > limit:
            return False
        self._keep(key, [*hits, *[self._now] * amount], expiry)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """The second at which the window begins, and how much is in it."""
        hits = self._counting(key, expiry)
        # Room is made when the oldest of those that fill the window leaves it.
        return (hits[-limit:] or [self._now])[0] / 1000, len(hits)

    def _counting(self, key: str, expiry: int) -> list[int]:
        now = self._now
        return [hit for hit in self._hits(key) if now - expiry * 1000 < hit <= now]

    def clear(self, key: str) -> None:
        """Forget one key."""
        self._keep(key, [], 0)

    def check(self) -> bool:
        """Whether it answers."""
        self._hits("")
        return True

    # Fixed windows let twice the amount through at their seam; they are not kept.
    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError("only moving windows are kept")

    def get(self, key: str) -> int:
        raise NotImplementedError("only moving windows are kept")

    def get_expiry(self, key: str) -> float:
        raise NotImplementedError("only moving windows are kept")


class MemoryWindows(_Windows):
    """In this process, bounded in number: the key that was not asked for longest makes room for a new one.

    Args:
        monotonic: seconds of a clock that never goes back.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self.lock = threading.Lock()
        self._monotonic = monotonic
        self._kept: OrderedDict[str, list[int]] = OrderedDict()

    @property
    def _now(self) -> int:
        return int(self._monotonic() * 1000)

    def _hits(self, key: str) -> list[int]:
        return self._kept.get(key, [])

    def _keep(self, key: str, hits: list[int], expiry: int) -> None:
        self._kept[key] = hits
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_KEYS:
            self._kept.popitem(last=False)

    def reset(self) -> int:
        """Forget everything; how much it was."""
        count = len(self._kept)
        self._kept.clear()
        return count


class DatabaseWindows(_Windows):
    """In the rows of `limit_window`, for one transaction.

    Args:
        session: a transaction of its own, short: every caller of the same network waits for it.
        now: the moment.
    """

    def __init__(self, session: Session, now: datetime) -> None:
        super().__init__()
        self._session = session
        self._at = now
        self._rows: dict[str, LimitWindow] = {}

    @property
    def _now(self) -> int:
        return (self._at - _EPOCH) // _MILLISECOND

    def look(self, keys: Iterable[str]) -> None:
        """Read the windows of these keys."""
        found = self._session.scalars(select(LimitWindow).where(LimitWindow.key.in_(keys)))
        self._rows = {row.key: row for row in found}

    def hold(self, keys: Iterable[str]) -> None:
        """Read them and keep others away until the end of the transaction; always in one order."""
        wanted = sorted(keys)
        if self._dialect == "postgresql":
            # A count that a power cut loses is no loss: nobody waits for the disk.
            self._session.execute(text("SET LOCAL synchronous_commit TO OFF"))
        insert: Any = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}[self._dialect]
        fresh = [{"key": key, "hits": [], "ends_at": self._at} for key in wanted]
        self._session.execute(insert(LimitWindow).values(fresh).on_conflict_do_nothing())
        statement = select(LimitWindow).where(LimitWindow.key.in_(wanted)).order_by(LimitWindow.key)
        self._rows = {row.key: row for row in self._session.scalars(statement.with_for_update())}

    def sweep(self) -> None:
        """Delete rows whose time is over; those that somebody holds are left to him."""
        over = select(LimitWindow.key).where(LimitWindow.ends_at < self._at).limit(MOST_SWEPT)
        keys = list(self._session.scalars(over.with_for_update(skip_locked=True)))
        self._session.execute(delete(LimitWindow).where(LimitWindow.key.in_(keys)))

    def _hits(self, key: str) -> list[int]:
        row = self._rows.get(key)
        return row.hits if row else []

    def _keep(self, key: str, hits: list[int], expiry: int) -> None:
        row = self._rows[key]
        row.hits, row.ends_at = hits, self._at + timedelta(seconds=expiry)

    def reset(self) -> int:
        """Forget everything; how much it was."""
        return len(self._session.scalars(delete(LimitWindow).returning(LimitWindow.key)).all())

    @property
    def _dialect(self) -> str:
        return self._session.get_bind().dialect.name
