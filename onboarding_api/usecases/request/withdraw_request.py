"""« Annuler ma demande »: who waits for an administrator gives a request up."""

from sqlalchemy import select

from onboarding_api.acts.act import Office, act
from onboarding_api.acts.actor import Actor
from onboarding_api.model.event import Event
from onboarding_api.model.habilitation import Habilitation, HabilitationState, Move
from onboarding_api.model.membership import Membership
from onboarding_api.model.refusals import NotFound, NotPossibleNow
from policies.engine.names import Action


def withdraw_request(office: Office, actor: Actor, habilitation_id: str) -> None:
    """Give a request of one's own up; a second click finds it given up and does nothing.

    What waits for a letter ends with the letter (`give_up_claim`).

    Raises:
        NotFound: no such request of the actor's.
        NotAllowed: the rules refuse, as once it is decided.
        NotPossibleNow: a letter is to decide on it.
    """
    with act(office, actor) as it:
        mine = (
            select(Habilitation.siren)
            .join(Membership, Habilitation.membership_id == Membership.id)
            .where(Habilitation.id == habilitation_id, Membership.person_id == actor.person_id)
        )
        siren = it.session.scalars(mine).one_or_none()
        if siren is None:
            raise NotFound
        it.lock(siren)
        habilitation = it.session.get_one(Habilitation, habilitation_id)
        if habilitation.state == HabilitationState.CANCELLED:
            return
        it.permit(Action.WITHDRAW_REQUEST, habilitation)
        if habilitation.state == HabilitationState.AWAITING_LETTER:
            raise NotPossibleNow("habilitation", habilitation.state, "withdraw")
        it.move(habilitation, Move.CANCEL, Event.HABILITATION_CANCELLED)
