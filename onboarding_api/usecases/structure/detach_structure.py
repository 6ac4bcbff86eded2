"""« Supprimer une structure » (guide G-22, G-23): a person leaves a structure."""

from dataclasses import dataclass

from sqlalchemy import select

from onboarding_api.acts.act import Act, Office, act
from onboarding_api.acts.actor import Actor
from onboarding_api.model.administration import running_term
from onboarding_api.model.event import Event
from onboarding_api.model.first_administrator.claim import open_claim
from onboarding_api.model.habilitation import Move, open_habilitations
from onboarding_api.model.membership import Membership, open_membership
from onboarding_api.model.refusals import NotFound
from onboarding_api.usecases.first_administrator.claims import cancel_claim, tell_stranded
from policies.engine.names import Action


@dataclass(frozen=True, slots=True)
class DetachStructure:
    """The structure to leave; `leaves_vacant` when its only administrator declares the post vacant."""

    siren: str
    leaves_vacant: bool = False


def detach_structure(office: Office, actor: Actor, command: DetachStructure) -> None:
    """End the membership, and with it the habilitations, the claim and the administration (GS-11).

    A second click finds it ended and does nothing.

    Raises:
        NotFound: no such structure, or the actor was never attached to it.
        NotAllowed: the last administrator stays, or declares the post vacant; who is not it can't.
    """
    with act(office, actor) as it:
        it.lock(command.siren)
        membership = open_membership(it.session, actor.person_id, command.siren)
        if membership is None:
            _check_was_there(it, command.siren)
            return
        if command.leaves_vacant:
            it.permit(Action.LEAVE_VACANT, membership)
            _end_term(it, membership)
            it.session.flush()
            tell_stranded(it, membership.siren, but=membership.person_id)
        it.permit(Action.DETACH, membership)
        _end_rights(it, membership)
        before = membership.state
        membership.leave(it.now)
        it.record(Event.STRUCTURE_LEFT, membership, before=before, after=membership.state)


def _check_was_there(it: Act, siren: str) -> None:
    past = select(Membership.id).where(Membership.person_id == it.person.id, Membership.siren == siren)
    if it.session.scalars(past.limit(1)).first() is None:
        raise NotFound


def _end_rights(it: Act, membership: Membership) -> None:
    claim = open_claim(it.session, membership.siren)
    if claim and claim.membership_id == membership.id:
        cancel_claim(it, claim)
    for habilitation in open_habilitations(it.session, membership.id):
        it.move(habilitation, Move.CANCEL, Event.HABILITATION_CANCELLED)
    _end_term(it, membership)


def _end_term(it: Act, membership: Membership) -> None:
    term = running_term(it.session, membership.id)
    if term:
        term.end(it.now)
        it.record(Event.ADMINISTRATOR_RESIGNED, membership, before=term.rank)
