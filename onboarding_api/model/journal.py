"""The journal: who did what, when, under which rules. Rows are chained, so that an edit shows."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Index, String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from onboarding_api.model.base import Base
from onboarding_api.model.event import Event

GENESIS = "0" * 64
ROWS_AT_A_TIME = 1000


class JournalEntry(Base):
    """One thing that happened. Ids, codes and digests only, no personal text (CNIL, logs 2021).

    `decision` is the policy decision in the form that `bdt policy replay` reads.
    `details` holds the states before and after, and what else the event needs.
    """

    __tablename__ = "journal"
    __table_args__ = (
        Index("ix_journal_siren", "siren"),
        Index("ix_journal_actor_id", "actor_id"),
        Index("ix_journal_subject", "subject"),
    )

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    event: Mapped[Event] = mapped_column(String(60))
    actor_id: Mapped[str | None] = mapped_column(String(36))
    siren: Mapped[str | None] = mapped_column(String(9))
    subject: Mapped[str] = mapped_column(String(80))
    details: Mapped[dict[str, Any]]
    decision: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    def expected_hash(self) -> str:
        """SHA-256 of the row's facts and of the row before it."""
        facts = {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "event": self.event,
            "actor": self.actor_id,
            "siren": self.siren,
            "subject": self.subject,
            "details": self.details,
            "decision": self.decision,
            "previous": self.previous_hash,
        }
        text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


class JournalHead(Base):
    """The last row of the chain; one row, locked by each writer, so that the chain never forks."""

    __tablename__ = "journal_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


# Another writer may have moved the head since this session read it last: it is always read again.
_LOCKED_HEAD = select(JournalHead).with_for_update().execution_options(populate_existing=True)


def append(session: Session, entry: JournalEntry) -> JournalEntry:
    """Chain an entry behind the last one, in the caller's transaction."""
    head = session.scalars(_LOCKED_HEAD).one_or_none() or _first_head(session)
    entry.seq, entry.previous_hash = head.seq + 1, head.hash
    entry.hash = entry.expected_hash()
    head.seq, head.hash = entry.seq, entry.hash
    session.add(entry)
    session.flush()
    return entry


def _first_head(session: Session) -> JournalHead:
    # Two first writers at once: the second waits here for the first one to commit, then takes its head.
    with suppress(IntegrityError), session.begin_nested():
        session.add(JournalHead(id=1, seq=0, hash=GENESIS))
    return session.scalars(_LOCKED_HEAD).one()


def happened_since(session: Session, event: Event, subject: str, moment: datetime) -> bool:
    """Whether the event happened to the subject after a moment."""
    found = select(JournalEntry.seq).where(
        JournalEntry.subject == subject, JournalEntry.event == event, JournalEntry.at > moment
    )
    return session.scalars(found.limit(1)).first() is not None


def decisions_since(session: Session, moment: datetime | None) -> Iterator[dict[str, Any]]:
    """Each decision of the rules from a moment on (None: all), once, in the order of the journal.

    What else an act records repeats its decision, at the same moment.
    """
    rows = select(JournalEntry.at, JournalEntry.decision).order_by(JournalEntry.seq)
    if moment is not None:
        rows = rows.where(JournalEntry.at >= moment)
    found = session.execute(rows.execution_options(yield_per=ROWS_AT_A_TIME))
    for _, together in groupby(found, key=lambda row: row.at):
        told: list[dict[str, Any]] = []
        for row in together:
            if row.decision and row.decision not in told:
                told.append(row.decision)
                yield row.decision


def first_broken_link(session: Session) -> int | None:
    """The `seq` of the first row that does not fit the chain, or None when it is whole.

    A cut tail shows too: the head must be the last row.
    """
    previous, seq = GENESIS, 0
    for entry in session.scalars(select(JournalEntry).order_by(JournalEntry.seq)):
        seq += 1
        if (entry.seq, entry.previous_hash) != (seq, previous) or entry.hash != entry.expected_hash():
            return entry.seq
        previous = entry.hash
    head = session.get(JournalHead, 1)
    is_last = (head.seq, head.hash) == (seq, previous) if head else seq == 0
    return None if is_last else seq + 1
