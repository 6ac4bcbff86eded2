"""The town hall's postcode: known with its source, imported from La Poste's file, or not known and asked."""

from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from onboarding_api.cli.registry import registry
from onboarding_api.model.base import Database
from onboarding_api.model.structure import Structure
from onboarding_api.registry.load import load_register
from onboarding_api.registry.shipped import Entry
from onboarding_api.registry.town_halls import (
    AddressReport,
    build_town_halls,
    import_addresses,
    known_town_halls,
    town_hall_of,
)

HEADER = "Code_commune_INSEE;Nom_commune;Code_postal;Ligne_5;Libellé_d_acheminement;coordonnees_gps"
# As the file has them: Nice has several rows of its own, « BEUGNY » is a hamlet, Eus has one postcode.
FILE = f"""{HEADER}
06088;NICE;06000;;NICE;43.7,7.2
06088;NICE;06100;;NICE;43.7,7.2
06029;CANNES;06150;CANNES LA BOCCA;CANNES;43.5,6.9
06029;CANNES;06400;;CANNES;43.5,6.9
13047;ISTRES;13800;;ISTRES;43.6,5.1
66074;EUS;66500;;EUS;42.6,2.4
75056;PARIS;75004;;PARIS;48.8,2.3
"""


@pytest.mark.parametrize(
    ("insee", "postcode"),
    [
        ("06029", "06400"),  # Cannes
        ("06004", "06600"),  # Antibes
        ("83061", "83600"),  # Fréjus
        ("83118", "83700"),  # Saint-Raphaël
        ("13004", "13200"),  # Arles
        ("13056", "13500"),  # Martigues
        ("13047", "13800"),  # Istres
        ("97415", "97460"),  # Saint-Paul
        ("97422", "97430"),  # Le Tampon
        ("97306", "97360"),  # Mana
        ("97410", "97470"),  # Saint-Benoît
        ("97413", "97436"),  # Saint-Leu
        ("97414", "97450"),  # Saint-Louis
        ("33529", "33260"),  # La Teste-de-Buch
        ("83107", "83520"),  # Roquebrune-sur-Argens
        ("97301", "97390"),  # Régina
        ("51030", "51160"),  # Aÿ-Champagne, of whose communes Aÿ is the seat
        ("70245", "70220"),  # Fougerolles-Saint-Valbert
    ],
)
def test_the_known_corrections_are_facts_of_the_build(
    entries: list[Entry], insee: str, postcode: str
) -> None:
    (entry,) = (entry for entry in entries if entry.insee == insee)
    found = town_hall_of(entry)
    assert found is not None
    assert found.postcode == postcode
    assert found.source in {"la_poste", "seat"}


def test_every_known_postcode_is_one_of_its_commune_and_the_rest_is_asked(entries: list[Entry]) -> None:
    several = [entry for entry in entries if entry.kind == "commune" and len(entry.postcodes) > 1]
    known = [entry for entry in several if town_hall_of(entry)]
    assert {entry.insee for entry in known} == known_town_halls().keys()
    assert (len(several), len(known)) == (359, 246)
    asked = {entry.bare_name for entry in several if not town_hall_of(entry)}
    assert {"Paris", "Lyon", "Marseille", "Nice", "Toulouse"} <= asked


def test_the_register_carries_each_postcode_with_its_source(database: Database, entries: list[Entry]) -> None:
    few = [entry for entry in entries if entry.bare_name in {"Eus", "Cannes", "Paris", "CC Conflent-Canigó"}]
    with database.writing() as session:
        load_register(session, few)
    with database.reading() as session:
        rows = session.execute(
            select(Structure.bare_name, Structure.town_hall_postcode, Structure.town_hall_source)
        )
        assert sorted(tuple(row) for row in rows if row.bare_name != "CC Conflent-Canigó") == [
            ("Cannes", "06400", "la_poste"),
            ("Eus", "66500", "only_one"),
            ("Paris", None, None),
        ]


