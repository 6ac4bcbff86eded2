"""What happened, as rows and as lines of the journal; kept until it is written in order of time."""

import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from onboarding_api.model.base import Base
from onboarding_api.model.event import Event

MOMENT = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""The present of the data set: what is open is open then, and every age is counted from it."""
LATEST = MOMENT - timedelta(minutes=10)
"""Nothing is asked, decided or accepted later: who leaves at last leaves nothing behind."""
BEGINNING = MOMENT - timedelta(days=1400)
_BETWEEN_CLAIMS = timedelta(days=45)
"""Of one person: at most three letters may be asked in thirty days."""

Row = dict[str, Any]


class Told(NamedTuple):
    """One line of the journal to be; `refs` are the ids by which what leaves the house is known."""

    at: datetime
    order: int
    event: Event
    actor_id: str | None
    siren: str | None
    subject: str
    details: Row
    person_id: str
    refs: Mapping[str, str] | None
    ends_at: datetime | None


class Chronicle:
    """The rows of each table, the events, and what later chapters must know of earlier ones."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - examples, no secret
        self.rows: defaultdict[type[Base], list[Row]] = defaultdict(list)
        self.events: list[Told] = []
        self.arrived: dict[str, datetime] = {}
        self.administrators: set[str] = set()
        self._last_claim: dict[str, datetime] = {}

    def new_id(self) -> str:
        """A UUID of this seed."""
        return str(UUID(int=self.dice.getrandbits(128), version=4))

    def chance(self, probability: float) -> bool:
        """Whether something happens that happens so often."""
        return self.dice.random() < probability

    def between(self, earliest: datetime, latest: datetime) -> datetime:
        """A moment, to the second; the earliest when there is no room."""
        seconds = max(0, int((latest - earliest).total_seconds()))
        return earliest + timedelta(seconds=self.dice.randrange(seconds + 1))

    def write(self, model: type[Base], **values: Any) -> None:
        """A row of a table."""
        self.rows[model].append(values)

    def tell(
        self,
        at: datetime,
        event: Event,
        subject: str,
        person_id: str,
        *,
        actor_id: str | None = None,
        siren: str | None = None,
        before: str | None = None,
        after: str | None = None,
        refs: Mapping[str, str] | None = None,
        ends_at: datetime | None = None,
        **details: Any,
    ) -> None:
        """A line of the journal; with `refs`, what leaves the house after it is in the ledger too."""
        told = {"before": before, "after": after, **details}
        order = len(self.events)
        self.events.append(Told(at, order, event, actor_id, siren, subject, told, person_id, refs, ends_at))

    def claims_at(
        self, person_id: str, earliest: datetime, latest: datetime, first_by: datetime | None = None
    ) -> datetime | None:
        """When a person asks for her next letter; None when there is no room for it after her last one.

        Args:
            person_id: who asks.
            earliest: not before.
            latest: not after.
            first_by: her first one is asked by then, since many more will follow.
        """
        last = self._last_claim.get(person_id)
        if last is None:
            latest = first_by or latest
        elif last + _BETWEEN_CLAIMS > earliest:
            earliest = last + _BETWEEN_CLAIMS
            latest = min(latest, earliest + timedelta(days=3))
        if earliest > latest:
            return None
        at = self._last_claim[person_id] = self.between(earliest, latest)
        return at
