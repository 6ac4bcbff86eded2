"""« Ajouter une structure » (guide G-15, G-16): a person attaches to a structure."""

from dataclasses import dataclass

from onboarding_api.acts.act import Actor, Office, act
from onboarding_api.facts import stay_to_be
from onboarding_api.model.membership import MembershipState, open_stay


@dataclass(frozen=True)
class AttachStructure:
    """The structure that was confirmed on the page."""

    siren: str


def attach_structure(office: Office, actor: Actor, command: AttachStructure) -> str:
    """Attach the actor, who gets no right by it (GS-10); attached already, nothing changes.

    Returns:
        The id of the running stay.

    Raises:
        NotFound: no such structure.
        NotAllowed: the rules refuse, as for a closed structure.
    """
    with act(office, actor) as it:
        structure = it.lock(command.siren)
        stay = open_stay(it.session, actor.person_id, command.siren)
        if stay:
            return stay.id
        stay = stay_to_be(it.person, structure)
        it.permit("attach", stay)
        stay.state, stay.attached_at = MembershipState.ATTACHED, it.now
        it.session.add(stay)
        it.session.flush()
        it.record("structure_attached", stay, after=stay.state)
        return stay.id
