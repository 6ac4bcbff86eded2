"""Pages ask the rules too: what may be done, and why not, is theirs to say."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from onboarding_api.facts.gathering import Gathering
from onboarding_api.facts.question import Resource, questions_on
from onboarding_api.model.membership import Membership, open_membership
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotFound
from policies.engine.decide import decide_many
from policies.engine.names import Action
from policies.engine.request import Decision

PASSWORD = 1


def ask(found: Gathering, person: Person, asked: Iterable[tuple[Action, Resource]]) -> tuple[Decision, ...]:
    """The decisions, in the order asked, in one batch. The act asks again, with the real level of log-in."""
    return tuple(decide_many(questions_on(found, person, asked, acr=PASSWORD)))


def membership_of(session: Session, person_id: str, siren: str) -> Membership:
    """The open membership of a person.

    Raises:
        NotFound: she is not attached to such a structure.
    """
    membership = open_membership(session, person_id, siren)
    if membership is None:
        raise NotFound
    return membership
