"""A professional e-mail that was typed and is not yet known to be read by who typed it (GS-16)."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, delete, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from onboarding_api.model.base import Base, new_id
from onboarding_api.model.membership import Membership
from onboarding_api.model.refusals import NotPossibleNow
from onboarding_api.model.words.contact import EmailAddress

LASTS = timedelta(hours=24)


class EmailChange(Base):
    """One change asked for; its id is told to the new address alone, and who confirms it reads mails there.

    `replaced` is the address that stood there before, kept to tell its reader.
    """

    __tablename__ = "email_change"
    __table_args__ = (
        Index(
            "uq_email_change_one_open_a_membership",
            "membership_id",
            unique=True,
            sqlite_where=text("confirmed_at IS NULL"),
            postgresql_where=text("confirmed_at IS NULL"),
        ),
        Index("ix_email_change_membership_id", "membership_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    membership_id: Mapped[str] = mapped_column(ForeignKey("membership.id"))
    email: Mapped[str] = mapped_column(EmailAddress)
    replaced: Mapped[str | None] = mapped_column(EmailAddress)
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]

    membership: Mapped[Membership] = relationship(lazy="joined", innerjoin=True)

    def is_waiting(self, now: datetime) -> bool:
        """Whether it can be confirmed."""
        return self.confirmed_at is None and now - self.asked_at < LASTS

    def confirm(self, now: datetime) -> None:
        """The new address takes the place of the old one.

        Raises:
            NotPossibleNow: too late, or it was done.
        """
        if not self.is_waiting(now):
            raise NotPossibleNow("email_change", "over", "confirm")
        self.replaced, self.confirmed_at = self.membership.email, now
        self.membership.email = self.email


def waiting_change(session: Session, membership_id: str, now: datetime) -> EmailChange | None:
    """The change of a member that waits to be confirmed."""
    rows = select(EmailChange).where(
        EmailChange.membership_id == membership_id, EmailChange.confirmed_at.is_(None)
    )
    change = session.scalars(rows).one_or_none()
    return change if change and change.is_waiting(now) else None


def forget_waiting(session: Session, membership_id: str) -> None:
    """A change asked for before is none any more: its link opens nothing."""
    waits = (EmailChange.membership_id == membership_id, EmailChange.confirmed_at.is_(None))
    session.execute(delete(EmailChange).where(*waits))
