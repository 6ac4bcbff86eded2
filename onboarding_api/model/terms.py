"""Conditions particulières d'utilisation: who accepted which version, for which structure."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from onboarding_api.model.base import Base, new_id


class TermsAcceptance(Base):
    """Proof of an acceptance: a person accepts in the name of one structure, so it hangs on the membership.

    `text_sha256` is the digest of the text that was shown.
    """

    __tablename__ = "terms_acceptance"
    __table_args__ = (UniqueConstraint("membership_id", "espace", "version"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    membership_id: Mapped[str] = mapped_column(ForeignKey("membership.id"))
    espace: Mapped[str] = mapped_column(String(60))
    version: Mapped[str] = mapped_column(String(20))
    text_sha256: Mapped[str] = mapped_column(String(64))
    accepted_at: Mapped[datetime]
