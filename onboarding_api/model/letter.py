"""A letter: it carries the activation code to the legal representative; and the tries of that code."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from onboarding_api.model.base import Base, new_id
from onboarding_api.model.claim import Claim


class LetterState(StrEnum):
    """Where the letter is (letters-and-mail §4). Simple mail never reports a delivery."""

    ASKED = "asked"
    SPOOLED = "spooled"
    SUBMITTED = "submitted"
    PRINTED = "printed"
    POSTED = "posted"
    RETURNED = "returned"
    REJECTED = "rejected"


class Letter(Base):
    """One letter of a claim. The code itself is only on paper: here its keyed fingerprint.

    `revoked_at` is set when a newer letter replaces it, the letter comes back, or the code is exhausted.
    """

    __tablename__ = "letter"
    __table_args__ = (Index("ix_letter_claim_id", "claim_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    claim_id: Mapped[str] = mapped_column(ForeignKey("claim.id"))
    state: Mapped[LetterState] = mapped_column(String(10), default=LetterState.ASKED)
    asked_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    code_key_id: Mapped[str | None] = mapped_column(String(40))
    code_fingerprint: Mapped[str | None] = mapped_column(String(64))
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    state_at: Mapped[datetime]

    claim: Mapped[Claim] = relationship(lazy="joined", innerjoin=True)


class CodeTry(Base):
    """One try of a code, kept whatever comes after: the counters are these rows."""

    __tablename__ = "code_try"
    __table_args__ = (
        Index("ix_code_try_letter_id_tried_at", "letter_id", "tried_at"),
        Index("ix_code_try_person_id_tried_at", "person_id", "tried_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    tried_at: Mapped[datetime]
    was_right: Mapped[bool]
