"""The letter lies in the carrier's spool: the requester is told, and reminded while its code works."""

from datetime import datetime

from sqlalchemy.orm import Session

from onboarding_api.acts.act import Act
from onboarding_api.model.letter import LetterState
from onboarding_api.usecases.first_administrator.claims import locked_letter


def note_letter_spooled(session: Session, letter_id: str, now: datetime) -> None:
    """Note it in the worker's own finishing transaction; said twice, it is noted once.

    `expires_at` must be on the letter already: the reminders hang on it. A letter that was rejected leaves
    after all when an operator has removed the cause.

    Raises:
        NotFound: no such letter.
    """
    it = Act(session, now)
    letter = locked_letter(it, letter_id)
    before = letter.state
    if before not in (LetterState.ASKED, LetterState.REJECTED):
        return
    letter.state, letter.state_at = LetterState.SPOOLED, now
    if letter.revoked_at is None:
        it.record("letter_spooled", letter, before=before, after=letter.state, ends_at=letter.expires_at)
    it.settle()
