"""« Demander un nouveau courrier » (GS-31, GS-32): the letter was lost, or its thirty days are over."""

from dataclasses import dataclass

from onboarding_api.acts.act import SAME_CLICK, Act, Office, act
from onboarding_api.acts.actor import Actor
from onboarding_api.model.first_administrator.claim import Claim, ClaimState, last_claim
from onboarding_api.model.first_administrator.letter import last_letter, next_letter_at
from onboarding_api.model.habilitation import HabilitationState, services_of_claim
from onboarding_api.model.refusals import LetterLimit, NotAllowed, NotFound
from onboarding_api.usecases.first_administrator.claims import ask_letter, bring_along, check_address
from onboarding_api.usecases.request.request_habilitations import Acceptance, request_services
from policies.engine.names import Action, RuleId

LETTER_LIMITS = frozenset({RuleId.G_LETTER_INTERVAL, RuleId.G_LETTER_QUOTA})


@dataclass(frozen=True, slots=True)
class AskNewLetter:
    """The structure whose letter has not come; `postcode` as in the request, where none was told with it."""

    siren: str
    postcode: str | None = None


def ask_new_letter(office: Office, actor: Actor, command: AskNewLetter) -> None:
    """One more letter for the actor's claim; the code of the one before dies.

    What the claimant asked for since is named in it too. An expired claim is made again with its services,
    without typing them again (GS-31).

    Raises:
        NotFound: the actor has no claim there.
        LetterLimit: less than 24 hours after the last one, or three in 30 days.
        NotAllowed: the rules refuse, as when an administrator was named meanwhile.
        NoPostalAddress, PostcodeNeeded: no letter can reach the structure.
    """
    with act(office, actor) as it:
        membership = it.own_membership(command.siren)
        claim = last_claim(it.session, membership.id)
        if claim is None:
            raise NotFound
        if claim.state == ClaimState.EXPIRED:
            it.permit(Action.CLAIM_ADMINISTRATION, membership)
            lapsed = services_of_claim(it.session, claim.id, HabilitationState.EXPIRED)
            acceptance = Acceptance(command.postcode or claim.postcode)
            request_services(it, membership, tuple(sorted(lapsed)), acceptance)
        elif not _was_just_asked(it, claim):
            _ask_again(it, claim, command.postcode or claim.postcode)


def _was_just_asked(it: Act, claim: Claim) -> bool:
    letter = last_letter(it.session, claim.id)
    return letter is not None and claim.claimed_at < letter.asked_at and it.now - letter.asked_at < SAME_CLICK


def _ask_again(it: Act, claim: Claim, postcode: str | None) -> None:
    try:
        it.permit(Action.ASK_NEW_LETTER, claim)
    except NotAllowed as refusal:
        again_at = next_letter_at(it.session, claim.siren, it.person.id, it.now)
        if again_at and not LETTER_LIMITS.isdisjoint(refusal.rules):
            raise LetterLimit(again_at) from refusal
        raise
    check_address(claim.membership.structure, postcode)
    claim.postcode = postcode
    bring_along(it, claim)
    ask_letter(it, claim)
