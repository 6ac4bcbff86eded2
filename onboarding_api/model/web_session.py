"""A session of the portal: on the server, found by the digest of a random cookie."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from onboarding_api.model.base import Base


class WebSession(Base):
    """`token_digest` is the SHA-256 of the cookie, so that a copy of the table opens nothing.

    `keycloak_sid` is the session id of the ID token (24 characters, not a UUID), for back-channel log-out.
    """

    __tablename__ = "web_session"
    __table_args__ = (Index("ix_web_session_keycloak_sid", "keycloak_sid"),)

    token_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    keycloak_sid: Mapped[str | None] = mapped_column(String(64))
    values: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
