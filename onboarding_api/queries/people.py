"""Who is logged in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.model.membership import EmailChange, waiting_change
from onboarding_api.model.person import Person
from onboarding_api.model.refusals import NotFound


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person as pages show her."""

    id: str
    identifiant: str
    civilite: str
    prenom: str
    nom: str
    email: str
    is_active: bool


def person_by_keycloak(session: Session, sub: str, identifiant: str) -> PersonView | None:
    """The person of a token.

    The subject decides. The identifiant only serves before the delivery that made the account has noted
    the subject, and never for a person whose subject is another.
    """
    found = session.scalars(select(Person).where(Person.keycloak_id == sub)).one_or_none()
    if found is None:
        unlinked = select(Person).where(
            Person.identifiant == identifiant.lower(), Person.keycloak_id.is_(None)
        )
        found = session.scalars(unlinked).one_or_none()
    return view_of(found) if found else None


def view_of(person: Person) -> PersonView:
    """The row as pages show it."""
    return PersonView(
        id=person.id,
        identifiant=person.identifiant,
        civilite=person.civilite,
        prenom=person.prenom,
        nom=person.nom,
        email=person.email,
        is_active=person.is_active,
    )


def email_waiting(session: Session, membership_id: str, now: datetime) -> str | None:
    """The professional e-mail of a member that waits to be confirmed."""
    change = waiting_change(session, membership_id, now)
    return change.email if change else None


def email_waiting_by_link(session: Session, membership_id: str, change_id: str, now: datetime) -> str | None:
    """The same by the link of its mail; None when its day is over.

    Raises:
        NotFound: no such change of this member's.
    """
    change = session.get(EmailChange, change_id)
    if change is None or change.membership_id != membership_id:
        raise NotFound
    return change.email if change.is_waiting(now) else None
