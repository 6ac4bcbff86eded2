"""What follows when a habilitation is asked, decided, or ended."""

from types import MappingProxyType

from onboarding_api.consequences.goals import (
    GIVES,
    TAKES_AWAY,
    Consequences,
    mail,
    other_administrators,
    requester,
)
from onboarding_api.model.event import Event
from onboarding_api.notices.request import (
    HabilitationDeactivated,
    RequestGranted,
    RequestRefused,
    RequestSent,
    RequestStranded,
    RequestToDecide,
)

CONSEQUENCES: Consequences = MappingProxyType(
    {
        Event.HABILITATION_REQUESTED: (
            mail(RequestSent, requester),
            mail(RequestToDecide, other_administrators),
        ),
        Event.HABILITATION_CLAIMED: (),
        Event.HABILITATION_HANDED_OVER: (mail(RequestToDecide, other_administrators),),
        Event.HABILITATION_STRANDED: (mail(RequestStranded, requester),),
        Event.HABILITATION_GRANTED: (GIVES, mail(RequestGranted, requester)),
        Event.HABILITATION_REACTIVATED: (GIVES, mail(RequestGranted, requester)),
        Event.HABILITATION_REFUSED: (mail(RequestRefused, requester),),
        # One mail tells of the claim and of all that was asked with it.
        Event.HABILITATION_REFUSED_WITH_CLAIM: (),
        Event.HABILITATION_EXPIRED_WITH_CLAIM: (),
        Event.HABILITATION_DEACTIVATED: (
            TAKES_AWAY,
            mail(HabilitationDeactivated, requester),
        ),
        Event.HABILITATION_CANCELLED: (TAKES_AWAY,),
    }
)
