"""What became of a letter: on its way, come back, or never taken (letters-and-mail §4)."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from onboarding_api.acts.act import Office, act
from onboarding_api.letters.carriers.port import News
from onboarding_api.model.event import Event
from onboarding_api.model.first_administrator.letter import LetterState
from onboarding_api.model.first_administrator.validity import is_expired
from onboarding_api.usecases.first_administrator.claims import locked_letter, revoke_letter


def note_carrier_news(office: Office, session: Session, letter_id: str, news: Iterable[News]) -> bool:
    """Move the letter by its news, late and repeated ones included; the code of one that came back is dead.

    In the transaction of the worker, which has its row to finish.

    Returns:
        Whether more news may matter: the letter is under way, and its code may serve.

    Raises:
        NotFound: no such letter.
    """
    with act(office, within=session) as it:
        letter = locked_letter(it, letter_id)
        before = letter.state
        if letter.hear((each.state for each in news), it.now):
            it.record(Event.LETTER_MOVED, letter, before=before, after=letter.state)
            if letter.state == LetterState.RETURNED and letter.revoked_at is None:
                revoke_letter(it, letter.claim)
        is_dead = letter.used_at or letter.revoked_at or is_expired(letter.ends_at, it.now)
        return letter.state != LetterState.REJECTED and not is_dead
