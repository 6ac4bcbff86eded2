"""What follows when an administrator is named or resigns, and when an act was refused."""

from types import MappingProxyType

from onboarding_api.consequences.goals import Consequences, administrators, mail
from onboarding_api.model.event import Event

CONSEQUENCES: Consequences = MappingProxyType(
    {
        Event.ADMINISTRATOR_NAMED: (mail("administrator_named", administrators),),
        Event.ADMINISTRATOR_RESIGNED: (),
        Event.ACT_REFUSED: (),
    }
)
