"""« Modification des informations au sein de la structure » (guide G-27 to G-30): one item at a time."""

from dataclasses import dataclass

from onboarding_api.acts.act import Office, act
from onboarding_api.acts.actor import Actor
from onboarding_api.model.event import Event
from onboarding_api.model.membership import Membership
from onboarding_api.model.refusals import BadInput
from onboarding_api.model.words.contact import telephone
from onboarding_api.model.words.typed_text import trimmed
from policies.catalogue.loader import load_catalogue
from policies.engine.names import Action


@dataclass(frozen=True, slots=True)
class EditProfile:
    """One item of the actor's profile in a structure; an empty telephone takes it away.

    The e-mail is confirmed first: `change_email`.
    """

    siren: str
    telephone: str | None = None
    fonction: str | None = None


def edit_profile(office: Office, actor: Actor, command: EditProfile) -> None:
    """Change the telephone or the fonction of the actor in one structure.

    Raises:
        BadInput: the value cannot be read, the fonction is not of the list, or not exactly one item is given.
        NotFound: the actor is not attached to such a structure.
        NotAllowed: the rules refuse.
    """
    given = [item for item in ("telephone", "fonction") if getattr(command, item) is not None]
    if len(given) != 1:
        raise BadInput("profile", "one_at_a_time")
    (item,) = given
    with act(office, actor) as it:
        membership = it.own_membership(command.siren)
        value = _value(item, str(getattr(command, item)), membership)
        if value == getattr(membership, item):
            return
        it.permit(Action.EDIT_PROFILE, membership)
        # The fonction is a code, and counts for the rules; how a person is reached stays out of the journal.
        before, after = (membership.fonction, value) if item == "fonction" else (None, None)
        setattr(membership, item, value)
        it.record(Event.PROFILE_CHANGED, membership, before=before, after=after, item=item)


def _value(item: str, text: str, membership: Membership) -> str | None:
    if item == "fonction":
        if text not in load_catalogue().fonctions:
            raise BadInput("fonction", "unknown")
        return text
    if not trimmed(text):
        return None
    return telephone("telephone", text, membership.structure.departement)
