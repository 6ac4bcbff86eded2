"""The commune d'Eus and Madame Cendrine Martin, whose letter has been asked: the rows of that moment."""

from dataclasses import dataclass
from datetime import datetime

from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.first_administrator.letter import Letter
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Civilite, Person
from onboarding_api.model.structure import Structure, StructureKind
from tests.builders.deliveries import NOON

SIREN = "216600742"


@dataclass(frozen=True)
class Eus:
    """Ids of the rows."""

    person_id: str
    membership_id: str
    claim_id: str
    letter_id: str


def found_eus(database: Database, now: datetime = NOON, siren: str = SIREN) -> Eus:
    """A claim whose letter is asked; « Demande de prêts » and « Suivi des dossiers » wait for it."""
    person = Person(
        identifiant="cend589",
        email="cendrine.martin@eus.example",
        civilite=Civilite.MADAME,
        prenom="Cendrine",
        nom="Martin",
        registered_at=now,
    )
    structure = Structure(
        siren=siren,
        kind=StructureKind.COMMUNE,
        name="Commune d'Eus",
        bare_name="Eus",
        insee="66074",
        departement="66",
        departement_name="Pyrénées-Orientales",
        postcodes=["66500"],
    )
    membership = Membership(
        person=person, structure=structure, fonction="secretaire-general", attached_at=now
    )
    claim = Claim(membership=membership, siren=siren, claimed_at=now)
    letter = Letter(claim=claim, asked_at=now, state_at=now)
    with database.writing() as session:
        session.add(letter)
        session.flush()
        for service in ("mes-prets:demande", "mes-prets:suivi"):
            session.add(
                Habilitation(
                    membership=membership,
                    service=service,
                    state=HabilitationState.AWAITING_LETTER,
                    claim_id=claim.id,
                    requested_at=now,
                    changed_at=now,
                )
            )
        return Eus(person.id, membership.id, claim.id, letter.id)
