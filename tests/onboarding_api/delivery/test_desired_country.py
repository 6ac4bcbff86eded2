"""The whole country, streamed, wants of each person and structure what is wanted of her or it alone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from idp_extension.projection import DesiredPerson
from onboarding_api.delivery.desired.country import desired_people, desired_structures
from onboarding_api.delivery.desired.person import desired_person
from onboarding_api.model.base import Database
from onboarding_api.model.person import Person
from tests.builders.country import Countries

pytestmark = pytest.mark.slow
NOW = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def small(request: pytest.FixtureRequest, countries: Countries) -> Iterator[Database]:
    """The country at a hundredth."""
    if request.param == "sqlite":
        url = countries.sqlite(0.01)
    else:
        url = countries.postgresql(request.getfixturevalue("postgresql_server"), 0.01)
    database = Database(url)
    yield database
    database.engine.dispose()


def test_the_rules_in_sql_give_everybody_what_the_engine_gives_her(small: Database) -> None:
    with small.reading() as session:
        streamed = list(desired_people(session, NOW))
        sampled = list(session.execute(select(Person.id, Person.identifiant).order_by(Person.id).limit(150)))
        alone = {row.identifiant: desired_person(session, row.id, NOW) for row in sampled}

    assert [person.identifiant for person in streamed] == sorted(person.identifiant for person in streamed)
    found = {person.identifiant: person for person in streamed if person.identifiant in alone}
    assert found == {name: without_ids(person) for name, person in alone.items() if person}
    assert sum(len(structure.roles) for person in found.values() for structure in person.structures) > 100


def test_some_people_and_one_structure_may_be_asked_for_alone(small: Database) -> None:
    with small.reading() as session:
        everybody, structures = list(desired_people(session, NOW)), list(desired_structures(session, NOW))
        names = {person.identifiant for person in everybody[100:103]}
        some = list(desired_people(session, NOW, names))
        one = list(desired_structures(session, NOW, structures[7].siren))

    assert some == everybody[100:103]
    assert one == [structures[7]]


def without_ids(person: DesiredPerson) -> DesiredPerson:
    structures = (
        replace(each, group_id=None, roles=tuple(replace(role, group_id=None) for role in each.roles))
        for each in person.structures
    )
    return replace(person, structures=tuple(structures))
