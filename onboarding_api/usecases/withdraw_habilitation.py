"""A requester takes a request back before it is decided."""

from dataclasses import dataclass

from sqlalchemy import select

from onboarding_api.model.claim import Claim, ClaimState
from onboarding_api.model.habilitation import Habilitation, HabilitationState, Move
from onboarding_api.model.membership import Membership
from onboarding_api.model.refusals import NotFound
from onboarding_api.usecases.act import Act, Actor, Office, act
from onboarding_api.usecases.claims import awaiting, cancel_claim


@dataclass(frozen=True)
class WithdrawHabilitation:
    """One request of the actor's own."""

    habilitation_id: str


def withdraw_habilitation(office: Office, actor: Actor, command: WithdrawHabilitation) -> None:
    """Cancel the request. A claim of which nothing is left is given up: its code dies.

    Raises:
        NotFound: no such request of the actor's.
        NotAllowed: it is decided already.
    """
    with act(office, actor) as it:
        habilitation = _own(it, command.habilitation_id)
        if habilitation.state == HabilitationState.CANCELLED:
            return
        it.permit("withdrawRequest", habilitation)
        it.move(habilitation, Move.CANCEL, "habilitation_cancelled")
        claim = it.session.get(Claim, habilitation.claim_id) if habilitation.claim_id else None
        if claim and claim.state == ClaimState.OPEN and not awaiting(it, claim):
            cancel_claim(it, claim)


def _own(it: Act, habilitation_id: str) -> Habilitation:
    siren = it.session.scalars(
        select(Membership.siren)
        .join(Habilitation, Habilitation.membership_id == Membership.id)
        .where(Habilitation.id == habilitation_id, Membership.person_id == it.person.id)
    ).one_or_none()
    if siren is None:
        raise NotFound
    it.lock(siren)
    return it.session.get_one(Habilitation, habilitation_id)
