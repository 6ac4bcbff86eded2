"""Which worker watches, and how far has been read: one row, so that another one goes on where it stopped."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from onboarding_api.model.base import Database, new_id
from onboarding_api.model.projection.drift import WATCH_ID, DriftWatch

LEASE = timedelta(seconds=8)
"""After so long another worker watches in the place of one that died."""


class WatchLease:
    """One worker's hand on the watch.

    Args:
        database: shared by all workers.
        clock: the same for all of them.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock
        self._owner, self._is_there = new_id(), False

    def take(self) -> datetime | None:
        """Hold the watch for one lease more.

        Returns:
            From when on there is to be read; None while another worker holds it.
        """
        now = self._clock()
        self._be_there()
        with self._database.writing() as session:
            row = session.get_one(DriftWatch, WATCH_ID, with_for_update=True)
            # No lease is longer: what ends later was written by a clock that has been set back since.
            is_held = row.lease_until is not None and now < row.lease_until <= now + LEASE
            if is_held and row.owner != self._owner:
                return None
            row.owner, row.lease_until = self._owner, now + LEASE
            row.read_until = row.read_until or now
            return row.read_until

    def _be_there(self) -> None:
        """Make the row, once for all workers: two may begin at one moment."""
        if self._is_there:
            return
        with suppress(IntegrityError), self._database.writing() as session:
            if session.get(DriftWatch, WATCH_ID) is None:
                session.add(DriftWatch(id=WATCH_ID, plan={}))
        self._is_there = True

    def keep(self, read_until: datetime) -> None:
        """Note how far was read; nothing when another worker holds the watch by now."""
        now = self._clock()
        with self._database.writing() as session:
            row = session.get_one(DriftWatch, WATCH_ID, with_for_update=True)
            if row.owner == self._owner:
                row.read_until, row.looked_at, row.lease_until = read_until, now, now + LEASE

    def ask_for_plan(self) -> None:
        """Have everything compared as soon as may be."""
        with self._database.writing() as session:
            session.get_one(DriftWatch, WATCH_ID, with_for_update=True).planned_at = None
