"""« J'ai reçu un courrier » (GS-33): the legal representative refuses, without an account."""

from dataclasses import dataclass

from sqlalchemy import select

from onboarding_api.acts.act import Office, act
from onboarding_api.model.event import Event
from onboarding_api.model.first_administrator.claim import Claim, ClaimState
from onboarding_api.model.refusals import ClaimAlreadyUsed, NotFound, NotPossibleNow
from onboarding_api.usecases.first_administrator.claims import refuse_claim_of

MOTIVE = "Le représentant légal de la structure a refusé la demande."


@dataclass(frozen=True, slots=True)
class RefuseClaim:
    """The reference printed on the letter, as `BDT-7K2M-9QXA`."""

    reference: str


def refuse_claim(office: Office, command: RefuseClaim) -> None:
    """Close the claim: the code is dead, the requests are refused, the requester is told.

    Only takes away, so whoever holds the letter may. Refused twice is refused once. After the code was used
    it is too late for this page: the protest is journalled for the security team, and the refusal says so.

    Raises:
        NotFound: no claim of that reference.
        ClaimAlreadyUsed: its code has made an administrator.
        NotPossibleNow: it was closed in another way before.
    """
    reference = "-".join(command.reference.upper().replace("-", " ").split())
    with act(office) as it:
        siren = it.session.scalars(select(Claim.siren).where(Claim.reference == reference)).one_or_none()
        if siren is None:
            raise NotFound
        it.lock(siren)
        claim = it.session.scalars(select(Claim).where(Claim.reference == reference)).one()
        state = ClaimState(claim.state)
        if state == ClaimState.OPEN:
            refuse_claim_of(it, claim, MOTIVE)
        elif state == ClaimState.REDEEMED:
            it.record(Event.CLAIM_CONTESTED, claim, before=state, after=state)
    if state == ClaimState.REDEEMED:
        raise ClaimAlreadyUsed
    if state not in (ClaimState.OPEN, ClaimState.REFUSED):
        raise NotPossibleNow("claim", state, "refuse")
