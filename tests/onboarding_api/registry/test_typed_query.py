"""The box reads what stands on envelopes, in spreadsheets and in memories (F9)."""

import pytest
from sqlalchemy.orm import Session

from onboarding_api.model.base import Database
from onboarding_api.registry.load import load_register
from onboarding_api.registry.localities import absent_commune
from onboarding_api.registry.search import MalformedSiren, NotHeld, search
from onboarding_api.registry.shipped import Entry
from onboarding_api.registry.typed_query import read_query

EUS = "216600742"


@pytest.mark.parametrize(
    "text",
    [
        "SIREN : 216600742",
        "siren 216 600 742",
        "N° SIREN 216600742",
        "SIRET : 216 600 742 00011",
        "Eus (216600742)",
        "216600742 Eus",
        "216-600-742",
        "216.600.742",
        "Mairie d'Eus - SIREN 216600742",
        "Commune d'Eus, 66500, 216600742",
        "216600742/21660074200011",
        "n°216600742",
        "insee 66074",
        "Code INSEE : 66074",
        "66500 EUS CEDEX",
        "66502 EUS CEDEX 2",
        "BP 12 66500 Eus",
        "Commune nouvelle d'Eus",
        "Mairie de la commune d'Eus",
        "La mairie d'Eus",
        "Hôtel de ville d'Eus",
        "Services de la mairie d'Eus",
        "eus zzzzqq",
        "mairie eus 04 68 96 06 27",
        "Eus 66500 France",
        "FR216600742",
        "mairie@eus.fr",
        "EUS (Pyrénées‐Orientales)",
        "\u200beus\u00a066",
    ],
)
def test_eus_is_found_among_what_tells_nothing(session: Session, text: str) -> None:
    assert search(session, text)[0].siren == EUS


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("66020 PERPIGNAN CEDEX", "Commune de Perpignan"),
        ("66020 PERPIGNAN CEDEX 9", "Commune de Perpignan"),
        ("CS 20001 66020 Perpignan cedex", "Commune de Perpignan"),
        ("Paris 15", "Commune de Paris"),
        ("Paris 15e", "Commune de Paris"),
        ("Paris 1er arrondissement", "Commune de Paris"),
        ("PARIS 08", "Commune de Paris"),
        ("75115", "Commune de Paris"),
        ("Lyon 3e", "Commune de Lyon"),
        ("Lyon 3ème", "Commune de Lyon"),
        ("Lyon 9 arrdt", "Commune de Lyon"),
        ("69383", "Commune de Lyon"),
        ("2 A 004", "Commune d'Ajaccio"),
        ("2A 004", "Commune d'Ajaccio"),
        ("Ajaccio 20", "Commune d'Ajaccio"),
        ("2 a 004 ajaccio", "Commune d'Ajaccio"),
        ("C.C. Conflent Canigó", "Communauté de communes Conflent-Canigó"),
        ("C. C. Conflent Canigo", "Communauté de communes Conflent-Canigó"),
        ("comcom Conflent Canigo", "Communauté de communes Conflent-Canigó"),
        ("CdC Conflent Canigo", "Communauté de communes Conflent-Canigó"),
        ("Châlons sur Marne", "Commune de Châlons-en-Champagne"),
        ("Chalons s/ Marne", "Commune de Châlons-en-Champagne"),
        ("Châlons-sur-Marne 51", "Commune de Châlons-en-Champagne"),
        ("Beaumont-du-Périgord", "Commune de Beaumontois en Périgord"),
    ],
)
def test_what_people_write_finds_what_they_mean(session: Session, text: str, name: str) -> None:
    assert search(session, text)[0].name == name


@pytest.fixture
def few(database: Database, entries: list[Entry]) -> Database:
    insee = {"76474", "74010", "25060", "25249", "85194", "25282", "13055"}
    with database.writing() as session:
        load_register(session, [entry for entry in entries if entry.insee in insee])
    return database


@pytest.mark.parametrize(
    ("text", "insee"),
    [
        ("N.D. de Bondeville", "76474"),
        ("N.-D.-de-Bondeville", "76474"),
        ("ND de Bondeville", "76474"),
        ("Commune nouvelle d'Annecy", "74010"),
        ("Olonne sur mer", "85194"),
        ("Château d'Olonne", "85194"),
        ("Marseille 13e", "13055"),
        ("Marseille 8ème arrondissement", "13055"),
        ("13208", "13055"),
    ],
)
def test_a_name_of_before_and_a_part_of_a_city_find_the_commune(few: Database, text: str, insee: str) -> None:
    with few.reading() as session:
        assert search(session, text)[0].insee == insee


@pytest.mark.parametrize(
    "text",
    [
        "Nouméa",
        "noumea",
        "Commune de Nouméa",
        "Nouméa 988",
        "Papeete Polynésie française",
        "Saint-Pierre 975",
        "Dumbéa",
        "Wallis et Futuna",
        "Nouvelle-Calédonie",
        "Punaauia",
    ],
)
def test_what_the_register_does_not_hold_is_said_so(few: Database, text: str) -> None:
    with few.reading() as session, pytest.raises(NotHeld) as told:
        search(session, text)
    assert "(9" in told.value.absent.territory


@pytest.mark.parametrize("text", ["Eus", "Perpignan", "Paris", "zzz", "", "Saint-Pierre 974"])
def test_what_is_held_or_unknown_to_all_is_not(text: str) -> None:
    assert absent_commune(text) is None


@pytest.mark.parametrize("text", ["SIREN : 216600743", "siren 216-600-743", "216 600 743"])
def test_a_labelled_number_that_cannot_be_one_is_told(session: Session, text: str) -> None:
    with pytest.raises(MalformedSiren):
        search(session, text)


@pytest.mark.parametrize(
    "text", ["66020", "Eus 67", "siren", "cedex", "n°", "arrondissement", "2 A", "BP 12"]
)
def test_what_tells_nothing_finds_no_wrong_one(session: Session, text: str) -> None:
    assert EUS not in {hit.siren for hit in search(session, text)}


def test_a_text_is_read_once() -> None:
    assert read_query("SIREN : 216 600 742") == ("216600742", (EUS,), ("216600742",), "216600742")
    assert read_query("Paris 15e").words == ("paris",)
    assert read_query("Paris 75").words == ("paris", "75")
    assert read_query("Ville-d'Avray").words == ("ville", "avray")
