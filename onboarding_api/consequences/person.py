"""What follows when a person registers, changes, is shut out, attaches to a structure or leaves it."""

from datetime import timedelta
from types import MappingProxyType

from onboarding_api.consequences.goals import GIVES, TAKES_AWAY, Consequences, about_person, mail, requester
from onboarding_api.model.event import Event
from onboarding_api.model.ledger.kinds import WELCOME
from onboarding_api.notices.account import AlreadyRegistered, EmailChanged, EmailToConfirm, IdentityChanged

WELCOME_AFTER = timedelta(seconds=2)
"""By then the account is there as a rule; while it is not, the welcome waits."""

CONSEQUENCES: Consequences = MappingProxyType(
    {
        Event.PERSON_REGISTERED: (
            GIVES,
            about_person(WELCOME, after=WELCOME_AFTER),
        ),
        Event.REGISTRATION_REPEATED: (mail(AlreadyRegistered, requester),),
        Event.IDENTITY_CHANGED: (GIVES, mail(IdentityChanged, requester)),
        Event.PERSON_DISABLED: (TAKES_AWAY,),
        Event.PERSON_WOKEN: (GIVES,),
        # A fonction can open a service or close it.
        Event.PROFILE_CHANGED: (TAKES_AWAY,),
        Event.EMAIL_CHANGE_ASKED: (mail(EmailToConfirm, requester),),
        Event.EMAIL_CHANGED: (mail(EmailChanged, requester),),
        Event.STRUCTURE_ATTACHED: (GIVES,),
        Event.STRUCTURE_LEFT: (TAKES_AWAY,),
        Event.TERMS_ACCEPTED: (GIVES,),
    }
)
