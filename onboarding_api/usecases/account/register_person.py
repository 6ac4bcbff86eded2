"""« En tant que nouvel abonné » (guide G-01): a person registers."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from onboarding_api.acts.act import SAME_CLICK, Act, Office, act
from onboarding_api.model.event import Event
from onboarding_api.model.journal import happened_since
from onboarding_api.model.person import Civilite, Person, allot_identifiant
from onboarding_api.model.refusals import BadInput, DatabaseBusy
from onboarding_api.model.words.contact import email_address
from onboarding_api.model.words.proper_name import proper_name

MOST_TRIES = 5
BETWEEN_MAILS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class RegisterPerson:
    """As typed in the form of registration (GS-01)."""

    civilite: str
    prenom: str
    nom: str
    email: str


def register_person(office: Office, command: RegisterPerson) -> None:
    """Create the person; a mail then tells the identifiant and the link to choose a password.

    Nothing tells whether the e-mail was known (security threat 18): its owner learns it by mail, at most
    every ten minutes. The second click of a double click does nothing.

    Raises:
        BadInput: a field cannot be read.
        DatabaseBusy: others registered under the same draw, again and again.
    """
    email = email_address("email", command.email)
    person = Person(
        civilite=civilite(command.civilite),
        prenom=proper_name("prenom", command.prenom),
        nom=proper_name("nom", command.nom),
        email=email,
    )
    for _ in range(MOST_TRIES):
        # The same e-mail, or the same draw, at the same moment: the next try sees the other one.
        with suppress(IntegrityError):
            return _register(office, person)
    raise DatabaseBusy


def civilite(text: str) -> Civilite:
    """« Madame » or « Monsieur ».

    Raises:
        BadInput: anything else.
    """
    if text not in set(Civilite):
        raise BadInput("civilite", "unknown")
    return Civilite(text)


def _register(office: Office, typed: Person) -> None:
    with act(office) as it:
        known = it.session.scalars(select(Person).where(Person.email == typed.email)).one_or_none()
        if known:
            _tell_again(it, known)
            return
        person = Person(
            civilite=typed.civilite,
            prenom=typed.prenom,
            nom=typed.nom,
            email=typed.email,
            identifiant=allot_identifiant(typed.prenom, lambda name: _is_taken(it, name), secrets.randbelow),
            registered_at=it.now,
        )
        it.session.add(person)
        it.session.flush()
        it.record(Event.PERSON_REGISTERED, person, after="active")


def _tell_again(it: Act, person: Person) -> None:
    was_told = happened_since(
        it.session, Event.REGISTRATION_REPEATED, f"person:{person.id}", it.now - BETWEEN_MAILS
    )
    if not was_told and it.now - person.registered_at > SAME_CLICK:
        it.record(Event.REGISTRATION_REPEATED, person)


def _is_taken(it: Act, identifiant: str) -> bool:
    taken = select(Person.id).where(Person.identifiant == identifiant)
    return it.session.scalars(taken).one_or_none() is not None
