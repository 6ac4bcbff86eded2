"""What follows when an administrator is named or resigns, and when an act was refused."""

from types import MappingProxyType

from onboarding_api.consequences.goals import Consequences, administrators, mail
from onboarding_api.model.event import Event
from onboarding_api.notices.first_administrator import AdministratorNamed

CONSEQUENCES: Consequences = MappingProxyType(
    {
        Event.ADMINISTRATOR_NAMED: (mail(AdministratorNamed, administrators),),
        Event.ADMINISTRATOR_RESIGNED: (),
        Event.ACT_REFUSED: (),
    }
)
