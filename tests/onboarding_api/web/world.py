"""A small world: two communes of the Pyrénées-Orientales and four people, rows as use cases leave them."""

from datetime import UTC, datetime, timedelta

from onboarding_api.model.administration import Administration, Origin
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.activation_code import CodeKeys, fingerprint, new_code
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.first_administrator.letter import Letter, LetterState
from onboarding_api.model.first_administrator.validity import expires_at
from onboarding_api.model.habilitation import Habilitation, HabilitationState
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Civilite, Person
from onboarding_api.model.structure import SearchWord, Structure, StructureKind
from onboarding_api.model.words.typed_text import folded

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PEOPLE = ("cend589", "paul123", "odil456", "jean789")
EUS, ESTAVAR = "216600742", "216600726"
PENDING = "11111111-1111-4111-8111-111111111111"
GRANTED = "22222222-2222-4222-8222-222222222222"
DEACTIVATED = "33333333-3333-4333-8333-333333333333"
CLAIM = "44444444-4444-4444-8444-444444444444"
REFERENCE = "BDT-7K2M-9QXA"
KEYS = CodeKeys("k1", {"k1": b"k" * 32})
CODE = new_code()


def build_world(database: Database) -> None:
    """Eus: Cendrine administers, Paul has one request of each kind. Estavar: Odile waits for the letter.

    Jean is registered and attached to nothing.
    """
    eus = _structure(EUS, "Eus", "66074", "66500")
    estavar = _structure(ESTAVAR, "Estavar", "66072", "66800")
    cendrine = _person("cend589", Civilite.MADAME, "Cendrine", "Martin")
    paul = _person("paul123", Civilite.MONSIEUR, "Paul", "Durand")
    odile = _person("odil456", Civilite.MADAME, "Odile", "Testa")
    jean = _person("jean789", Civilite.MONSIEUR, "Jean", "Testo")
    administrators = _membership(cendrine, eus, fonction="secretaire-general", telephone="+33468960627")
    members = _membership(paul, eus, fonction="agent-comptable")
    claimants = _membership(odile, estavar, fonction="maire")
    letter = _letter(claimants)
    state = HabilitationState
    with database.writing() as session:
        session.add_all([jean, letter])
        session.add(Administration(membership=administrators, origin=Origin.LETTER, since=NOON))
        session.flush()
        session.add_all(
            [
                *_words(),
                _habilitation(administrators, "mes-prets:demande", state.GRANTED),
                _habilitation(members, "mes-prets:suivi", state.PENDING, id=PENDING),
                _habilitation(members, "dataviz-coeur-de-ville:acces", state.GRANTED, id=GRANTED),
                _habilitation(members, "mes-prets:encours", state.DEACTIVATED, id=DEACTIVATED),
                _habilitation(
                    claimants, "mes-prets:demande", state.AWAITING_LETTER, claim_id=letter.claim.id
                ),
            ]
        )


def _letter(membership: Membership) -> Letter:
    """Spooled two days ago, with the fingerprint of CODE."""
    asked, issued = NOON - timedelta(days=3), NOON - timedelta(days=2)
    claim = Claim(id=CLAIM, reference=REFERENCE, membership=membership, siren=ESTAVAR, claimed_at=asked)
    printed = fingerprint(CODE, CLAIM, KEYS)
    return Letter(
        claim=claim,
        state=LetterState.HANDED_OVER,
        asked_at=asked,
        issued_at=issued,
        state_at=issued,
        expires_at=expires_at(issued, "Europe/Paris"),
        code_key_id=printed.key_id,
        code_fingerprint=printed.hex_digest,
    )


def _habilitation(
    membership: Membership, service: str, state: HabilitationState, **more: str
) -> Habilitation:
    asked, changed = NOON - timedelta(days=4), NOON - timedelta(days=1)
    return Habilitation(
        membership=membership, service=service, state=state, requested_at=asked, changed_at=changed, **more
    )


def _words() -> list[SearchWord]:
    found_by = {EUS: ("eus", "commune", "66500"), ESTAVAR: ("estavar", "66800")}
    return [SearchWord(word=word, siren=siren) for siren, words in found_by.items() for word in words]


def _person(identifiant: str, civilite: Civilite, prenom: str, nom: str) -> Person:
    email = f"{folded(prenom)}.{folded(nom)}@example.fr"
    return Person(
        identifiant=identifiant, civilite=civilite, prenom=prenom, nom=nom, email=email, registered_at=NOON
    )


def _structure(siren: str, bare_name: str, insee: str, postcode: str) -> Structure:
    return Structure(
        siren=siren,
        kind=StructureKind.COMMUNE,
        name=f"Commune d'{bare_name}",
        bare_name=bare_name,
        insee=insee,
        departement="66",
        departement_name="Pyrénées-Orientales",
        postcodes=[postcode],
        code_tiers=insee,
        name_key=f"commune d {bare_name}".lower().replace(" ", ""),
        bare_name_key=bare_name.lower(),
    )


def _membership(person: Person, structure: Structure, **profile: str) -> Membership:
    return Membership(person=person, structure=structure, attached_at=NOON - timedelta(days=9), **profile)
