"""What follows when a claim is opened or ends."""

from types import MappingProxyType

from onboarding_api.consequences.goals import Consequences, mail, requester
from onboarding_api.model.event import Event
from onboarding_api.notices.first_administrator import AdministratorRefused, LetterExpired

CONSEQUENCES: Consequences = MappingProxyType(
    {
        Event.CLAIM_OPENED: (),
        Event.CLAIM_REDEEMED: (),
        Event.CLAIM_REFUSED: (mail(AdministratorRefused, requester),),
        Event.CLAIM_CONTESTED: (),
        Event.CLAIM_EXPIRED: (mail(LetterExpired, requester),),
        Event.CLAIM_CANCELLED: (),
    }
)
