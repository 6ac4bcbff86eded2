"""A person's place in a structure: attached, with a profile of its own there, and an e-mail to confirm."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, delete, select, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from onboarding_api.model.base import Base, new_id
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotPossibleNow
from onboarding_api.model.structure import Structure
from onboarding_api.model.words.contact import EmailAddress

EMAIL_CHANGE_LASTS = timedelta(hours=24)


class MembershipState(StrEnum):
    """Attached, or left. A member who comes back gets a new row: the history stays."""

    ATTACHED = "attached"
    LEFT = "left"


class Membership(Base):
    """One person in one structure, from attaching to leaving; it gives no right by itself (GS-10)."""

    __tablename__ = "membership"
    __table_args__ = (
        Index(
            "uq_membership_one_open_stay",
            "person_id",
            "siren",
            unique=True,
            sqlite_where=text("state = 'attached'"),
            postgresql_where=text("state = 'attached'"),
        ),
        Index("ix_membership_siren", "siren"),
        Index("ix_membership_person_id_siren", "person_id", "siren"),
        # What a row elsewhere says of its structure can only be what its membership says.
        Index("uq_membership_id_siren", "id", "siren", unique=True),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    siren: Mapped[str] = mapped_column(ForeignKey("structure.siren"))
    state: Mapped[MembershipState] = mapped_column(String(10), default=MembershipState.ATTACHED)
    telephone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(EmailAddress)
    fonction: Mapped[str | None] = mapped_column(String(40))
    attached_at: Mapped[datetime]
    left_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    structure: Mapped[Structure] = relationship(lazy="joined", innerjoin=True)

    @property
    def is_attached(self) -> bool:
        """Whether the membership is open."""
        return self.state == MembershipState.ATTACHED

    def leave(self, now: datetime) -> None:
        """End the membership (guide G-23).

        Raises:
            NotPossibleNow: it has already ended.
        """
        if not self.is_attached:
            raise NotPossibleNow("membership", self.state, "leave")
        self.state = MembershipState.LEFT
        self.left_at = now


def siren_of_membership(context: DefaultExecutionContext) -> str:
    """The structure of a row that hangs on a membership: kept with the row, so that lists need no join."""
    membership_id = context.get_current_parameters()["membership_id"]  # type: ignore[no-untyped-call]
    found = context.connection.scalar(select(Membership.siren).where(Membership.id == membership_id))
    return str(found)


def open_membership(session: Session, person_id: str, siren: str) -> Membership | None:
    """The open membership of a person in a structure, if any."""
    return session.scalars(
        select(Membership).where(
            Membership.person_id == person_id,
            Membership.siren == siren,
            Membership.state == MembershipState.ATTACHED,
        )
    ).one_or_none()


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
        return self.confirmed_at is None and now - self.asked_at < EMAIL_CHANGE_LASTS

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
