"""Rows of the ledger, and a clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from onboarding_api.delivery.ledger import Lease, Ledger
from onboarding_api.delivery.queue import Place
from onboarding_api.model.base import Database, new_id
from onboarding_api.model.ledger.delivery import Delivery, DeliveryClass, Target
from onboarding_api.model.ledger.kinds import KINDS, Kind

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class HandClock:
    """A clock moved by hand."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        """`forward(minutes=5)`."""
        self.now += timedelta(**duration)


def kind_of(
    name: str,
    target: Target = Target.KEYCLOAK,
    *classes: DeliveryClass,
    lane: str = "lane",
) -> Kind:
    """A kind of the tests' own; it gives rights unless told otherwise."""
    return Kind(name, target, frozenset(classes or {DeliveryClass.GIVING}), lane, {})


TEST = kind_of("test")
EITHER = kind_of("either", Target.KEYCLOAK, DeliveryClass.TAKING_AWAY, DeliveryClass.GIVING)
COURTESY = kind_of("courtesy", Target.MAIL, DeliveryClass.COURTESY, lane="courtesy")
HERE = Place(Target.KEYCLOAK, DeliveryClass.GIVING)
"""Where rows of the kind `test` stand."""


def put(
    database: Database,
    kind: Kind | str = TEST,
    *,
    lane: str = "",
    key: str = "",
    args: dict[str, Any] | None = None,
    due: datetime = NOON,
    of_class: DeliveryClass | None = None,
) -> str:
    """Add one open row; its id. Without a lane it has one of its own."""
    kind = KINDS[kind] if isinstance(kind, str) else kind
    row = kind.row(lane or new_id(), key=key or new_id(), args=args or {}, due=due, of_class=of_class)
    row.id = id_ = new_id()
    with database.writing() as session:
        session.add(row)
    return id_


def lease_all(ledger: Ledger, limit: int = 10) -> tuple[Lease, ...]:
    """What a worker with many threads would lease now, wherever it stands."""
    places = [Place(target, of_class) for of_class in DeliveryClass for target in Target]
    due = ledger.where_due(places)
    return tuple(lease for place in places if place in due for lease in ledger.lease(place, limit))


def row_of(database: Database, delivery_id: str) -> Delivery:
    """The row as it is now, detached."""
    with database.reading() as session:
        row = session.query(Delivery).filter_by(id=delivery_id).one()
        session.expunge(row)
    return row
