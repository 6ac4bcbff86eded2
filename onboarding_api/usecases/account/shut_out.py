"""A person is shut out, and let in again: the only two acts that move `Person.is_active`."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.acts.act import Act, Office, act
from onboarding_api.model.disabling import DisabledBy, disable, wake
from onboarding_api.model.event import Event
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotFound


def disable_person(office: Office, identifiant: str, by: DisabledBy) -> None:
    """Shut a person out, here and, by the delivery that follows, at Keycloak; said twice, it is noted once.

    Raises:
        NotFound: nobody has this identifiant.
    """
    with act(office) as it:
        _disable(it, _person(it, identifiant), by)


def note_shut_out(office: Office, session: Session, person_id: str) -> None:
    """The same, in a worker's own finishing transaction: Keycloak was found to have done it."""
    with act(office, within=session) as it:
        _disable(it, session.get_one(Person, person_id, with_for_update=True), DisabledBy.KEYCLOAK)


def wake_person(office: Office, identifiant: str) -> None:
    """Let a person in again, here and at Keycloak. Her rights come back as far as they still hold.

    Raises:
        NotFound: nobody has this identifiant.
        NotPossibleNow: she is not shut out.
    """
    with act(office) as it:
        person = _person(it, identifiant)
        wake(it.session, person, it.now)
        it.record(Event.PERSON_WOKEN, person, before="disabled", after="active")


def _disable(it: Act, person: Person, by: DisabledBy) -> None:
    if disable(it.session, person, by, it.now):
        it.record(Event.PERSON_DISABLED, person, before="active", after="disabled", by=by)


def _person(it: Act, identifiant: str) -> Person:
    found = select(Person).where(Person.identifiant == identifiant.lower()).with_for_update()
    person = it.session.scalars(found).one_or_none()
    if person is None:
        raise NotFound
    return person
