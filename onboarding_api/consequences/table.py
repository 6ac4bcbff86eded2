"""What leaves the house after each event: the one table, and the rows of the ledger that it makes.

A use case tells what happened; this table alone decides who is told and what Keycloak has to match. (Where
nothing happened, and whether anybody is concerned must not show, `recall_identifiant` writes its own row.)
Several events of one act that want the same thing want it once: three services asked together make one mail.
"""

from collections.abc import Iterable
from types import MappingProxyType

from onboarding_api.consequences import administration, claim, habilitation, letter, person
from onboarding_api.consequences.goals import Consequences, Goal, Happening
from onboarding_api.model.event import Event
from onboarding_api.model.ledger.delivery import Delivery


class TableUnfit(Exception):
    """An event without a line in the table, or with two: the service does not start."""


def whole(*chapters: Consequences) -> Consequences:
    """The chapters as one table.

    Raises:
        TableUnfit: an event stands in none of them, or in two.
    """
    told = [event for chapter in chapters for event in chapter]
    for event in Event:
        if told.count(event) != 1:
            raise TableUnfit(f"{event}: its consequences are told {told.count(event)} times, once is right")
    return MappingProxyType({event: goals for chapter in chapters for event, goals in chapter.items()})


CONSEQUENCES = whole(
    person.CONSEQUENCES,
    habilitation.CONSEQUENCES,
    claim.CONSEQUENCES,
    letter.CONSEQUENCES,
    administration.CONSEQUENCES,
)


def deliveries(happenings: Iterable[Happening]) -> tuple[Delivery, ...]:
    """The rows that the events of one act make, in the order of the events."""
    goals: dict[str, Goal] = {}
    for happening in happenings:
        for consequence in CONSEQUENCES[happening.event]:
            for goal in consequence(happening):
                goals[goal.name] = goals[goal.name].merged(goal) if goal.name in goals else goal
    return tuple(goal.as_row() for goal in goals.values())
