"""The register enters the tables once; a newer vintage corrects and adds, and takes nothing away."""

import pytest
from sqlalchemy import func, select

from onboarding_api.model.base import Database
from onboarding_api.model.structure import SearchWord, Structure
from onboarding_api.registry.load import LoadReport, load_register
from onboarding_api.registry.search import search
from onboarding_api.registry.shipped import Entry

EUS = "216600742"


@pytest.fixture
def vintage(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.siren == EUS] + entries[:20]


def test_a_structure_is_as_the_register_says(database: Database, vintage: list[Entry]) -> None:
    with database.writing() as session:
        assert load_register(session, vintage) == LoadReport(len(vintage), 0, 0, 0)
    with database.reading() as session:
        eus = session.get_one(Structure, EUS)
        assert (eus.name, eus.bare_name, eus.insee, eus.kind) == ("Commune d'Eus", "Eus", "66074", "commune")
        assert (eus.postcodes, eus.population, eus.version) == (["66500"], 386, 1)
        assert (eus.is_active, eus.code_tiers, eus.kc_group_id) == (True, None, None)


def test_a_second_load_changes_nothing(database: Database, vintage: list[Entry]) -> None:
    with database.writing() as session:
        load_register(session, vintage)
    with database.writing() as session:
        assert load_register(session, vintage) == LoadReport(0, 0, len(vintage), 0)
        assert session.get_one(Structure, EUS).version == 1


def test_a_newer_vintage_corrects_names_and_keeps_what_is_ours(
    database: Database, vintage: list[Entry]
) -> None:
    with database.writing() as session:
        load_register(session, vintage)
        eus = session.get_one(Structure, EUS)
        eus.code_tiers, eus.kc_group_id, eus.is_active = "42", "a-group", False
    renamed = [
        entry._replace(name="Commune d'Eus-le-Haut", bare_name="Eus-le-Haut") if entry.siren == EUS else entry
        for entry in vintage
    ]
    with database.writing() as session:
        before = session.get_one(Structure, EUS).version
        assert load_register(session, renamed).updated == 1
        eus = session.get_one(Structure, EUS)
        assert (eus.name, eus.version) == ("Commune d'Eus-le-Haut", before + 1)
        assert (eus.code_tiers, eus.kc_group_id, eus.is_active) == ("42", "a-group", False)
        eus.is_active = True
    with database.reading() as session:
        assert search(session, "Eus le Haut 66")[0].siren == EUS


def test_a_name_that_is_gone_finds_nothing_more(database: Database, vintage: list[Entry]) -> None:
    renamed = [
        entry._replace(name="Commune de Comes", bare_name="Comes") if entry.siren == EUS else entry
        for entry in vintage
    ]
    with database.writing() as session:
        load_register(session, vintage)
    with database.writing() as session:
        load_register(session, renamed)
    with database.reading() as session:
        assert search(session, "Eus 66") == ()
        assert search(session, "Comes 66")[0].siren == EUS


def test_a_structure_that_left_the_register_stays_and_is_told(
    database: Database, vintage: list[Entry]
) -> None:
    with database.writing() as session:
        load_register(session, vintage)
    with database.writing() as session:
        remaining = [entry for entry in vintage if entry.siren != EUS]
        assert load_register(session, remaining) == LoadReport(0, 0, len(remaining), 1)
        assert session.get_one(Structure, EUS).is_active
        assert search(session, "Eus 66")[0].siren == EUS


@pytest.mark.slow
def test_the_whole_register_loads_and_loading_it_again_changes_nothing(whole_register: Database) -> None:
    with whole_register.writing() as session:
        words = session.scalar(select(func.count()).select_from(SearchWord))
        assert load_register(session) == LoadReport(0, 0, 36_130, 0)
        assert session.scalar(select(func.count()).select_from(SearchWord)) == words
