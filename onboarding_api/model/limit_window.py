"""What was done lately under one limit: one row a key, so that several processes count together."""

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from onboarding_api.model.base import Base


class LimitWindow(Base):
    """`key` is a keyed digest: neither an address nor a network stands here in clear.

    `hits` are milliseconds since 1970, the oldest first; the row may go after `ends_at`.
    """

    __tablename__ = "limit_window"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    hits: Mapped[list[int]] = mapped_column(JSON)
    ends_at: Mapped[datetime] = mapped_column(index=True)
