"""A delivery: something that must leave the house (transactional outbox)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, ForeignKey, Index, String, event, text
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from onboarding_api.model.base import Base, new_id
from onboarding_api.model.refusals import NotPossibleNow

CHANNEL = "delivery"
"""Where PostgreSQL tells the workers, at the commit, that a row arrived."""


ADDRESS = "address"
"""The one argument that is no id: an e-mail typed on « Identifiant oublié ? », which may have no account."""


class DeliveryState(StrEnum):
    """`sending` tells that the effect may have happened once already."""

    OPEN = "open"
    SENDING = "sending"
    DONE = "done"
    PARKED = "parked"
    CANCELLED = "cancelled"


# A literal predicate: a partial index is not used with bound parameters.
_UNDELIVERED = text("state IN ('open', 'sending')")


class Delivery(Base):
    """A row states the goal ("make person P match"), not the step, so that a repeat is harmless.

    `args` holds ids only: never a name or a code, and an ADDRESS until the row is over. Rows of one `lane`
    leave in order.
    `sequence` orders the rows of a lane: it is the order of the decisions, as long as the row is added after
    the journal entry, whose head makes writers queue.
    `attempts` only ever grows, so that targets can tell a late attempt from the last one; `forgiven` are
    those that came before an operator re-opened the row.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_due", "due", "sequence", sqlite_where=_UNDELIVERED, postgresql_where=_UNDELIVERED),
        Index("ix_delivery_lane", "lane", "sequence"),
    )

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(36), unique=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(60))
    lane: Mapped[str] = mapped_column(String(80))
    unique_key: Mapped[str] = mapped_column(String(160), unique=True)
    args: Mapped[dict[str, Any]]
    state: Mapped[DeliveryState] = mapped_column(String(10), default=DeliveryState.OPEN)
    due: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    forgiven: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    owner: Mapped[str | None] = mapped_column(String(36))
    last_error: Mapped[str | None] = mapped_column(String(300))
    journal_seq: Mapped[int | None] = mapped_column(ForeignKey("journal.seq"))
    done_at: Mapped[datetime | None]

    def cancel(self) -> None:
        """It must not leave any more; a worker that is at it loses its lease.

        Raises:
            NotPossibleNow: it has left, or was cancelled before.
        """
        if self.state in (DeliveryState.DONE, DeliveryState.CANCELLED):
            raise NotPossibleNow("delivery", self.state, "cancel")
        self.state, self.owner, self.lease_until = DeliveryState.CANCELLED, None, None
        self.args = without_address(self.args)

    def reopen(self, now: datetime) -> None:
        """An operator removed the cause: due now, with all its tries again.

        Raises:
            NotPossibleNow: it is not parked.
        """
        if self.state != DeliveryState.PARKED:
            raise NotPossibleNow("delivery", self.state, "reopen")
        self.state, self.due, self.forgiven = DeliveryState.OPEN, now, self.attempts


def without_address(args: Mapping[str, Any]) -> dict[str, Any]:
    """What stays of the arguments when the row is over."""
    return {name: value for name, value in args.items() if name != ADDRESS}


@event.listens_for(Delivery, "after_insert")
def _notify_workers(_mapper: Mapper[Delivery], connection: Connection, _row: Delivery) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}")
