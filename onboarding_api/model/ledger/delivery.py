"""A delivery: something that must leave the house (transactional outbox)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Connection,
    Dialect,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    event,
    text,
)
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, Mapper, mapped_column
from sqlalchemy.types import TypeDecorator

from onboarding_api.model.base import Base, new_id
from onboarding_api.model.refusals import NotPossibleNow

CHANNEL = "delivery"
"""Where PostgreSQL tells the workers, at the commit, that a row arrived."""


ADDRESS = "address"
"""An e-mail typed by whoever is not logged in, which may have no account."""
TYPED = "typed"
"""What else was typed to register."""
_PERSONAL = frozenset({ADDRESS, TYPED})
"""The arguments that are no ids; they are forgotten when the row is over."""


class DeliveryState(StrEnum):
    """`sending` tells that the effect may have happened once already."""

    OPEN = "open"
    SENDING = "sending"
    DONE = "done"
    PARKED = "parked"
    CANCELLED = "cancelled"


class Target(StrEnum):
    """Where deliveries go. Each has threads and a breaker of its own: no one of them holds another up."""

    KEYCLOAK = "keycloak"
    WELCOME = "welcome"
    MAIL = "mail"
    LETTER = "letter"
    TIMERS = "timers"


class DeliveryClass(IntEnum):
    """What a delivery does to rights; the lower number goes first (see `delivery.kinds`)."""

    TAKING_AWAY = 0
    GIVING = 1
    COURTESY = 2


class Arguments(TypeDecorator[Any]):
    """The JSON of `args`; None for what is none, which SQLite keeps too: one row is not to stop all."""

    impl = JSON
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """From the database: as JSON does, without its error."""
        decode = super().result_processor(dialect, coltype)

        def tolerant(value: Any) -> Any:
            try:
                return decode(value) if decode else value
            except ValueError:
                return None

        return tolerant


# A literal predicate: a partial index is not used with bound parameters.
_UNDELIVERED = text("state IN ('open', 'sending')")
_PARKED = text("state = 'parked'")


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values)


def _due_of(context: DefaultExecutionContext) -> datetime:
    due: datetime = context.get_current_parameters()["due"]  # type: ignore[no-untyped-call]
    return due


class Delivery(Base):
    """A row states the goal ("make person P match"), not the step, so that a repeat is harmless.

    `args` holds ids only: never a code, and an ADDRESS or what was TYPED until the row is over. Rows of one
    `lane` leave in order.
    `sequence` orders the rows of a lane: it is the order of the decisions, as long as the row is added after
    the journal entry, whose head makes writers queue.
    `attempts` only ever grows, so that targets can tell a late attempt from the last one; `forgiven` are
    those that came before an operator re-opened the row.
    `due` moves with each failure, `first_due` does not: since then it has been waiting.
    `doubts` counts the times that the effect may have happened without our having been told.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index(
            "ix_delivery_due",
            *("target", "of_class", "due", "sequence"),
            sqlite_where=_UNDELIVERED,
            postgresql_where=_UNDELIVERED,
        ),
        Index("ix_delivery_lane", "lane", "sequence"),
        Index("ix_delivery_held", "lane", sqlite_where=_UNDELIVERED, postgresql_where=_UNDELIVERED),
        Index("ix_delivery_parked", "sequence", sqlite_where=_PARKED, postgresql_where=_PARKED),
        CheckConstraint(f"target IN ({_listed(map(repr, map(str, Target)))})", "target"),
        CheckConstraint(f"of_class IN ({_listed(map(str, map(int, DeliveryClass)))})", "of_class"),
    )

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(36), unique=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(60))
    target: Mapped[Target] = mapped_column(String(10))
    of_class: Mapped[DeliveryClass] = mapped_column(SmallInteger)
    lane: Mapped[str] = mapped_column(String(80))
    unique_key: Mapped[str] = mapped_column(String(160), unique=True)
    args: Mapped[Any] = mapped_column(Arguments)
    state: Mapped[DeliveryState] = mapped_column(String(10), default=DeliveryState.OPEN)
    due: Mapped[datetime]
    first_due: Mapped[datetime] = mapped_column(default=_due_of)
    attempts: Mapped[int] = mapped_column(default=0)
    forgiven: Mapped[int] = mapped_column(default=0)
    doubts: Mapped[int] = mapped_column(default=0)
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
        self.state, self.due, self.first_due = DeliveryState.OPEN, now, now
        self.forgiven, self.doubts = self.attempts, 0


def without_address(args: Any) -> dict[str, Any]:
    """What stays of the arguments when the row is over; nothing of what are none."""
    return (
        {name: value for name, value in args.items() if name not in _PERSONAL}
        if isinstance(args, Mapping)
        else {}
    )


@event.listens_for(Delivery, "after_insert")
def _notify_workers(_mapper: Mapper[Delivery], connection: Connection, _row: Delivery) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}")
