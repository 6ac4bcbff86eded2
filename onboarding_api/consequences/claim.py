"""What follows when a claim is opened or ends."""

from types import MappingProxyType

from onboarding_api.consequences.goals import Consequences, mail, requester
from onboarding_api.model.event import Event

CONSEQUENCES: Consequences = MappingProxyType(
    {
        Event.CLAIM_OPENED: (),
        Event.CLAIM_REDEEMED: (),
        Event.CLAIM_REFUSED: (mail("administrator_refused", requester),),
        Event.CLAIM_CONTESTED: (),
        Event.CLAIM_EXPIRED: (mail("letter_expired", requester),),
        Event.CLAIM_CANCELLED: (),
    }
)
