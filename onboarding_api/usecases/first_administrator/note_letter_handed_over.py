"""The carrier has the letter: the requester is told, and reminded while its code works."""

from sqlalchemy.orm import Session

from onboarding_api.acts.act import Office, act
from onboarding_api.model.event import Event
from onboarding_api.usecases.first_administrator.claims import locked_letter


def note_letter_handed_over(office: Office, session: Session, letter_id: str) -> None:
    """Note it in the worker's own finishing transaction; said twice, it is noted once.

    `expires_at` must be on the letter already: the reminders hang on it.

    Raises:
        NotFound: no such letter.
    """
    with act(office, within=session) as it:
        letter = locked_letter(it, letter_id)
        before = letter.state
        if letter.hand_over(it.now) and letter.revoked_at is None:
            ends_at = letter.expires_at
            it.record(Event.LETTER_HANDED_OVER, letter, before=before, after=letter.state, ends_at=ends_at)
