"""A claim: a person asks to become the first administrator of a structure (guide CAS 2)."""

import secrets
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from onboarding_api.model.base import Base, new_id
from onboarding_api.model.membership import Membership
from onboarding_api.model.refusals import NotPossibleNow

REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class ClaimState(StrEnum):
    """`open` until the code is typed, the 30 days end, or somebody refuses or gives up."""

    OPEN = "open"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REFUSED = "refused"
    CANCELLED = "cancelled"


def new_reference() -> str:
    """A reference printed on the letter, as `BDT-7K2M-9QXA`: it names the claim, it opens nothing."""
    symbols = [secrets.choice(REFERENCE_ALPHABET) for _ in range(8)]
    return f"BDT-{''.join(symbols[:4])}-{''.join(symbols[4:])}"


class Claim(Base):
    """One claim; a structure has at most one open (security threat 13).

    `postcode` is the town hall's as the claimant gave it, where the register knows several and not which.
    """

    __tablename__ = "claim"
    __table_args__ = (
        Index(
            "uq_claim_one_open_a_structure",
            "siren",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_claim_siren", "siren"),
        Index("ix_claim_membership_id", "membership_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(String(20), unique=True, default=new_reference)
    membership_id: Mapped[str] = mapped_column(ForeignKey("membership.id"))
    siren: Mapped[str] = mapped_column(ForeignKey("structure.siren"))
    state: Mapped[ClaimState] = mapped_column(String(10), default=ClaimState.OPEN)
    claimed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    postcode: Mapped[str | None] = mapped_column(String(5))

    membership: Mapped[Membership] = relationship(lazy="joined", innerjoin=True)

    def close(self, state: ClaimState, now: datetime) -> None:
        """End the claim in one of its four ways.

        Raises:
            NotPossibleNow: it is no longer open.
        """
        if self.state != ClaimState.OPEN:
            raise NotPossibleNow("claim", self.state, state)
        self.state, self.closed_at = state, now


def open_claim(session: Session, siren: str) -> Claim | None:
    """The open claim on a structure, whoever made it."""
    return open_claims(session, (siren,)).get(siren)


def open_claims(session: Session, sirens: Collection[str]) -> dict[str, Claim]:
    """Those of several structures, in one statement."""
    wanted = select(Claim).where(Claim.siren.in_(sirens), Claim.state == ClaimState.OPEN)
    return {claim.siren: claim for claim in session.scalars(wanted)}


def last_claim(session: Session, membership_id: str) -> Claim | None:
    """The latest claim of a member, in whatever state."""
    return session.scalars(
        select(Claim).where(Claim.membership_id == membership_id).order_by(Claim.claimed_at.desc()).limit(1)
    ).one_or_none()
