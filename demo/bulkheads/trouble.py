"""What goes on beside a revocation: the rows of each trouble."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, insert, text

from onboarding_api.model.base import Database, new_id
from onboarding_api.model.first_administrator.claim import Claim
from onboarding_api.model.first_administrator.letter import Letter
from onboarding_api.model.ledger.delivery import Delivery, DeliveryClass
from onboarding_api.model.ledger.kinds import LETTER_PRINT, PERSON, RECALL, WELCOME
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Civilite, Person
from onboarding_api.model.structure import Structure, StructureKind

MAILS, REFUSED, COURTESIES, LETTERS, POISONED, NEWCOMERS = 60, 5_000, 10_000, 200, 50, 500
UNFIT_ARGS = ("{}", "[]", '"x"', "null", '{"person_id": 7}')


class Trouble(StrEnum):
    """What the neighbours do, and what waits for them."""

    NONE = "nothing else to do"
    MAIL_SILENT = f"mail accepts connections and says nothing; {MAILS} mails wait"
    MAIL_REFUSES = f"mail says 451 to everything; {REFUSED:,} mails wait"
    COURTESIES = f"{COURTESIES:,} courtesy rows wait"
    SPOOL_FULL = f"the spool is full; {LETTERS} letters wait"
    POISONED = f"{POISONED} rows that no retry can cure stand at heads of lanes"
    NEWCOMERS = f"{NEWCOMERS} newcomers wait; Keycloak gives no link for their welcome"


def make(database: Database, trouble: Trouble, now: datetime) -> None:
    """Write its rows."""
    mails = {Trouble.MAIL_SILENT: MAILS, Trouble.MAIL_REFUSES: REFUSED, Trouble.COURTESIES: COURTESIES}
    if trouble in mails:
        _add(database, (_recall(now) for _ in range(mails[trouble])))
    if trouble is Trouble.SPOOL_FULL:
        _ask_letters(database, now)
    if trouble is Trouble.POISONED:
        for number in range(POISONED):
            _put_unfit(database, UNFIT_ARGS[number % len(UNFIT_ARGS)], now)
    if trouble is Trouble.NEWCOMERS:
        _register(database, now)


def person_row(person_id: str, of_class: DeliveryClass, now: datetime) -> Delivery:
    """Keycloak is to match this person."""
    args = {"person_id": person_id}
    return PERSON.row(person_id, key=f"{PERSON.name}:{new_id()}", args=args, due=now, of_class=of_class)


def _put_unfit(database: Database, args: str, now: datetime) -> None:
    row = person_row(new_id(), DeliveryClass.TAKING_AWAY, now)
    with database.writing() as session:
        session.add(row)
        session.flush()
        spoil(session.connection(), row.sequence, args)


def spoil(connection: Connection, sequence: int, args: str) -> None:
    """Give a row arguments that no kind has."""
    statement = text("UPDATE delivery SET args = :args WHERE sequence = :sequence")
    connection.execute(statement, {"args": args, "sequence": sequence})


def _recall(now: datetime) -> Delivery:
    id_ = new_id()
    return RECALL.row(id_, key=id_, args={"address": f"{id_}@nowhere.example"}, due=now)


def _register(database: Database, now: datetime) -> None:
    rows = []
    people = [_person(f"newc{number:03d}", now, keycloak_id=new_id()) for number in range(NEWCOMERS)]
    with database.writing() as session:
        session.add_all(people)
        session.flush()
        for person in people:
            args = {"person_id": person.id}
            rows.append(person_row(person.id, DeliveryClass.GIVING, now))
            rows.append(WELCOME.row(person.id, key=f"{WELCOME.name}:{person.id}", args=args, due=now))
    _add(database, rows)


def _person(identifiant: str, now: datetime, keycloak_id: str | None = None) -> Person:
    return Person(
        identifiant=identifiant,
        email=f"{identifiant}@nowhere.example",
        civilite=Civilite.MADAME,
        prenom="Cendrine",
        nom="Martin",
        registered_at=now,
        keycloak_id=keycloak_id,
    )


def _ask_letters(database: Database, now: datetime) -> None:
    letters = [_letter(number, now) for number in range(LETTERS)]
    with database.writing() as session:
        session.add_all(letters)
        session.flush()
        for letter in letters:
            key, args = f"{LETTER_PRINT.name}:{letter.id}", {"letter_id": letter.id}
            session.add(LETTER_PRINT.row(letter.claim_id, key=key, args=args, due=now))


def _letter(number: int, now: datetime) -> Letter:
    structure = Structure(
        siren=f"{200_000_000 + number}",
        kind=StructureKind.COMMUNE,
        name="Commune d'Eus",
        bare_name="Eus",
        insee=f"66{number:03d}",
        departement="66",
        departement_name="Pyrénées-Orientales",
        postcodes=["66500"],
    )
    person = _person(f"lett{number:03d}", now)
    membership = Membership(
        person=person, structure=structure, fonction="secretaire-general", attached_at=now
    )
    claim = Claim(membership=membership, siren=structure.siren, claimed_at=now)
    return Letter(claim=claim, asked_at=now, state_at=now)


def _add(database: Database, rows: Iterable[Delivery]) -> None:
    names = ("kind", "target", "of_class", "lane", "unique_key", "args", "due")
    values = [{name: getattr(row, name) for name in names} for row in rows]
    with database.writing() as session:
        session.execute(insert(Delivery), values)
