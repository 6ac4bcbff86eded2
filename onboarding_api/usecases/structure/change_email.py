"""« Modifier mon adresse e-mail » (G-27, GS-16): typed, confirmed by its reader, told to the old one."""

from dataclasses import dataclass

from onboarding_api.acts.act import Office, act
from onboarding_api.acts.actor import Actor
from onboarding_api.model.event import Event
from onboarding_api.model.membership import EmailChange, forget_waiting
from onboarding_api.model.refusals import NotFound
from onboarding_api.model.words.contact import email_address
from policies.engine.names import Action


@dataclass(frozen=True, slots=True)
class AskEmailChange:
    """The address as typed, for one structure."""

    siren: str
    email: str


def ask_email_change(office: Office, actor: Actor, command: AskEmailChange) -> bool:
    """Send the new address a link; until it is followed nothing changes. A later change replaces this one.

    Returns:
        Whether a link leaves: it does not when the address is in place already.

    Raises:
        BadInput: not an address.
        NotFound: the actor is not attached to such a structure.
        NotAllowed: the rules refuse.
    """
    email = email_address("email", command.email)
    with act(office, actor) as it:
        membership = it.own_membership(command.siren)
        forget_waiting(it.session, membership.id)
        if email == membership.email:
            return False
        it.permit(Action.EDIT_PROFILE, membership)
        change = EmailChange(membership=membership, email=email, asked_at=it.now)
        it.session.add(change)
        it.session.flush()
        it.record(Event.EMAIL_CHANGE_ASKED, change)
        return True


def confirm_email_change(office: Office, actor: Actor, siren: str, change_id: str) -> None:
    """The reader of the mail confirms; confirmed twice, nothing changes the second time.

    Raises:
        NotFound: no such change of the actor's.
        NotAllowed: the rules refuse.
        NotPossibleNow: its day is over.
    """
    with act(office, actor) as it:
        membership = it.own_membership(siren)
        change = it.session.get(EmailChange, change_id)
        if change is None or change.membership_id != membership.id:
            raise NotFound
        if change.confirmed_at:
            return
        it.permit(Action.EDIT_PROFILE, membership)
        change.confirm(it.now)
        it.record(Event.EMAIL_CHANGED, change)