@pytest.fixture
def loaded(database: Database, entries: list[Entry]) -> Database:
    names = {"Eus", "Cannes", "Paris", "Nice", "Istres"}
    with database.writing() as session:
        load_register(session, [entry for entry in entries if entry.bare_name in names])
    return database


def imported(database: Database, content: bytes) -> AddressReport:
    with database.writing() as session:
        return import_addresses(session, BytesIO(content))


def postcode_of(database: Database, name: str) -> tuple[str | None, str | None]:
    with database.reading() as session:
        row = session.scalars(select(Structure).where(Structure.bare_name == name)).one()
        return row.town_hall_postcode, row.town_hall_source


def test_la_poste_s_file_tells_what_it_tells_and_no_more(loaded: Database) -> None:
    report = imported(loaded, FILE.replace("75056;PARIS;75004", "75056;PARIS;75999").encode())
    assert (report.changed, report.untold, report.fault) == (0, 1, "")
    assert report.at_odds == ("75056 Paris: 75999",)
    assert postcode_of(loaded, "Nice") == (None, None)


def test_an_import_stays_when_the_next_vintage_comes(loaded: Database, entries: list[Entry]) -> None:
    assert imported(loaded, FILE.encode()).changed == 1
    assert postcode_of(loaded, "Paris") == ("75004", "import")
    assert imported(loaded, FILE.encode()).changed == 0
    with loaded.writing() as session:
        names = {"Eus", "Cannes", "Paris", "Nice", "Istres"}
        report = load_register(session, [entry for entry in entries if entry.bare_name in names])
    assert report.updated == 0
    assert postcode_of(loaded, "Paris") == ("75004", "import")


@pytest.mark.parametrize(
    "content",
    [
        FILE.encode("latin-1"),
        b"\xef\xbb\xbf" + FILE.encode(),
        b"sep=;\r\n" + FILE.replace("\n", "\r\n").encode(),
        FILE.replace("Code_commune_INSEE;Nom_commune", "#Code_commune_INSEE;Nom_de_la_commune").encode(),
        FILE.replace(";", ",").replace("43.7,7.2", "").replace("43.5,6.9", "").replace("43.6,5.1", "")
        .replace("42.6,2.4", "").replace("48.8,2.3", "").encode(),
    ],
    ids=["Latin-1", "BOM", "sep", "later header", "commas"],
)  # fmt: skip
def test_the_file_is_read_as_it_is_spread(loaded: Database, content: bytes) -> None:
    assert imported(loaded, content).changed == 1


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "found: nothing"),
        (b"siren;code_tiers\n1;2\n", "found: « siren », « code_tiers »"),
        (FILE.encode("utf-16"), "the file is UTF-16"),
        (FILE.encode() + b"06088;NICE\n", "line 9: the line has not as many cells"),
        (b"PK\x03\x04rest", "workbook"),
    ],
)
def test_another_file_changes_nothing_and_is_named(loaded: Database, content: bytes, fault: str) -> None:
    report = imported(loaded, content)
    assert fault in report.fault
    assert report.changed == 0
    assert postcode_of(loaded, "Paris") == (None, None)


def test_the_command_tells_what_it_did(loaded: Database, tmp_path: Path, database_url: str) -> None:
    file = tmp_path / "laposte.csv"
    file.write_bytes(FILE.encode())
    command = ["import-addresses", str(file), "--database-url", database_url]
    done = CliRunner().invoke(registry, command)
    assert done.exit_code == 0, done.output
    assert "changed: 1\n" in done.output
    assert "asked before a letter leaves: 1\n" in done.output


def test_the_facts_are_built_from_the_file_and_the_code_officiel(entries: list[Entry]) -> None:
    file = f"{HEADER}\n06029;CANNES;06400;;CANNES;\n51030;AY CHAMPAGNE;51160;AY;AY CHAMPAGNE;\n"
    communes = [{"code": "51030", "chefLieu": "51030", "nom": "Ay"}]
    built = build_town_halls(file.encode(), entries, communes)
    assert '"06029": "06400"' in built
    assert '"51030": "51160"' in built
    assert "Licence Ouverte" in built
