"""The steps that several use cases take with a claim: open it, ask its letter, close it."""

from sqlalchemy import select

from onboarding_api.acts.act import Act
from onboarding_api.letters.address import AddressImpossible, address_lines
from onboarding_api.model.event import Event
from onboarding_api.model.first_administrator.claim import Claim, ClaimState
from onboarding_api.model.first_administrator.letter import Letter, LetterState, last_letter, next_letter_at
from onboarding_api.model.habilitation import Habilitation, HabilitationState, Move, open_habilitations
from onboarding_api.model.membership import Membership
from onboarding_api.model.refusals import BadInput, LetterLimit, NoPostalAddress, NotFound, PostcodeNeeded
from onboarding_api.model.structure import Structure


def open_claim_of(it: Act, membership: Membership, postcode: str | None) -> Claim:
    """Open the claim of a first user and ask its letter. The rules have been asked.

    Args:
        it: the act.
        membership: the claimant's.
        postcode: the mairie's as the claimant tells it, where the register knows several and not which.

    Raises:
        LetterLimit: a letter left for this structure in the last 24 hours, or three in 30 days.
        NoPostalAddress: no letter can reach the structure.
        PostcodeNeeded: it has to be told.
        BadInput: it is none of the structure's.
    """
    check_address(membership.structure, postcode)
    again_at = next_letter_at(it.session, membership.siren, membership.person_id, it.now)
    if again_at:
        raise LetterLimit(again_at)
    claim = Claim(
        membership=membership,
        membership_id=membership.id,
        siren=membership.siren,
        claimed_at=it.now,
        postcode=postcode if membership.structure.asked_postcodes else None,
    )
    it.session.add(claim)
    it.session.flush()
    it.record(Event.CLAIM_OPENED, claim, after=claim.state)
    ask_letter(it, claim)
    return claim


def ask_letter(it: Act, claim: Claim) -> Letter:
    """One more letter; the code of the one before dies at once (security threat 11)."""
    revoke_letter(it, claim)
    letter = Letter(claim=claim, claim_id=claim.id, asked_at=it.now, state_at=it.now)
    letter.state = LetterState.ASKED
    it.session.add(letter)
    it.session.flush()
    it.record(Event.LETTER_ASKED, letter, after=letter.state, ends_at=letter.ends_at)
    return letter


def revoke_letter(it: Act, claim: Claim) -> None:
    """The code of the latest letter of a claim no longer works."""
    letter = last_letter(it.session, claim.id)
    if letter and letter.revoked_at is None and letter.used_at is None:
        letter.revoked_at = it.now
        it.record(Event.LETTER_REVOKED, letter, before=letter.state, after="revoked")


def locked_letter(it: Act, letter_id: str) -> Letter:
    """A letter, in its locked structure, for a worker that may have changed it and not yet written it.

    Raises:
        NotFound: no such letter.
    """
    # The structure first, as everybody does: what the worker changed on the letter is written after that.
    with it.session.no_autoflush:
        of_letter = select(Claim.siren).join(Letter).where(Letter.id == letter_id)
        siren = it.session.scalars(of_letter).one_or_none()
        if siren is None:
            raise NotFound
        it.lock(siren)
    return it.session.get_one(Letter, letter_id, populate_existing=True)


def awaiting(it: Act, claim: Claim) -> tuple[Habilitation, ...]:
    """The requests that wait for the letters of this claim."""
    return tuple(
        habilitation
        for habilitation in open_habilitations(it.session, claim.membership_id)
        if habilitation.claim_id == claim.id and habilitation.state == HabilitationState.AWAITING_LETTER
    )


def bring_along(it: Act, claim: Claim) -> None:
    """What the claimant asked for, and still waits for an administrator, goes into her next letter."""
    for habilitation in open_habilitations(it.session, claim.membership_id):
        if habilitation.state == HabilitationState.PENDING:
            habilitation.claim_id = claim.id
            it.move(habilitation, Move.CLAIM, Event.HABILITATION_CLAIMED)


def cancel_claim(it: Act, claim: Claim) -> None:
    """The requester gives it up. Her requests are the caller's to end."""
    revoke_letter(it, claim)
    _close(it, claim, ClaimState.CANCELLED, Event.CLAIM_CANCELLED)


def refuse_claim_of(it: Act, claim: Claim, motive: str) -> None:
    """The legal representative refuses: the code is dead, the requests are refused."""
    revoke_letter(it, claim)
    for habilitation in awaiting(it, claim):
        it.move(habilitation, Move.REFUSE, Event.HABILITATION_REFUSED_WITH_CLAIM, motive=motive)
    _close(it, claim, ClaimState.REFUSED, Event.CLAIM_REFUSED)


def expire_claim_of(it: Act, claim: Claim) -> None:
    """The thirty days are over: nothing is granted (GS-31)."""
    revoke_letter(it, claim)
    for habilitation in awaiting(it, claim):
        it.move(habilitation, Move.EXPIRE, Event.HABILITATION_EXPIRED_WITH_CLAIM)
    _close(it, claim, ClaimState.EXPIRED, Event.CLAIM_EXPIRED)


def tell_stranded(it: Act, siren: str, *, but: str) -> None:
    """Who waits for an administrator learns that none is on the way; `but` is told in a mail of her own."""
    waiting = (
        select(Habilitation)
        .join(Habilitation.membership)
        .where(
            Habilitation.siren == siren,
            Habilitation.state == HabilitationState.PENDING,
            Membership.person_id != but,
        )
        .order_by(Habilitation.requested_at, Habilitation.service)
    )
    for habilitation in it.session.scalars(waiting).all():
        state = habilitation.state
        it.record(Event.HABILITATION_STRANDED, habilitation, before=state, after=state)


def check_address(structure: Structure, postcode: str | None) -> None:
    """Make the checks of the carrier before the letter is decided.

    Raises:
        NoPostalAddress: the letter would come back, or not leave.
        PostcodeNeeded: the register knows several postcodes, and the claimant has told none.
        BadInput: the one told is none of them.
    """
    if postcode and postcode not in (structure.asked_postcodes or (structure.known_postcode,)):
        raise BadInput("postcode", "unknown")
    if structure.asked_postcodes and not postcode:
        raise PostcodeNeeded
    address = structure.postal_address(postcode)
    if address is None:
        raise NoPostalAddress
    try:
        address_lines(structure.name, structure.kind, address.postcode, address.town)
    except AddressImpossible:
        raise NoPostalAddress from None


def _close(it: Act, claim: Claim, state: ClaimState, event: Event) -> None:
    before = claim.state
    claim.close(state, it.now)
    it.record(event, claim, before=before, after=claim.state)
    tell_stranded(it, claim.siren, but=claim.membership.person_id)
