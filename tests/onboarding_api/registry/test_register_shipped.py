"""The shipped register is whole, sound, and what the build makes of its source."""

import gzip
import hashlib
import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from stdnum.fr import siren as siren_number

from onboarding_api.registry.build import BuildRefused, Source, entries_of, read_package
from onboarding_api.registry.folding import key
from onboarding_api.registry.shipped import PROVENANCE, REGISTER, Entry, pack, read_register

EUS = {
    "code": "66074",
    "nom": "Eus",
    "typeLiaison": 1,
    "departement": "66",
    "type": "commune-actuelle",
    "siren": "216600742",
    "codesPostaux": ["66500"],
    "population": 386,
}
PRADES = EUS | {"code": "66149", "nom": "Prades", "typeLiaison": 0, "siren": "216601492", "population": 6_000}
COMES = {"code": "66055", "nom": "Comes", "type": "commune-associee", "chefLieu": "66074"}
PAPEETE = {"code": "98735", "nom": "Papeete", "type": "commune-actuelle", "departement": "987"}
CONFLENT = {
    "code": "200049211",
    "nom": "CC Conflent  Canigó",
    "populationMunicipale": 22_000,
    "membres": [
        {"siren": "216600742", "populationMunicipale": 386},
        {"siren": "216601492", "populationMunicipale": 6_000},
    ],
}


def a_source(*communes: dict[str, Any], epci: dict[str, Any] = CONFLENT) -> Source:
    departements = [{"code": "66", "nom": "Pyrénées-Orientales"}]
    return Source(list(communes), [epci], departements, published="2026-03-09")


def test_the_build_says_of_a_structure_what_the_source_says() -> None:
    eus, _, epci = entries_of(a_source(EUS, PRADES, COMES, PAPEETE))
    assert eus == Entry(
        siren="216600742",
        kind="commune",
        name="Commune d'Eus",
        bare_name="Eus",
        insee="66074",
        departement="66",
        departement_name="Pyrénées-Orientales",
        other_departements=[],
        postcodes=["66500"],
        epci_siren="200049211",
        epci_name="Communauté de communes Conflent Canigó",
        population=386,
        former_names=["Comes"],
    )
    assert epci.name == "Communauté de communes Conflent Canigó"
    assert (epci.departement, epci.postcodes, epci.insee) == ("66", ["66500"], None)


def test_an_epci_stands_in_the_departement_of_most_of_its_inhabitants() -> None:
    prades_elsewhere = PRADES | {"departement": "11"}
    source = a_source(EUS, prades_elsewhere)
    source.departements.append({"code": "11", "nom": "Aude"})
    *_, epci = entries_of(source)
    assert (epci.departement, epci.other_departements) == ("11", ["66"])


def test_a_malformed_siren_in_the_source_stops_the_build() -> None:
    with pytest.raises(BuildRefused, match="200049212"):
        entries_of(a_source(EUS, PRADES, epci=CONFLENT | {"code": "200049212"}))


def test_another_package_than_the_expected_one_is_refused(tmp_path: Path) -> None:
    tarball = tmp_path / "package.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("package/package.json"), BytesIO())
    with pytest.raises(BuildRefused, match="SHA-256"):
        read_package(tarball)


def test_the_same_entries_give_the_same_bytes_in_any_order() -> None:
    entries = entries_of(a_source(EUS, PRADES))
    assert pack(entries) == pack(reversed(entries))


def test_the_shipped_register_is_the_one_its_provenance_tells(entries: list[Entry]) -> None:
    provenance = json.loads(PROVENANCE.read_text(encoding="utf-8"))
    assert hashlib.sha256(REGISTER.read_bytes()).hexdigest() == provenance["register_sha256"]
    assert provenance["counts"] == {
        "communes": 34_875,
        "epci": 1_255,
        "structures": len(entries),
        "former_names": sum(len(entry.former_names) for entry in entries),
    }
    assert len(entries) == 36_130
    assert REGISTER.stat().st_size < 1_000_000


def test_packing_the_shipped_register_again_changes_no_line(entries: list[Entry]) -> None:
    assert gzip.decompress(pack(entries)) == gzip.decompress(REGISTER.read_bytes())


@pytest.mark.attack(35)
def test_every_siren_of_the_register_has_a_right_check_digit_and_stands_once(entries: list[Entry]) -> None:
    sirens = [entry.siren for entry in entries]
    assert [siren for siren in sirens if not siren_number.is_valid(siren)] == []
    assert len(set(sirens)) == len(sirens)


def test_no_two_structures_of_a_departement_share_a_folded_name(entries: list[Entry]) -> None:
    places = {(entry.departement, key(entry.bare_name)) for entry in entries}
    assert len(places) == len(entries)


def test_the_communes_without_epci_are_the_four_islands() -> None:
    alone = {e.bare_name for e in read_register() if e.kind == "commune" and e.epci_siren is None}
    assert alone == {"Île-de-Bréhat", "Île-de-Sein", "Ouessant", "L'Île-d'Yeu"}
