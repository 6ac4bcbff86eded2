"""NF Z 10-011: the lines of the address block, on hand-picked cases and on every name of the register."""

import pytest

from onboarding_api.letters.address import (
    ATTENTION,
    LINE_AT_MOST,
    AddressImpossible,
    address_lines,
    check_lines,
)
from onboarding_api.registry.shipped import read_register


@pytest.mark.parametrize(
    ("name", "postcode", "town", "lines"),
    [
        ("Commune d'Eus", "66500", "Eus", ("MAIRIE D'EUS", "66500 EUS")),
        ("Commune du Havre", "76600", "Le Havre", ("MAIRIE DU HAVRE", "76600 LE HAVRE")),
        ("Commune des Abymes", "97139", "Les Abymes", ("MAIRIE DES ABYMES", "97139 LES ABYMES")),
        (
            "Commune de L'Haÿ-les-Roses",
            "94240",
            "L'Haÿ-les-Roses",
            ("MAIRIE DE L'HAY LES ROSES", "94240 L HAY LES ROSES"),
        ),
        ("Commune d'Œuilly", "51480", "Œuilly", ("MAIRIE D'OEUILLY", "51480 OEUILLY")),
        ("Commune d’Arc", "70100", "Arc", ("MAIRIE D'ARC", "70100 ARC")),
        (
            "Commune de Bors (Canton de Charente-Sud)",
            "16360",
            "Bors (Canton de Charente-Sud)",
            ("MAIRIE DE BORS", "16360 BORS"),
        ),
        ("Commune de Paris", "75015", "Paris 15e Arrondissement", ("MAIRIE DE PARIS", "75015 PARIS")),
        ("Commune de Lyon", "69205", "Lyon CEDEX 01", ("MAIRIE DE LYON", "69205 LYON CEDEX 01")),
        (
            "Commune de Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson",
            "51290",
            "Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson",
            (
                "MAIRIE DE SAINT REMY EN BOUZEMONT",
                "SAINT GENEST ET ISSON",
                "51290 ST REMY BOUZEMONT ST GENEST",
            ),
        ),
    ],
)
def test_lines_of_a_mairie(name: str, postcode: str, town: str, lines: tuple[str, ...]) -> None:
    assert address_lines(name, "commune", postcode, town) == (ATTENTION, *lines)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Communauté urbaine d'Arras", ("COMMUNAUTE URBAINE D'ARRAS",)),
        ("Brest Métropole", ("BREST METROPOLE",)),
        (
            "Communauté de communes Conflent-Canigó",
            ("COMMUNAUTE DE COMMUNES CONFLENT CANIGO",),
        ),
        (
            "Communauté de communes des Albères, de la Côte Vermeille et de l'Illibéris",
            ("COMMUNAUTE DE COMMUNES DES ALBERES DE", "LA COTE VERMEILLE ET DE L'ILLIBERIS"),
        ),
        (
            "Communauté d'agglomération CIVIS (Communauté Intercommunale des Villes Solidaires)",
            ("COMMUNAUTE D'AGGLOMERATION CIVIS",),
        ),
        (
            "Communauté d'agglomération Guingamp-Paimpol Agglomération de l'Armor à l'Argoat",
            ("CA GUINGAMP PAIMPOL AGGLOMERATION DE", "L'ARMOR A L'ARGOAT"),
        ),
    ],
)
def test_lines_of_an_epci(name: str, lines: tuple[str, ...]) -> None:
    assert address_lines(name, "epci", "66500", "Prades") == (ATTENTION, *lines, "66500 PRADES")


@pytest.mark.parametrize(
    ("name", "postcode", "town", "reason"),
    [
        ("Commune d'Eus", "", "Eus", "postcode"),
        ("Commune d'Eus", "6650", "Eus", "postcode"),
        ("Commune d'Eus", "٦٦٥٠٠", "Eus", "postcode"),
        ("Commune d'Eus", "66500", "", "town"),
        ("Commune d'Eus", "66500", "A" * 33, "town"),
        ("Commune d'Eus", "66500", "日本", "town"),
        ("", "66500", "Eus", "name"),
        ("Commune de " + "X" * 39, "66500", "Eus", "name"),
        ("Commune de " + "Saint-Martin " * 9, "66500", "Eus", "name"),
    ],
)
def test_an_impossible_address_is_refused_before_the_letter(
    name: str, postcode: str, town: str, reason: str
) -> None:
    with pytest.raises(AddressImpossible) as refused:
        address_lines(name, "commune", postcode, town)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "lines",
    [
        ("66500 EUS",),
        ("A", "B", "C", "D", "E", "F", "66500 EUS"),
        ("MAIRIE", " ", "66500 EUS"),
        ("M" * 39, "66500 EUS"),
        ("MAIRIE\nD'EUS", "66500 EUS"),
        ("MAIRIE", "66500 Eus"),
        ("MAIRIE", "66500 L'EUS"),
        ("MAIRIE", "66500"),
    ],
)
def test_lines_that_a_carrier_would_refuse_are_refused_here(lines: tuple[str, ...]) -> None:
    with pytest.raises(AddressImpossible):
        check_lines(lines)


@pytest.mark.slow
def test_every_structure_of_the_register_has_an_address_and_three_towns_lose_words() -> None:
    shortened = set()
    for entry in read_register():
        town = entry.bare_name if entry.kind == "commune" else "Prades"
        *name, last = address_lines(entry.name, entry.kind, entry.postcodes[0], town)[1:]
        assert all(len(line) <= LINE_AT_MOST for line in (*name, last))
        if entry.kind == "commune" and name[-1].replace("'", " ").split()[-1] not in last:
            shortened.add((*name, last))
    # Each keeps its whole name in the line of the mairie, above.
    assert {lines[-1] for lines in shortened} == {
        "21610 MONTIGNY MORNAY VILLENEUVE",
        "51290 ST REMY BOUZEMONT ST GENEST",
        "70100 BEAUJEU ST VALLIER PIERREJUX",
    }
