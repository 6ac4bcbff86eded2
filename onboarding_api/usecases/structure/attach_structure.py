"""« Ajouter une structure » (guide G-15, G-16): a person attaches to a structure."""

from dataclasses import dataclass

from onboarding_api.acts.act import Office, act
from onboarding_api.acts.actor import Actor
from onboarding_api.facts.membership import membership_to_be
from onboarding_api.model.event import Event
from onboarding_api.model.membership import MembershipState, open_membership
from policies.engine.names import Action


@dataclass(frozen=True, slots=True)
class AttachStructure:
    """The structure that was confirmed on the page."""

    siren: str


def attach_structure(office: Office, actor: Actor, command: AttachStructure) -> str:
    """Attach the actor, who gets no right by it (GS-10); attached already, nothing changes.

    Returns:
        The id of the open membership.

    Raises:
        NotFound: no such structure.
        NotAllowed: the rules refuse, as for a closed structure.
    """
    with act(office, actor) as it:
        structure = it.lock(command.siren)
        membership = open_membership(it.session, actor.person_id, command.siren)
        if membership:
            return membership.id
        membership = membership_to_be(it.person, structure)
        it.permit(Action.ATTACH, membership)
        membership.state, membership.attached_at = MembershipState.ATTACHED, it.now
        it.session.add(membership)
        it.session.flush()
        it.record(Event.STRUCTURE_ATTACHED, membership, after=membership.state)
        return membership.id
