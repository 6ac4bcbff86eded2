"""What a structure knows of its place: its address and the hour it is there."""

from zoneinfo import ZoneInfo

import pytest

from onboarding_api.model.structure import PostalAddress, Structure, StructureKind, timezone_of
from onboarding_api.registry.shipped import Entry


@pytest.mark.parametrize(
    ("departement", "zone"),
    [
        ("66", "Europe/Paris"),
        ("2A", "Europe/Paris"),
        ("971", "America/Guadeloupe"),
        ("972", "America/Martinique"),
        ("973", "America/Cayenne"),
        ("974", "Indian/Reunion"),
        ("975", "America/Miquelon"),
        ("976", "Indian/Mayotte"),
        ("987", "Pacific/Tahiti"),
        ("988", "Pacific/Noumea"),
    ],
)
def test_each_departement_has_its_hour(departement: str, zone: str) -> None:
    assert timezone_of(departement) == zone
    assert Structure(departement=departement).timezone == zone


def test_every_zone_of_the_register_exists(entries: list[Entry]) -> None:
    for departement in {entry.departement for entry in entries}:
        assert ZoneInfo(timezone_of(departement))


@pytest.mark.parametrize(("bare_name", "town"), [("Eus", "Eus"), ("Bors (Canton de Charente-Sud)", "Bors")])
def test_the_mairie_is_the_address_of_a_commune(bare_name: str, town: str) -> None:
    commune = Structure(kind=StructureKind.COMMUNE, bare_name=bare_name, postcodes=["66500"])
    assert commune.postal_address() == PostalAddress("MAIRIE", "66500", town)


def test_the_register_does_not_know_the_seat_of_an_epci() -> None:
    epci = Structure(kind=StructureKind.EPCI, bare_name="CC Conflent-Canigó", postcodes=["66500"])
    assert epci.postal_address() is None
    assert epci.asked_postcodes == ()


def test_a_list_of_postcodes_is_no_address() -> None:
    """The first of them was taken: « MAIRIE DE CANNES / 06150 CANNES »."""
    cannes = Structure(kind=StructureKind.COMMUNE, bare_name="Cannes", postcodes=["06150", "06400"])
    assert cannes.postal_address() is None
    assert cannes.asked_postcodes == ("06150", "06400")
    assert cannes.postal_address("06400") == PostalAddress("MAIRIE", "06400", "Cannes")
    assert cannes.postal_address("75001") is None
    cannes.town_hall_postcode = "06400"
    assert cannes.postal_address("06150") == PostalAddress("MAIRIE", "06400", "Cannes")
    assert cannes.asked_postcodes == ()
