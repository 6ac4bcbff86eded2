"""What follows when a letter is asked or handed over: the print, the reminders, the watch on its claim."""

from collections.abc import Iterator
from datetime import timedelta
from types import MappingProxyType

from onboarding_api.consequences.goals import Consequences, Goal, Happening, mail, requester, timer
from onboarding_api.model.event import Event
from onboarding_api.model.ledger.kinds import CLAIM_EXPIRY, LETTER_FOLLOW, LETTER_PRINT, LETTER_REMINDER
from onboarding_api.notices.first_administrator import LetterSent

FOLLOWED_AFTER = timedelta(hours=1)
REMINDERS = 2
"""Spread evenly over the life of the code; a last one comes a few days before its end."""
LAST_REMINDER_BEFORE_END = timedelta(days=3)


def print_letter(happening: Happening) -> Iterator[Goal]:
    """The letter is made and handed to the carrier."""
    letter_id = happening.refs["letter_id"]
    yield Goal(
        name=f"{LETTER_PRINT.name}:{letter_id}",
        kind=LETTER_PRINT,
        subject=happening.refs["claim_id"],
        args={"letter_id": letter_id},
        due=happening.at,
        seq=happening.seq,
    )


def watch_claim(happening: Happening) -> Iterator[Goal]:
    """The claim is given up at the end of the code."""
    if happening.ends_at:
        args = {"claim_id": happening.refs["claim_id"]}
        yield timer(CLAIM_EXPIRY, args, happening.ends_at, happening)


def remind(happening: Happening) -> Iterator[Goal]:
    """Reminders between now and the end of the code, however long that is."""
    if happening.ends_at:
        days = (happening.ends_at - happening.at).days
        moments = [
            happening.at + timedelta(days=days * n // (REMINDERS + 1)) for n in range(1, REMINDERS + 1)
        ]
        moments.append(happening.ends_at - LAST_REMINDER_BEFORE_END)
        to_come = sorted(moment for moment in moments if moment > happening.at)
        for number, due in enumerate(to_come, start=1):
            args = {"letter_id": happening.refs["letter_id"], "number": number}
            yield timer(LETTER_REMINDER, args, due, happening)


def follow_letter(happening: Happening) -> Iterator[Goal]:
    """The carrier is asked what became of it."""
    args = {"letter_id": happening.refs["letter_id"]}
    yield timer(LETTER_FOLLOW, args, happening.at + FOLLOWED_AFTER, happening)


CONSEQUENCES: Consequences = MappingProxyType(
    {
        Event.LETTER_ASKED: (print_letter, watch_claim),
        Event.LETTER_HANDED_OVER: (mail(LetterSent, requester), remind, watch_claim, follow_letter),
        Event.LETTER_MOVED: (),
        Event.LETTER_REVOKED: (),
        Event.CODE_REFUSED: (),
    }
)
