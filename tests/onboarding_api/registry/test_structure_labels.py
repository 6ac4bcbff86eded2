"""French contracts « de » with « le » and « les », elides it before vowels, and keeps « La » and « L' »."""

import re

import pytest

from onboarding_api.registry.labels import label_of_commune, label_of_epci
from onboarding_api.registry.shipped import Entry


@pytest.mark.parametrize(
    ("name", "is_elided", "label"),
    [
        ("Eus", True, "Commune d'Eus"),
        ("Paris", False, "Commune de Paris"),
        ("Le Mans", False, "Commune du Mans"),
        ("Les Angles", False, "Commune des Angles"),
        ("La Rochelle", False, "Commune de La Rochelle"),
        ("L'Aigle", False, "Commune de L'Aigle"),
        ("Los Masos", False, "Commune de Los Masos"),
        ("Hyères", True, "Commune d'Hyères"),
        ("Huelgoat", False, "Commune de Huelgoat"),
        ("Aux Marais", True, "Commune d'Aux Marais"),
        ("Lens", False, "Commune de Lens"),
        ("Lesquin", False, "Commune de Lesquin"),
    ],
)
def test_a_commune_is_called_in_good_french(name: str, is_elided: bool, label: str) -> None:
    assert label_of_commune(name, is_elided=is_elided) == label


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("CC Conflent-Canigó", "Communauté de communes Conflent-Canigó"),
        ("CA de Cambrai", "Communauté d'agglomération de Cambrai"),
        ("CU d'Arras", "Communauté urbaine d'Arras"),
        ("Métropole de Lyon", "Métropole de Lyon"),
        ("CAVALE", "CAVALE"),
    ],
)
def test_an_epci_is_called_by_its_kind(name: str, label: str) -> None:
    assert label_of_epci(name) == label


def test_every_name_of_france_gets_a_label_that_reads_well(entries: list[Entry]) -> None:
    labels = {entry.siren: entry.name for entry in entries}
    clumsy = re.compile(r"de Le |de Les |d'Le |d'La |d'L'|  |^C[CAU] ")
    # Aspirated h and the vowels that INSEE does not elide: « Commune de Huelgoat ».
    unelided = re.compile(r"^Commune de [AEIOUÀÂÉÈÊÎÔŒ]")
    assert [label for label in labels.values() if clumsy.search(label)] == []
    assert [label for label in labels.values() if unelided.match(label)] == []
    assert labels["216600742"] == "Commune d'Eus"


def test_no_label_is_longer_than_its_column(entries: list[Entry]) -> None:
    assert max(len(entry.name) for entry in entries) <= 120
