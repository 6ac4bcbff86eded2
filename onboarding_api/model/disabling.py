"""Who was shut out, by whom, and who let her in again. Kept: the last row says how things stand."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from onboarding_api.model.base import Base, new_id
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotPossibleNow


class DisabledBy(StrEnum):
    """Who shuts a person out."""

    KEYCLOAK = "keycloak"
    """An emergency act at Keycloak's console, found by a projection or by the drift watch."""
    DESK = "desk"
    """The security desk, or an operator's command."""


class Disabling(Base):
    """One time that a person was shut out.

    `woken_at` lets her in here; `enabled_at` is when Keycloak followed, or she was shut out anew. Between the
    two, and only then, a projection may enable her account: it never does so by the way.
    """

    __tablename__ = "disabling"
    __table_args__ = (
        CheckConstraint("disabled_by IN ('keycloak', 'desk')", name="disabled_by_known"),
        CheckConstraint("woken_at IS NOT NULL OR enabled_at IS NULL", name="woken_before_enabled"),
        Index(
            "uq_disabling_one_open_a_person",
            "person_id",
            unique=True,
            sqlite_where=text("enabled_at IS NULL"),
            postgresql_where=text("enabled_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    disabled_at: Mapped[datetime]
    disabled_by: Mapped[DisabledBy] = mapped_column(String(10))
    woken_at: Mapped[datetime | None]
    enabled_at: Mapped[datetime | None]


def disable(session: Session, person: Person, by: DisabledBy, now: datetime) -> bool:
    """Shut a person out. False when she was already; who did it first stays written."""
    if not person.is_active:
        return False
    waking = open_disabling(session, person.id)
    if waking:  # woken, and shut out again before Keycloak followed
        waking.enabled_at = now
        session.flush()
    person.is_active = False
    session.add(Disabling(person_id=person.id, disabled_at=now, disabled_by=by))
    return True


def wake(session: Session, person: Person, now: datetime) -> None:
    """Let a person in again; the next projection enables her account.

    Raises:
        NotPossibleNow: she is not shut out.
    """
    if person.is_active:
        raise NotPossibleNow("person", "active", "wake")
    found = open_disabling(session, person.id)
    if found is None:  # shut out before this table was
        found = Disabling(person_id=person.id, disabled_at=now, disabled_by=DisabledBy.DESK)
        session.add(found)
    found.woken_at = now
    person.is_active = True


def note_enabled(session: Session, person_id: str, now: datetime) -> None:
    """Keycloak has followed. Unless she was shut out again meanwhile: that one is not over."""
    found = open_disabling(session, person_id)
    if found and found.woken_at:
        found.enabled_at = now


def open_disabling(session: Session, person_id: str) -> Disabling | None:
    """The one that Keycloak has not seen the end of."""
    found = select(Disabling).where(Disabling.person_id == person_id, Disabling.enabled_at.is_(None))
    return session.scalars(found).one_or_none()
