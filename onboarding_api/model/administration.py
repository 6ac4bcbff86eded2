"""An administration: a person who decides on the habilitations of a structure."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from onboarding_api.model.base import Base, new_id
from onboarding_api.model.membership import Membership, MembershipState, siren_of_membership
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotPossibleNow


class Origin(StrEnum):
    """What made the administrator: there is no third way (policy-layer §13, lifecycle)."""

    LETTER = "letter"
    APPOINTED = "appointed"


class Rank(StrEnum):
    """The two ranks of the Caisse des Dépôts' loan services."""

    REFERENT = "referent"
    DELEGUE = "delegue"


class Administration(Base):
    """One term of one administrator; `ended_at` empty while it runs."""

    __tablename__ = "administration"
    __table_args__ = (
        Index(
            "uq_administration_one_open_a_member",
            "membership_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        ForeignKeyConstraint(["membership_id", "siren"], ["membership.id", "membership.siren"]),
        Index("ix_administration_siren", "siren"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    membership_id: Mapped[str] = mapped_column(String(36))
    siren: Mapped[str] = mapped_column(String(9), default=siren_of_membership)
    origin: Mapped[Origin] = mapped_column(String(12))
    rank: Mapped[Rank] = mapped_column(String(12), default=Rank.REFERENT)
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    membership: Mapped[Membership] = relationship(
        lazy="joined",
        innerjoin=True,
        primaryjoin=lambda: Administration.membership_id == Membership.id,
        foreign_keys=membership_id,
    )

    def end(self, now: datetime) -> None:
        """The term is over.

        Raises:
            NotPossibleNow: it was already.
        """
        if self.ended_at is not None:
            raise NotPossibleNow("administration", "ended", "end")
        self.ended_at = now


def administrators_of(session: Session, siren: str) -> tuple[Administration, ...]:
    """The administrators of a structure today, first named first. Disabled accounts administer nothing."""
    return administrators_by_siren(session, (siren,))[siren]


def administrators_by_siren(
    session: Session, sirens: Collection[str]
) -> dict[str, tuple[Administration, ...]]:
    """The same for several structures, in one statement."""
    running = (
        select(Administration)
        .join(Administration.membership)
        .join(Membership.person)
        .where(
            Administration.siren.in_(sirens),
            Membership.state == MembershipState.ATTACHED,
            Person.is_active,
            Administration.ended_at.is_(None),
        )
        .order_by(Administration.since, Administration.id)
        .options(contains_eager(Administration.membership).contains_eager(Membership.person))
    )
    found: dict[str, list[Administration]] = {siren: [] for siren in sirens}
    for term in session.scalars(running):
        found[term.siren].append(term)
    return {siren: tuple(terms) for siren, terms in found.items()}


def running_term(session: Session, membership_id: str) -> Administration | None:
    """The running term of a member, if any."""
    return session.scalars(
        select(Administration).where(
            Administration.membership_id == membership_id, Administration.ended_at.is_(None)
        )
    ).one_or_none()
