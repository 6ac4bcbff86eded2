"""What follows when an administrator is named or resigns, an act was refused, or rights were looked at."""

from types import MappingProxyType

from onboarding_api.consequences.goals import Consequences, administrators, mail
from onboarding_api.model.event import Event
from onboarding_api.notices.first_administrator import AdministratorNamed

CONSEQUENCES: Consequences = MappingProxyType(
    {
        Event.ADMINISTRATOR_NAMED: (mail(AdministratorNamed, administrators),),
        Event.ADMINISTRATOR_RESIGNED: (),
        Event.ACT_REFUSED: (),
        Event.DECISION_ASKED: (),
        Event.ACCESS_SEARCHED: (),
    }
)
