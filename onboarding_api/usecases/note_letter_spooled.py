"""The letter lies in the carrier's spool: the requester is told, and reminded while its code works."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.claim import Claim
from onboarding_api.model.letter import Letter, LetterState
from onboarding_api.model.refusals import NotFound
from onboarding_api.usecases.act import Act


def note_letter_spooled(session: Session, letter_id: str, now: datetime) -> None:
    """Note it in the worker's own finishing transaction; said twice, it is noted once.

    `expires_at` must be on the letter already: the reminders hang on it.

    Raises:
        NotFound: no such letter.
    """
    it = Act(session, now)
    # The structure first, as everybody does: what the worker changed on the letter is written after that.
    with session.no_autoflush:
        siren = session.scalars(select(Claim.siren).join(Letter).where(Letter.id == letter_id)).one_or_none()
        if siren is None:
            raise NotFound
        it.lock(siren)
    letter = session.get_one(Letter, letter_id, populate_existing=True)
    if letter.state != LetterState.ASKED:
        return
    before = letter.state
    letter.state, letter.state_at = LetterState.SPOOLED, now
    if letter.revoked_at is None:
        it.record("letter_spooled", letter, before=before, after=letter.state, ends_at=letter.expires_at)
    it.settle()
