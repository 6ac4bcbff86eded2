"""The clock of the workers: the database's where several machines share one; and what a wrong one left.

A clock that was ahead and is set back leaves moments behind that lie too far in the future: leases that
nobody holds, and rows that wait for an hour that was over already.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import exists, or_, select, update
from sqlalchemy.sql.functions import func

from onboarding_api.delivery.queue import undelivered
from onboarding_api.model.base import Database, Instant
from onboarding_api.model.journal import JournalEntry
from onboarding_api.model.ledger.delivery import Delivery

SET_BACK_SECONDS = 1.0


def clock_of(database: Database) -> Callable[[], datetime]:
    """The moment by PostgreSQL's clock, so that machines agree on leases; this machine's with SQLite."""

    def by_server() -> datetime:
        with database.reading() as session:
            return session.execute(select(func.clock_timestamp(type_=Instant()))).scalar_one()

    return by_server if database.engine.dialect.name == "postgresql" else lambda: datetime.now(UTC)


class ClockWatch:
    """Notices that this machine's clock was set back, by one that never is."""

    def __init__(self) -> None:
        self._ahead = self._measured()

    def was_set_back(self) -> bool:
        """Whether it was, since the last look."""
        before, self._ahead = self._ahead, self._measured()
        return self._ahead < before - SET_BACK_SECONDS

    @staticmethod
    def _measured() -> float:
        return time.time() - time.monotonic()


def drop_impossible_leases(database: Database, now: datetime, lasts: timedelta) -> None:
    """Free what is leased for longer than any lease lasts."""
    impossible = (undelivered(Delivery.state), Delivery.lease_until > now + lasts)
    with database.writing() as session:
        session.execute(update(Delivery).where(*impossible).values(owner=None, lease_until=None))


def undo_waits_of_a_wrong_clock(database: Database, now: datetime) -> None:
    """Make due what waits for its next try, and what was due when it was written by a clock that was ahead.

    A try too early does no harm. What waits for another day keeps its day.
    """
    written_ahead = exists().where(
        JournalEntry.seq == Delivery.journal_seq, JournalEntry.at > now, Delivery.first_due <= JournalEntry.at
    )
    waits = (undelivered(Delivery.state), Delivery.due > now, or_(Delivery.first_due <= now, written_ahead))
    with database.writing() as session:
        session.execute(update(Delivery).where(*waits).values(due=now, first_due=now))
