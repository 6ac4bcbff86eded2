"""A delivery: something that must leave the house (transactional outbox)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from onboarding_api.model.base import Base, new_id


class DeliveryState(StrEnum):
    """`sending` tells that the effect may have happened once already."""

    OPEN = "open"
    SENDING = "sending"
    DONE = "done"
    PARKED = "parked"
    CANCELLED = "cancelled"


class Delivery(Base):
    """A row states the goal ("make person P match"), not the step, so that a repeat is harmless.

    `args` holds ids only: never a name, an address or a code. Rows of one `lane` leave in order.
    `sequence` orders the rows of a lane: it is the order of the decisions.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        # Literal predicates: a partial index is not used with bound parameters.
        Index(
            "ix_delivery_due",
            "due",
            "sequence",
            sqlite_where=text("state IN ('open', 'sending')"),
            postgresql_where=text("state IN ('open', 'sending')"),
        ),
        Index(
            "ix_delivery_lane",
            "lane",
            "sequence",
            sqlite_where=text("state IN ('open', 'sending')"),
            postgresql_where=text("state IN ('open', 'sending')"),
        ),
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
    lease_until: Mapped[datetime | None]
    owner: Mapped[str | None] = mapped_column(String(36))
    last_error: Mapped[str | None] = mapped_column(String(300))
    journal_seq: Mapped[int | None] = mapped_column(ForeignKey("journal.seq"))
    done_at: Mapped[datetime | None]
