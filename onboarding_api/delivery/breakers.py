"""The breakers of the targets: one that gives no answer is left alone for a while, then asked by one row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from onboarding_api.model.base import Database
from onboarding_api.model.ledger.breaker import LONGEST_PAUSE, Breaker, BreakerState
from onboarding_api.model.ledger.delivery import Target


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """A breaker opens after so many failures without an answer between them, for so long at first.

    Raises:
        ValueError: numbers that no breaker can have.
    """

    opens_after: int = 5
    pause: timedelta = timedelta(seconds=2)

    def __post_init__(self) -> None:
        if self.opens_after < 1 or not timedelta() < self.pause <= LONGEST_PAUSE:
            longest = LONGEST_PAUSE.seconds
            raise ValueError(f"a breaker opens after one failure or more, for {longest} s at most")


class Breakers:
    """In the database: several workers learn from one another, and operators see them.

    Args:
        database: where they are.
        clock: the ledger's.
        rule: when they open.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime], rule: BreakerRule) -> None:
        self._database, self._clock, self._rule = database, clock, rule
        self._troubled: frozenset[Target] = frozenset()

    def look(self) -> Mapping[Target, BreakerState]:
        """How each target is now, as far as it ever failed."""
        now = self._clock()
        with self._database.reading() as session:
            rows = session.scalars(select(Breaker)).all()
            self._troubled = frozenset(Target(row.target) for row in rows if row.failures)
            return {Target(row.target): row.state(now) for row in rows}

    def may_probe(self, target: Target) -> bool:
        """Take the one try of a half-open breaker; whoever comes second gets none."""
        now = self._clock()
        with self._database.writing() as session:
            row = session.get(Breaker, target, with_for_update=True)
            if row is None or row.state(now) is not BreakerState.HALF_OPEN:
                return False
            row.probed(now, self._rule.opens_after, self._rule.pause)
            return True

    def failed(self, target: Target) -> None:
        """A row went to the target and got no answer."""
        now = self._clock()
        try:
            self._note_failure(target, now)
        except IntegrityError:  # another worker has just written the first failure of all
            self._note_failure(target, now)

    def _note_failure(self, target: Target, now: datetime) -> None:
        with self._database.writing() as session:
            row = session.get(Breaker, target, with_for_update=True)
            if row is None:
                row = Breaker(target=target, failures=0, open_until=None)
                session.add(row)
            row.failed(now, self._rule.opens_after, self._rule.pause)

    def answered(self, target: Target) -> None:
        """A row went to the target and got an answer."""
        if target not in self._troubled:
            return
        with self._database.writing() as session:
            row = session.get(Breaker, target, with_for_update=True)
            if row:
                row.answered()
