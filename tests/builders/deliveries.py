"""Rows of the ledger, and a clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from onboarding_api.model.base import Database, new_id
from onboarding_api.model.delivery import Delivery

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


def put(
    database: Database,
    *,
    lane: str = "",
    kind: str = "test",
    key: str = "",
    args: dict[str, Any] | None = None,
    due: datetime = NOON,
) -> str:
    """Add one open row; its id. Without a lane it has one of its own."""
    row = Delivery(
        id=new_id(), kind=kind, lane=lane or new_id(), unique_key=key or new_id(), args=args or {}, due=due
    )
    id_ = row.id
    with database.writing() as session:
        session.add(row)
    return id_


def row_of(database: Database, delivery_id: str) -> Delivery:
    """The row as it is now, detached."""
    with database.reading() as session:
        row = session.query(Delivery).filter_by(id=delivery_id).one()
        session.expunge(row)
    return row
