"""A few communes with a few people each, in the tables: what a sync has to bring to Keycloak."""

from datetime import UTC, datetime

from sqlalchemy import select

from onboarding_api.model.base import Database
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Civilite, Person
from onboarding_api.model.structure import Structure, StructureKind
from onboarding_api.model.terms import TermsAcceptance

LONG_AGO = datetime(2026, 1, 5, 9, tzinfo=UTC)
SERVICES = ("mes-prets:demande", "mes-prets:suivi")


def siren_of(number: int) -> str:
    """The SIREN of a commune."""
    return f"21660{number:04d}"


def identifiant_of(number: int) -> str:
    """The identifiant of a person."""
    return f"anne{number:03d}"


def found_hamlets(database: Database, structures: int = 4, people: int = 8, first: int = 0) -> None:
    """Each person is in one commune, may ask for loans there, and every second may follow them.

    `first` is the number of the first commune and of the first person.
    """
    with database.writing() as session:
        for number in range(first, first + structures):
            session.add(_commune(number))
        for number in range(people):
            session.add(_member(first + number, first + number % structures))
        session.flush()
        for membership in session.scalars(select(Membership)):
            session.add(
                TermsAcceptance(
                    membership_id=membership.id,
                    espace="mes-prets",
                    version="2022-02",
                    text_sha256="0" * 64,
                    accepted_at=LONG_AGO,
                )
            )
            is_even = int(membership.person.identifiant[4:]) % 2 == 0
            for service in SERVICES[: 2 if is_even else 1]:
                session.add(
                    Habilitation(
                        membership=membership,
                        service=service,
                        state=HabilitationState.GRANTED,
                        requested_at=LONG_AGO,
                        changed_at=LONG_AGO,
                    )
                )


def _commune(number: int) -> Structure:
    return Structure(
        siren=siren_of(number),
        kind=StructureKind.COMMUNE,
        name=f"Commune d'Ici n° {number}",
        bare_name=f"Ici n° {number}",
        departement="66",
        departement_name="Pyrénées-Orientales",
        postcodes=["66500"],
    )


def _member(number: int, commune: int) -> Membership:
    name = identifiant_of(number)
    person = Person(
        identifiant=name,
        email=f"{name}@ici.example",
        civilite=Civilite.MADAME,
        prenom="Anne",
        nom="D'Ici",
        registered_at=LONG_AGO,
    )
    return Membership(
        person=person, siren=siren_of(commune), fonction="secretaire-general", attached_at=LONG_AGO
    )
