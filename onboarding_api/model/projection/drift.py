"""What Keycloak was found to be and nobody here had decided; and how far the watch over it has read."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from onboarding_api.model.base import Base, new_id

WATCH_ID = 1


class Drift(Base):
    """One difference found. Names no person but by her id here, or Keycloak's where we have none.

    `kind` and `answer` are those of the watch's policy. `event_id` is that of Keycloak's admin event, and
    `by_user`, `by_client`, `by_address` are its author's; none for what a plan found.
    """

    __tablename__ = "drift"
    __table_args__ = (
        Index("uq_drift_event_kind_subject", "event_id", "kind", "subject", unique=True),
        Index("ix_drift_found_at", "found_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(255))
    answer: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(String(1000))
    found_at: Mapped[datetime]
    happened_at: Mapped[datetime | None]
    event_id: Mapped[str | None] = mapped_column(String(36))
    by_user: Mapped[str | None] = mapped_column(String(255))
    by_client: Mapped[str | None] = mapped_column(String(255))
    by_address: Mapped[str | None] = mapped_column(String(64))

    def __str__(self) -> str:
        when = (self.happened_at or self.found_at).isoformat(timespec="seconds")
        by = f"by {self.by_user} through {self.by_client} from {self.by_address}"
        who = by if self.event_id else "by a full plan"
        return f"{when}  {self.answer:6}  {self.kind}  {self.subject}  {who}: {self.words}"

    def document(self) -> dict[str, str | None]:
        """For programs."""
        named = ("kind", "subject", "answer", "words", "by_user", "by_client", "by_address", "event_id")
        moments = {"found_at": self.found_at, "happened_at": self.happened_at}
        return {name: getattr(self, name) for name in named} | {
            name: moment.isoformat() if moment else None for name, moment in moments.items()
        }


class DriftWatch(Base):
    """One row: which worker watches, how far it has read, and what the last full plan said.

    `read_until` is the moment of the last event read; before the overlap there is nothing to read again.
    `plan` counts differences by kind.
    """

    __tablename__ = "drift_watch"
    __table_args__ = (CheckConstraint(f"id = {WATCH_ID}", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    owner: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]
    read_until: Mapped[datetime | None]
    planned_at: Mapped[datetime | None]
    plan: Mapped[dict[str, Any]]


def found_since(session: Session, moment: datetime) -> Iterator[Drift]:
    """What was found since then, oldest first."""
    rows = select(Drift).where(Drift.found_at >= moment).order_by(Drift.found_at, Drift.id)
    yield from session.scalars(rows)
