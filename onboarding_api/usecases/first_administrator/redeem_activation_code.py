"""« Saisir le code reçu par courrier » (GS-28 to GS-30): the first user becomes administrator."""

from dataclasses import dataclass

from sqlalchemy import select

from onboarding_api.acts.act import Act, Office, act
from onboarding_api.acts.actor import Actor
from onboarding_api.model.administration import Administration, Origin, Rank, running_term
from onboarding_api.model.event import Event
from onboarding_api.model.first_administrator.activation_code import CodeKeys, Fingerprint, matches, parse
from onboarding_api.model.first_administrator.claim import Claim, ClaimState, last_claim
from onboarding_api.model.first_administrator.letter import CodeTry, Letter, last_letter, wrong_tries
from onboarding_api.model.habilitation import Habilitation, HabilitationState, Move
from onboarding_api.model.membership import Membership
from onboarding_api.model.refusals import CodeDead, NotAllowed, NotFound, Refusal, TooManyTries, WrongCode
from onboarding_api.usecases.first_administrator.claims import awaiting
from policies.engine.names import Action, RuleId


@dataclass(frozen=True, slots=True)
class RedeemActivationCode:
    """The code as it was typed, for one structure."""

    siren: str
    code: str


@dataclass(frozen=True, slots=True)
class RedeemOutcome:
    """The services that the code gave, keys of the catalogue."""

    services: tuple[str, ...]


def redeem_activation_code(office: Office, actor: Actor, command: RedeemActivationCode) -> RedeemOutcome:
    """The actor becomes administrator and gets what is printed on the letter, in one act.

    What she asked for since is not on it: the legal representative has not seen it, so it goes on waiting.
    A wrong try is kept although the act is refused: five in 15 minutes, ten in all, then the code is dead.
    The right code typed twice gives the same page and nothing more.

    Raises:
        CodeMistyped: not a code; it costs no try.
        NotFound: the actor has no claim there: a code serves the account it was made for alone.
        WrongCode, TooManyTries, CodeDead: see `refusals`.
        NotAllowed: another rule refuses, as for a closed structure.
    """
    code = parse(command.code)
    with act(office, actor) as it:
        verdict = _try(it, command.siren, code, office.code_keys)
    if isinstance(verdict, Refusal):
        raise verdict
    return verdict


def _try(it: Act, siren: str, code: str, keys: CodeKeys) -> RedeemOutcome | WrongCode:
    claim = last_claim(it.session, it.own_membership(siren).id)
    letter = last_letter(it.session, claim.id) if claim else None
    if claim is None or letter is None:
        raise NotFound
    is_right = _is_code_of(letter, code, keys)
    if claim.state == ClaimState.REDEEMED:
        return _repeat(it, claim, is_right)
    try:
        it.permit(Action.REDEEM_CODE, letter)
    except NotAllowed as refusal:
        raise _in_words(it, letter, refusal) from refusal
    if not is_right:
        return _wrong(it, letter, code, keys)
    _keep_try(it, letter, was_right=True)
    if not letter.consume(it.session, it.now):
        raise CodeDead("used")
    return _name_administrator(it, claim)


def _is_code_of(letter: Letter, code: str, keys: CodeKeys) -> bool:
    if letter.code_key_id is None or letter.code_fingerprint is None:
        return False
    return matches(code, letter.claim_id, Fingerprint(letter.code_key_id, letter.code_fingerprint), keys)


def _repeat(it: Act, claim: Claim, is_right: bool) -> RedeemOutcome:
    if not is_right or running_term(it.session, claim.membership_id) is None:
        raise CodeDead("used")
    given = select(Habilitation).where(
        Habilitation.claim_id == claim.id, Habilitation.state == HabilitationState.GRANTED
    )
    in_order = it.session.scalars(given.order_by(Habilitation.requested_at, Habilitation.service))
    return RedeemOutcome(tuple(habilitation.service for habilitation in in_order))


def _in_words(it: Act, letter: Letter, refusal: NotAllowed) -> Refusal:
    """The refusal of the rules as the page of the code shows it."""
    again_at = wrong_tries(it.session, letter, it.now).again_at
    if RuleId.G_CODE_TRIES_TOTAL in refusal.rules:
        return CodeDead("exhausted")
    if RuleId.G_CODE_USED in refusal.rules:
        return CodeDead("used" if letter.used_at else "superseded")
    if RuleId.G_CODE_EXPIRED in refusal.rules:
        return CodeDead("expired")
    if RuleId.G_CODE_TRIES_WINDOW in refusal.rules and again_at:
        return TooManyTries(again_at)
    return refusal


def _wrong(it: Act, letter: Letter, code: str, keys: CodeKeys) -> WrongCode:
    """A wrong code costs a try; that of an earlier letter is told apart, and costs none.

    Raises:
        CodeDead: a newer letter replaced the one that carries this code.
    """
    earlier = select(Letter).where(Letter.claim_id == letter.claim_id, Letter.id != letter.id)
    if any(_is_code_of(other, code, keys) for other in it.session.scalars(earlier)):
        raise CodeDead("superseded")
    _keep_try(it, letter, was_right=False)
    tries = wrong_tries(it.session, letter, it.now)
    it.record(Event.CODE_REFUSED, letter, before=letter.state, after=letter.state, tries=tries.in_all)
    return WrongCode(tries.left, tries.left_in_all, tries.again_at)


def _keep_try(it: Act, letter: Letter, *, was_right: bool) -> None:
    person_id = letter.claim.membership.person_id
    it.session.add(CodeTry(letter_id=letter.id, person_id=person_id, tried_at=it.now, was_right=was_right))
    it.session.flush()


def _name_administrator(it: Act, claim: Claim) -> RedeemOutcome:
    requests = awaiting(it, claim)
    before = claim.state
    claim.close(ClaimState.REDEEMED, it.now)
    it.record(Event.CLAIM_REDEEMED, claim, before=before, after=claim.state)
    membership = claim.membership
    term = Administration(
        membership=membership,
        membership_id=membership.id,
        origin=Origin.LETTER,
        rank=Rank.REFERENT,
        since=it.now,
    )
    it.session.add(term)
    it.session.flush()
    it.record(Event.ADMINISTRATOR_NAMED, membership, after=term.rank, origin=term.origin)
    for habilitation in requests:
        it.move(habilitation, Move.GRANT, Event.HABILITATION_GRANTED)
    _hand_over(it, membership.siren)
    return RedeemOutcome(tuple(habilitation.service for habilitation in requests))


def _hand_over(it: Act, siren: str) -> None:
    """What waited for an administrator now waits for this one, who is told (G-58, GS-26)."""
    waiting = (
        select(Habilitation)
        .join(Habilitation.membership)
        .where(Membership.siren == siren, Habilitation.state == HabilitationState.PENDING)
        .order_by(Habilitation.requested_at, Habilitation.service)
    )
    for habilitation in it.session.scalars(waiting).all():
        state = habilitation.state
        it.record(Event.HABILITATION_HANDED_OVER, habilitation, before=state, after=state)
