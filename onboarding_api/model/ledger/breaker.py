"""A breaker: whether a target of deliveries answers, as all workers together have seen it."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from onboarding_api.model.base import Base
from onboarding_api.model.ledger.delivery import Target

LONGEST_PAUSE = timedelta(seconds=10)


class BreakerState(StrEnum):
    """`half_open`: the pause is over, and one row may try."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker(Base):
    """Of one target; no row means that it never failed.

    `failures` are those without an answer since the last answer; `open_until` is when the next row may try.
    """

    __tablename__ = "breaker"

    target: Mapped[Target] = mapped_column(String(10), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    open_until: Mapped[datetime | None]

    def state(self, now: datetime) -> BreakerState:
        """Whether rows may go to the target now."""
        if self.open_until is None:
            return BreakerState.CLOSED
        # No pause is longer: what ends later was written by a clock that has been set back since.
        is_open = now < self.open_until <= now + LONGEST_PAUSE
        return BreakerState.OPEN if is_open else BreakerState.HALF_OPEN

    def failed(self, now: datetime, opens_after: int, pause: timedelta) -> None:
        """The target gave no answer. Rows that were under way when it opened change nothing any more."""
        if self.open_until is None:
            self.failures += 1
            if self.failures >= opens_after:
                self.open_until = now + pause

    def probed(self, now: datetime, opens_after: int, pause: timedelta) -> None:
        """One row tries; should it fail, or its worker die, the next one may after twice as long."""
        self.failures += 1
        doubled = pause * 2 ** min(max(self.failures - opens_after, 0), 10)
        self.open_until = now + min(doubled, LONGEST_PAUSE)

    def answered(self) -> None:
        """The target is there, whatever it said."""
        self.failures, self.open_until = 0, None
