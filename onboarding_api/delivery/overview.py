"""What operators watch: how much waits and for how long, by target and class; what is parked; breakers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from onboarding_api.delivery.queue import Place, undelivered, waiting_at
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.breaker import Breaker, BreakerState
from onboarding_api.model.ledger.delivery import Delivery, DeliveryClass, Target, without_address

_IS_PARKED = Delivery.state == literal_column("'parked'")


@dataclass(frozen=True, slots=True)
class Waiting:
    """The undelivered rows of one place; `age` is how long the oldest has been due."""

    count: int
    age: timedelta


@dataclass(frozen=True, slots=True)
class Parked:
    """A row that waits for an operator; ids only."""

    id: str
    kind: str
    of_class: DeliveryClass
    args: Mapping[str, Any]
    attempts: int
    last_error: str


@dataclass(frozen=True, slots=True)
class Counters:
    """The figures of the ledger; places where nothing waits are not named."""

    waiting: Mapping[Place, Waiting]
    parked: Mapping[DeliveryClass, int]
    open_by_kind: Mapping[str, int]
    breakers: Mapping[Target, BreakerState]

    @property
    def oldest_age(self) -> timedelta:
        """How long the oldest due row of all has been waiting."""
        return max((each.age for each in self.waiting.values()), default=timedelta())

    @property
    def are_rights_stuck(self) -> bool:
        """A right that should be gone is not, until an operator acts."""
        return self.parked.get(DeliveryClass.TAKING_AWAY, 0) > 0


def counters(database: Database, clock: Callable[[], datetime]) -> Counters:
    """The figures of this moment."""
    now = clock()
    with database.reading() as session:
        parked = session.execute(
            select(Delivery.of_class, func.count()).where(_IS_PARKED).group_by(Delivery.of_class)
        )
        kinds = session.execute(
            select(Delivery.kind, func.count()).where(undelivered(Delivery.state)).group_by(Delivery.kind)
        )
        return Counters(
            waiting=_waiting(session, now),
            parked={DeliveryClass(of_class): count for of_class, count in parked},
            open_by_kind={kind: count for kind, count in kinds},
            breakers={target: BreakerState.CLOSED for target in Target}
            | {Target(row.target): row.state(now) for row in session.scalars(select(Breaker))},
        )


def _waiting(session: Session, now: datetime) -> dict[Place, Waiting]:
    found = {}
    for place in (Place(target, of_class) for target in Target for of_class in DeliveryClass):
        count, oldest = session.execute(
            select(func.count(), func.min(Delivery.first_due)).where(waiting_at(place))
        ).one()
        if count:
            found[place] = Waiting(count, max(now - oldest, timedelta()))
    return found


def parked(database: Database, most: int = 100) -> tuple[Parked, ...]:
    """The parked rows, oldest first."""
    columns = (Delivery.id, Delivery.kind, Delivery.of_class, Delivery.args, Delivery.attempts)
    rows = select(*columns, Delivery.last_error).where(_IS_PARKED).order_by(Delivery.sequence).limit(most)
    with database.reading() as session:
        return tuple(
            Parked(id_, kind, DeliveryClass(of_class), without_address(args), attempts, error or "")
            for id_, kind, of_class, args, attempts, error in session.execute(rows)
        )
