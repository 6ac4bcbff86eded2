"""« Arrêter le courrier »: the first user gives up becoming administrator, and what was asked with it."""

from onboarding_api.acts.act import Office, act
from onboarding_api.acts.actor import Actor
from onboarding_api.model.event import Event
from onboarding_api.model.first_administrator.claim import ClaimState, last_claim
from onboarding_api.model.habilitation import Move
from onboarding_api.model.refusals import NotFound
from onboarding_api.usecases.first_administrator.claims import awaiting, cancel_claim
from policies.engine.names import Action


def give_up_claim(office: Office, actor: Actor, siren: str) -> None:
    """Close the actor's claim: a letter not yet printed does not leave, the code of one that left is dead.

    A second click finds it closed and does nothing.

    Raises:
        NotFound: the actor has no claim there.
        NotAllowed: the rules refuse, as once the code was typed.
    """
    with act(office, actor) as it:
        claim = last_claim(it.session, it.own_membership(siren).id)
        if claim is None:
            raise NotFound
        if claim.state == ClaimState.CANCELLED:
            return
        it.permit(Action.CANCEL_CLAIM, claim)
        for habilitation in awaiting(it, claim):
            it.move(habilitation, Move.CANCEL, Event.HABILITATION_CANCELLED)
        cancel_claim(it, claim)
