"""A letter: it carries the activation code to the legal representative; and the tries of that code."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, Index, String, and_, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from onboarding_api.model.base import Base, new_id
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.first_administrator.validity import expires_at
from onboarding_api.model.membership import Membership
from policies.catalogue.loader import load_catalogue

# What the rules G-CODE-TRIES-* and G-LETTER-* allow; pages tell what is left of it.
_LIMITS = load_catalogue().limits
TRIES_PER_WINDOW = _LIMITS.tries_per_window
TRY_WINDOW = _LIMITS.try_window
TRIES_IN_ALL = _LIMITS.tries_in_all
LETTER_INTERVAL = _LIMITS.letter_interval
LETTERS_PER_PERIOD = _LIMITS.letters_per_period
LETTER_PERIOD = _LIMITS.letter_period


class LetterState(StrEnum):
    """Where the letter is (letters-and-mail §4). Simple mail never reports a delivery."""

    ASKED = "asked"
    HANDED_OVER = "handed_over"
    SUBMITTED = "submitted"
    PRINTED = "printed"
    POSTED = "posted"
    RETURNED = "returned"
    REJECTED = "rejected"


S = LetterState

TRANSITIONS: Mapping[LetterState, tuple[LetterState, ...]] = MappingProxyType(
    {
        S.ASKED: (S.HANDED_OVER, S.SUBMITTED, S.PRINTED, S.POSTED, S.RETURNED, S.REJECTED),
        S.HANDED_OVER: (S.SUBMITTED, S.PRINTED, S.POSTED, S.RETURNED, S.REJECTED),
        S.SUBMITTED: (S.PRINTED, S.POSTED, S.RETURNED, S.REJECTED),
        S.PRINTED: (S.POSTED, S.RETURNED, S.REJECTED),
        S.POSTED: (S.RETURNED, S.REJECTED),
        S.RETURNED: (),
        S.REJECTED: (),
    }
)
"""Where news take a letter: forwards, over what a carrier does not report, and never back."""

HANDED_OVER_FROM = (S.ASKED, S.REJECTED)
"""A letter that was rejected leaves after all when an operator has removed the cause."""


class Letter(Base):
    """One letter of a claim. The code itself is only on paper: here its keyed fingerprint.

    `revoked_at` is set when a newer letter replaces it, the letter comes back, or the code is exhausted.
    `carrier_ref` is the number under which its carrier knows it, from the receipt.
    """

    __tablename__ = "letter"
    __table_args__ = (Index("ix_letter_claim_id", "claim_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    claim_id: Mapped[str] = mapped_column(ForeignKey("claim.id"))
    state: Mapped[LetterState] = mapped_column(String(20), default=LetterState.ASKED)
    asked_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    code_key_id: Mapped[str | None] = mapped_column(String(40))
    code_fingerprint: Mapped[str | None] = mapped_column(String(64))
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    state_at: Mapped[datetime]
    carrier_ref: Mapped[str | None] = mapped_column(String(128))

    claim: Mapped[Claim] = relationship(lazy="joined", innerjoin=True)

    @property
    def ends_at(self) -> datetime:
        """When its claim is given up: the end of the code, or of a code made on the day it was asked.

        A letter that could not leave must not hold the structure for ever.
        """
        return self.expires_at or expires_at(self.asked_at, self.claim.membership.structure.timezone)

    @property
    def last_day(self) -> date | None:
        """The last day printed on it, on the calendar of the structure."""
        if self.expires_at is None:
            return None
        zone = ZoneInfo(self.claim.membership.structure.timezone)
        return self.expires_at.astimezone(zone).date() - timedelta(days=1)

    def hand_over(self, now: datetime) -> bool:
        """The carrier has it; False when that is known already."""
        if self.state not in HANDED_OVER_FROM:
            return False
        self.state, self.state_at = LetterState.HANDED_OVER, now
        return True

    def hear(self, news: Iterable[LetterState | None], now: datetime) -> bool:
        """Move by what the carrier reports, late and repeated news included; False when nothing is new."""
        before = state = LetterState(self.state)
        for told in news:
            if told in TRANSITIONS[state]:
                state = told
        if state == before:
            return False
        self.state, self.state_at = state, now
        return True

    def consume(self, session: Session, now: datetime) -> bool:
        """Use the code up; False when another submission did it first. One statement checks and acts."""
        done = session.execute(
            update(Letter)
            .where(Letter.id == self.id, Letter.used_at.is_(None), Letter.revoked_at.is_(None))
            .values(used_at=now)
            .returning(Letter.id)
        )
        return done.one_or_none() is not None


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


def last_letter(session: Session, claim_id: str) -> Letter | None:
    """The latest letter of a claim: the only one whose code may work."""
    return last_letters(session, (claim_id,)).get(claim_id)


def last_letters(session: Session, claim_ids: Collection[str]) -> dict[str, Letter]:
    """Those of several claims, in one statement: a claim has few."""
    letters = select(Letter).where(Letter.claim_id.in_(claim_ids)).order_by(Letter.asked_at)
    return {letter.claim_id: letter for letter in session.scalars(letters)}


def last_letter_of(session: Session, membership_id: str) -> Letter | None:
    """The latest letter of the latest claim of a member, in whatever state."""
    return session.scalars(
        select(Letter)
        .join(Letter.claim)
        .where(Claim.membership_id == membership_id)
        .order_by(Claim.claimed_at.desc(), Letter.asked_at.desc())
        .limit(1)
    ).one_or_none()


class LetterAsked(NamedTuple):
    """A letter that counts for a limit: when it was asked, and for which structure."""

    at: datetime
    siren: str


def letters_asked(session: Session, siren: str, person_id: str, since: datetime) -> tuple[LetterAsked, ...]:
    """The letters asked for a structure, or by a person, since a moment; the oldest first."""
    # Two ways into the table, an index each: « or » over both would read every letter there is.
    of_structure = select(Claim.id).where(Claim.siren == siren)
    of_person = select(Claim.id).join(Claim.membership).where(Membership.person_id == person_id)
    asked = (
        select(Letter.asked_at, Claim.siren)
        .join(Letter.claim)
        .where(Letter.claim_id.in_(of_structure.union(of_person)), Letter.asked_at > since)
        .order_by(Letter.asked_at)
    )
    return tuple(LetterAsked(*row) for row in session.execute(asked))


def next_letter_at(session: Session, siren: str, person_id: str, now: datetime) -> datetime | None:
    """From when a letter may be asked for a structure by a person; None when it may be asked now."""
    return next_letter_after(letters_asked(session, siren, person_id, now - LETTER_PERIOD), siren, now)


def next_letter_after(asked: Sequence[LetterAsked], siren: str, now: datetime) -> datetime | None:
    """The same when the letters of the last period are known.

    A town hall gets them 24 hours apart, whoever asks; town hall and person at most three in 30 days.
    """
    moments = [letter.at + LETTER_INTERVAL for letter in asked if letter.siren == siren]
    if len(asked) >= LETTERS_PER_PERIOD:
        moments.append(asked[-LETTERS_PER_PERIOD].at + LETTER_PERIOD)
    return max((moment for moment in moments if moment > now), default=None)


class Tries(NamedTuple):
    """The wrong tries that count against a letter: when, in the running window, and how many in all."""

    in_window: tuple[datetime, ...]
    in_all: int

    @property
    def left(self) -> int:
        """How many more may be made now."""
        return max(0, min(TRIES_PER_WINDOW - len(self.in_window), TRIES_IN_ALL - self.in_all))

    @property
    def left_in_all(self) -> int:
        """How many more may be made before the code is dead."""
        return max(0, TRIES_IN_ALL - self.in_all)

    @property
    def again_at(self) -> datetime | None:
        """When the next try may be made, if the window is full."""
        if len(self.in_window) < TRIES_PER_WINDOW:
            return None
        return self.in_window[-TRIES_PER_WINDOW] + TRY_WINDOW


def wrong_tries(session: Session, letter: Letter, now: datetime) -> Tries:
    """Tries of this letter in all, and those of its requester in the window, whatever the letter."""
    person_id, since = letter.claim.membership.person_id, now - TRY_WINDOW
    in_window = and_(CodeTry.person_id == person_id, CodeTry.tried_at > since)
    wrong = (
        select(CodeTry.letter_id, CodeTry.person_id, CodeTry.tried_at)
        .where(CodeTry.was_right.is_(False), or_(CodeTry.letter_id == letter.id, in_window))
        .order_by(CodeTry.tried_at)
    )
    tries = session.execute(wrong).all()
    lately = tuple(row.tried_at for row in tries if row.person_id == person_id and row.tried_at > since)
    return Tries(lately, sum(row.letter_id == letter.id for row in tries))
