"""A person of the database and what she can act upon, as the playground of the rules shows them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from onboarding_api.facts.gathering import Gathering
from onboarding_api.facts.question import Resource, questions_on
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.habilitation import Habilitation
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Person
from onboarding_api.model.structure import Structure
from onboarding_api.queries.asking import PASSWORD
from policies.engine.request import EntityRef
from policies.review.play.stage import Nobody, Scene

MOST = 200
"""Things shown of one structure."""


class RealPeople:
    """The people of a database; what is changed on the page is written nowhere."""

    is_real = True

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def people(self) -> tuple[EntityRef, ...]:
        """Nobody is listed: a person is typed by her identifiant."""
        return ()

    def scene(self, who: str, now: datetime | None) -> Scene:
        """What is known around a person, by her identifiant or her id.

        Raises:
            Nobody: there is no such person.
        """
        with self._database.reading() as session:
            hers = or_(Person.id == who, Person.identifiant == who.lower())
            person = session.scalars(select(Person).where(hers)).one_or_none()
            if person is None:
                raise Nobody(who)
            moment = now or self._clock()
            found = Gathering(session, moment)
            # The act does not matter: the facts of a thing are the same for all.
            asked = [("", thing) for thing in _around(session, person)]
            questions_on(found, person, asked, acr=PASSWORD)
            entities = {entity.ref: entity for entity in found.entities}
            known = dict(_names(session, entities))
            return Scene(entities, EntityRef("User", person.id), moment, known)


def _around(session: Session, person: Person) -> Iterator[Resource]:
    """Herself, her places, and what there is in the structures where she has one."""
    yield person
    places = session.scalars(select(Membership).where(Membership.person_id == person.id)).all()
    for place in places:
        yield place.structure
        here = select(Membership).where(Membership.siren == place.siren).order_by(Membership.attached_at)
        yield from session.scalars(here.limit(MOST))
        held = select(Habilitation).join(Habilitation.membership).where(Membership.siren == place.siren)
        yield from session.scalars(held.order_by(Habilitation.requested_at.desc()).limit(MOST))
        yield from session.scalars(select(Claim).where(Claim.siren == place.siren).limit(MOST))


def _names(session: Session, refs: Iterable[EntityRef]) -> Iterator[tuple[EntityRef, str]]:
    for ref in refs:
        if ref.type == "User":
            person = session.get_one(Person, ref.id)
            yield ref, f"{person.full_name} ({person.identifiant})"
        elif ref.type == "Structure":
            yield ref, session.get_one(Structure, ref.id).name
