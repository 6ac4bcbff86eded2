"""What follows when a person registers, changes, is shut out, attaches to a structure or leaves it."""

from datetime import timedelta
from types import MappingProxyType

from onboarding_api.consequences.goals import Consequences, keycloak, mail, requester
from onboarding_api.model.event import Event
from onboarding_api.notices.account import AlreadyRegistered

WELCOME_AFTER = timedelta(seconds=2)
"""By then the account is there as a rule; while it is not, the welcome waits."""

CONSEQUENCES: Consequences = MappingProxyType(
    {
        Event.PERSON_REGISTERED: (
            keycloak("keycloak.person"),
            keycloak("keycloak.welcome", "kc:welcome", WELCOME_AFTER),
        ),
        Event.REGISTRATION_REPEATED: (mail(AlreadyRegistered, requester),),
        Event.IDENTITY_CHANGED: (keycloak("keycloak.person"),),
        Event.PERSON_DISABLED: (keycloak("keycloak.person"),),
        Event.PERSON_WOKEN: (keycloak("keycloak.person"),),
        # A fonction can open a service or close it.
        Event.PROFILE_CHANGED: (keycloak("keycloak.person"),),
        Event.STRUCTURE_ATTACHED: (keycloak("keycloak.person"),),
        Event.STRUCTURE_LEFT: (keycloak("keycloak.person"),),
        Event.TERMS_ACCEPTED: (keycloak("keycloak.person"),),
    }
)
