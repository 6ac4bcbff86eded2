"""Conditions particulières d'utilisation: who accepted which version, for which structure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

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


@dataclass(frozen=True, slots=True)
class TermsText:
    """One version of the conditions of one espace; `sha256` is of the file as it is kept."""

    title: str
    paragraphs: tuple[str, ...]
    sha256: str


@cache
def terms_text(espace: str, version: str) -> TermsText:
    """The text in force, kept with the code so that a version never changes: a title, then paragraphs.

    Raises:
        FileNotFoundError: the catalogue names a version whose text is not there.
    """
    source = (files("onboarding_api.model") / "terms_texts" / f"{espace}@{version}.txt").read_bytes()
    title, *paragraphs = source.decode().strip().split("\n\n")
    unfolded = tuple(" ".join(paragraph.split()) for paragraph in paragraphs)
    return TermsText(title, unfolded, hashlib.sha256(source).hexdigest())
