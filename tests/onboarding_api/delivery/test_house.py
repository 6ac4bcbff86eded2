"""What the sync keeps in the database: ids that Keycloak gave, and who was shut out there."""

import pytest
from sqlalchemy import select

from demo.bench_sync.hamlets import found_hamlets, identifiant_of, siren_of
from onboarding_api.acts.act import Office
from onboarding_api.delivery.house import DatabaseHouse
from onboarding_api.model.base import Database
from onboarding_api.model.disabling import Disabling
from onboarding_api.model.first_administrator.activation_code import CodeKeys
from onboarding_api.model.journal import JournalEntry
from onboarding_api.model.person import Person
from onboarding_api.model.service_group import ServiceGroup
from onboarding_api.model.structure import Structure
from tests.builders.deliveries import HandClock

DEMANDE = f"{siren_of(0)}/mes-prets:demande"


@pytest.fixture
def house(database: Database) -> DatabaseHouse:
    found_hamlets(database, structures=2, people=4)
    return DatabaseHouse(Office(database, HandClock(), CodeKeys(current="test", keys={"test": b"k" * 32})))


def ids(database: Database) -> dict[str, str | None]:
    with database.reading() as session:
        people = {row.identifiant: row.keycloak_id for row in session.scalars(select(Person))}
        groups = {row.siren: row.kc_group_id for row in session.scalars(select(Structure))}
        rows = session.scalars(select(ServiceGroup))
        services = {f"{row.siren}/{row.service}": row.kc_group_id for row in rows}
    return {key: id_ for key, id_ in (people | groups | services).items() if id_}


def test_ids_are_kept_and_the_newest_bearer_has_them(house: DatabaseHouse, database: Database) -> None:
    anne, other = identifiant_of(0), identifiant_of(1)
    house.keep({anne: "u-1"}, {siren_of(0): "g-1", DEMANDE: "s-1"})
    assert ids(database) == {anne: "u-1", siren_of(0): "g-1", DEMANDE: "s-1"}

    elsewhere = f"{siren_of(1)}/mes-prets:demande"
    house.keep({other: "u-1", anne: "u-2"}, {siren_of(1): "g-1", siren_of(0): "g-2", elsewhere: "s-1"})

    kept = {anne: "u-2", other: "u-1", siren_of(0): "g-2", siren_of(1): "g-1", elsewhere: "s-1"}
    assert ids(database) == kept
    assert [person.keycloak_id for person in house.people([anne])] == ["u-2"]
    assert {each.siren: each.service_ids for each in house.structures([siren_of(1)])} == {
        siren_of(1): {"mes-prets:demande": "s-1"}
    }


def test_who_was_found_shut_out_is_written_down_once(house: DatabaseHouse, database: Database) -> None:
    house.note_shut_out(identifiant_of(2))
    house.note_shut_out(identifiant_of(2))

    with database.reading() as session:
        assert [row.disabled_by for row in session.scalars(select(Disabling))] == ["keycloak"]
        assert [row.event for row in session.scalars(select(JournalEntry))] == ["person_disabled"]
    (person,) = house.people([identifiant_of(2)])
    assert (person.is_active, [structure.roles for structure in person.structures]) == (False, [()])


def test_an_account_is_of_somebody_by_its_name_or_its_id(house: DatabaseHouse) -> None:
    house.keep({identifiant_of(0): "u-1"}, {})

    assert house.knows(identifiant_of(3), "u-x")
    assert house.knows("intrus", "u-1")
    assert not house.knows("intrus", "u-x")
