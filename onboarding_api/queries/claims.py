"""« Suivre ma demande »: where the letter is, and what may be done about it (GS-23, GS-28 to GS-34)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from onboarding_api.facts.gathering import Gathering
from onboarding_api.model.first_administrator.claim import Claim, ClaimState
from onboarding_api.model.first_administrator.letter import (
    Letter,
    Tries,
    last_letter_of,
    next_letter_after,
    wrong_tries,
)
from onboarding_api.model.first_administrator.validity import is_expired
from onboarding_api.model.words.labels import service_labels
from onboarding_api.queries.asking import ask, membership_of
from policies.engine.names import Action


class CodeState(StrEnum):
    """What may become of the code of the latest letter; every page reads it here."""

    AWAITED = "awaited"
    """It can be typed, or is on its way."""
    LOCKED = "locked"
    """It can be typed after a wait."""
    EXHAUSTED = "exhausted"
    """Too many tries in all."""
    REVOKED = "revoked"
    """The letter came back, or was taken back."""
    EXPIRED = "expired"
    USED = "used"
    CLOSED = "closed"
    """The claim was refused or given up."""


@dataclass(frozen=True, slots=True)
class LetterView:
    """The latest letter. `expires_on` is the last day printed on it, once it is printed."""

    asked_at: datetime
    state: str
    state_at: datetime
    expires_on: date | None
    code: CodeState

    @property
    def takes_code(self) -> bool:
        """Whether its code can be typed, now or after a wait."""
        return self.code in (CodeState.AWAITED, CodeState.LOCKED)


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A claim and its letter. `services` are labels; `tries_left` those of the moment.

    `new_letter_from`: when another letter may be asked, where a limit says « not yet ».
    `may_claim_again`: after a refusal, with services to be asked anew.
    `asked_postcodes`: those among which the mairie's is still to be told.
    """

    reference: str
    siren: str
    state: str
    claimed_at: datetime
    services: tuple[str, ...]
    letter: LetterView
    may_ask_new_letter: bool
    new_letter_from: datetime | None
    tries_left: int
    is_locked_until: datetime | None
    may_claim_again: bool = False
    asked_postcodes: tuple[str, ...] = ()


def claim_view(session: Session, person_id: str, siren: str, now: datetime) -> ClaimView | None:
    """The latest claim of a person in a structure; None when there is none, or she gave it up.

    A claim whose last day is over shows as expired, whether the job that closes it has come by or not.

    Raises:
        NotFound: she is not attached to such a structure.
    """
    found, membership = Gathering(session, now), membership_of(session, person_id, siren)
    letter = last_letter_of(session, membership.id)
    if letter is None or letter.claim.state == ClaimState.CANCELLED:
        return None
    claim = letter.claim
    found.know_letter(letter)
    is_open = claim.state == ClaimState.OPEN
    tries = wrong_tries(session, letter, now)
    question = (Action.ASK_NEW_LETTER, claim) if is_open else (Action.CLAIM_ADMINISTRATION, membership)
    (decision,) = ask(found, membership.person, [question])
    again_at = next_letter_after(found.letters_asked(siren, person_id), siren, now)
    asked = {row.service for row in found.habilitations(membership.id) if row.claim_id == claim.id}
    is_wanted = claim.state in (ClaimState.OPEN, ClaimState.EXPIRED)
    return ClaimView(
        reference=claim.reference,
        siren=siren,
        state=ClaimState.EXPIRED if is_open and is_expired(letter.ends_at, now) else claim.state,
        claimed_at=claim.claimed_at,
        services=service_labels(asked),
        letter=letter_view(letter, tries, now),
        may_ask_new_letter=is_wanted and decision.allowed and again_at is None,
        new_letter_from=again_at if is_wanted else None,
        tries_left=tries.left,
        is_locked_until=tries.again_at,
        may_claim_again=claim.state == ClaimState.REFUSED and decision.allowed,
        asked_postcodes=() if claim.postcode else membership.structure.asked_postcodes,
    )


def letter_view(letter: Letter, tries: Tries, now: datetime) -> LetterView:
    """A letter as pages show it."""
    code = _code_state(letter.claim, letter, tries, now)
    return LetterView(letter.asked_at, letter.state, letter.state_at, letter.last_day, code)


def _code_state(claim: Claim, letter: Letter, tries: Tries, now: datetime) -> CodeState:
    over = {ClaimState.REDEEMED: CodeState.USED, ClaimState.EXPIRED: CodeState.EXPIRED}
    verdicts = (
        (claim.state != ClaimState.OPEN, over.get(claim.state, CodeState.CLOSED)),
        (is_expired(letter.ends_at, now), CodeState.EXPIRED),
        (tries.left_in_all == 0, CodeState.EXHAUSTED),
        (letter.revoked_at is not None, CodeState.REVOKED),
        (tries.again_at is not None, CodeState.LOCKED),
    )
    return next((state for holds, state in verdicts if holds), CodeState.AWAITED)
