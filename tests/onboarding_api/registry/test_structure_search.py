"""One box for everything a person has at hand (guide G-16, G-20, GS-08), and the right one first (E4)."""

import time
from collections.abc import Iterable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from onboarding_api.model.base import Base, Database
from onboarding_api.model.refusals import BadInput
from onboarding_api.model.structure import Structure
from onboarding_api.registry.bench import bench_search
from onboarding_api.registry.load import load_register
from onboarding_api.registry.search import MalformedSiren, MalformedSiret, search
from onboarding_api.registry.shipped import Entry

EUS = "216600742"


def first(session: Session, text: str) -> str | None:
    hits = search(session, text)
    return hits[0].name if hits else None


@pytest.mark.parametrize(
    "text",
    [
        "Eus",
        "EUS",
        "  eus  ",
        "Commune d'Eus",
        "commune d’eus",
        "Mairie d'Eus",
        "Eus 66",
        "Eus (66)",
        "66 Eus",
        "Eus Pyrénées-Orientales",
        "eus pyrenees orientales",
        "Eus Pyr",
        "Eus 66500",
        EUS,
        "216 600 742",
        "216\u00a0600\u00a0742",
        "216.600.742",
        "21660074200011",
        "216 600 742 00011",
        "66074",
        "66 074",
    ],
)
def test_eus_is_first_by_whatever_one_has_of_it(session: Session, text: str) -> None:
    assert search(session, text)[0].siren == EUS


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("commune du Mans", "Commune du Mans"),
        ("le mans", "Commune du Mans"),
        ("Ville de Paris", "Commune de Paris"),
        ("St Denis 974", "Commune de Saint-Denis"),
        ("saint-denis la réunion", "Commune de Saint-Denis"),
        ("Ste Colombe 05", "Commune de Sainte-Colombe"),
        ("L'Haÿ-les-Roses", "Commune de L'Haÿ-les-Roses"),
        ("la rochelle 70", "Commune de La Rochelle"),
        ("Chaumont haute marne", "Commune de Chaumont"),
        ("CA de Chaumont", "Communauté d'agglomération de Chaumont"),
        ("communauté d'agglomération de chaumont", "Communauté d'agglomération de Chaumont"),
        ("Conflent-Canigo", "Communauté de communes Conflent-Canigó"),
        ("Ajaccio 2a", "Commune d'Ajaccio"),
        ("2a004", "Commune d'Ajaccio"),
        ("métropole de lyon", "Métropole de Lyon"),
        ("Pringy 77", "Commune de Pringy"),
    ],
)
def test_case_accents_hyphens_articles_and_saints_do_not_matter(
    session: Session, text: str, name: str
) -> None:
    assert first(session, text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Perpignen", "Commune de Perpignan"),
        ("Prepignan", "Commune de Perpignan"),
        ("Perpinan", "Commune de Perpignan"),
        ("Perppignan", "Commune de Perpignan"),
        ("Sainte-Colmbe 05", "Commune de Sainte-Colombe"),
        ("saintecolombe 05", "Commune de Sainte-Colombe"),
        ("lhay les roses", "Commune de L'Haÿ-les-Roses"),
        ("Per pignan", "Commune de Perpignan"),
        ("Saint-Barthélemy-de-Belegarde Dordogne", "Commune de Saint-Barthélemy-de-Bellegarde"),
    ],
)
def test_one_typing_fault_is_forgiven(session: Session, text: str, name: str) -> None:
    assert first(session, text) == name


def test_a_departement_named_alone_wins_over_one_that_holds_its_name(session: Session) -> None:
    assert search(session, "Pringy Marne")[0].departement == "51"
    assert search(session, "Pringy Seine-et-Marne")[0].departement == "77"


@pytest.mark.attack(35)
def test_homonyms_are_told_apart(session: Session) -> None:
    hits = [hit for hit in search(session, "Sainte-Colombe") if hit.bare_name == "Sainte-Colombe"]
    assert len(hits) == 4
    assert len({(hit.departement, hit.siren, hit.postcodes, hit.epci_name) for hit in hits}) == 4
    assert all(hit.departement_name and hit.epci_name for hit in hits)


def test_a_former_name_finds_the_commune_that_took_it_in(session: Session) -> None:
    hits = search(session, "Beaumont 24")
    assert "Beaumont-du-Périgord" in {name for hit in hits for name in hit.former_names}


def test_a_postcode_gives_its_communes_then_their_epci(session: Session) -> None:
    hits = search(session, "66500", limit=50)
    assert EUS in {hit.siren for hit in hits}
    assert all("66500" in hit.postcodes for hit in hits)
    kinds = [hit.kind for hit in hits]
    assert kinds == sorted(kinds)
    assert kinds[-1] == "epci"


def test_a_postcode_comes_before_the_same_insee_code_of_another_town(session: Session) -> None:
    # 51300 is the postcode of Vitry-le-François and 45 others, and the INSEE code of Isle-sur-Marne (51290).
    hits = search(session, "51300", limit=5)
    assert len(hits) == 5
    assert hits[0].bare_name == "Vitry-le-François"
    assert hits[-1].bare_name == "Isle-sur-Marne"


@pytest.mark.attack(35)
def test_a_number_that_cannot_be_a_siren_is_told_apart_from_an_unknown_one(session: Session) -> None:
    with pytest.raises(MalformedSiren) as malformed:
        search(session, "216 600 743")
    assert malformed.value.code == "siren_malformed"
    assert search(session, "732 829 320") == ()


@pytest.mark.parametrize("text", ["123456", "1234567890", "21660074"])
def test_a_long_number_of_another_length_is_no_siren(session: Session, text: str) -> None:
    with pytest.raises(MalformedSiren):
        search(session, text)


@pytest.mark.parametrize("text", ["21660074200014", "216600742 0001 2"])
def test_a_siret_with_a_fault_is_told(session: Session, text: str) -> None:
    with pytest.raises(MalformedSiret):
        search(session, text)


@pytest.mark.parametrize("text", ["", "   ", "'", "—", "la", "x", "%", "_", "\x00", "zzzzzz", "Eus 67", "9"])
def test_nothing_is_found_by_nothing(session: Session, text: str) -> None:
    assert search(session, text) == ()


def test_the_limit_holds(session: Session) -> None:
    assert len(search(session, "saint", limit=7)) == 7


def test_code_tiers_and_activity_count(database: Database, entries: list[Entry]) -> None:
    few = [entry for entry in entries if entry.bare_name == "Eus"]
    with database.writing() as session:
        load_register(session, few)
        session.get_one(Structure, EUS).code_tiers = "0042B"
    with database.reading() as session:
        assert [hit.siren for hit in search(session, "0042b")] == [EUS]
    with database.writing() as session:
        session.execute(update(Structure).where(Structure.siren == EUS).values(is_active=False))
    with database.reading() as session:
        assert EUS not in {hit.siren for text in ("0042b", "Eus", EUS) for hit in search(session, text)}


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=300) | st.text("0123456789 .AaBb'-%_\\", max_size=40))
def test_no_text_breaks_the_search(session: Session, text: str) -> None:
    with suppress(BadInput):
        assert len(search(session, text)) <= 20


def not_first(session: Session, texts: Iterable[tuple[str, Entry]]) -> list[str]:
    return [
        text
        for text, entry in texts
        if [hit.siren for hit in search(session, text, limit=1)] != [entry.siren]
    ]


def test_the_full_label_and_the_name_of_the_departement_give_a_structure_first(
    session: Session, entries: list[Entry]
) -> None:
    loaded = [entry for entry in entries if entry.departement in {"66", "974"}][::5]
    texts = [(f"{entry.name} ({entry.departement_name})", entry) for entry in loaded]
    assert not_first(session, texts) == []


@pytest.mark.slow
def test_an_exact_name_and_its_departement_give_each_structure_of_france_first(
    entries: list[Entry],
) -> None:
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    with database.writing() as session:
        load_register(session, entries)
    with database.reading() as session:
        wrong = not_first(session, ((f"{e.bare_name} {e.departement}", e) for e in entries))
    database.engine.dispose()
    assert len(entries) == 36_130
    assert wrong == []


@pytest.mark.slow
def test_a_search_costs_far_less_than_reading_the_register(whole_register: Database) -> None:
    """Measured in one run, so that a busy machine slows both; `bdt registry bench-search` tells the times."""
    with whole_register.reading() as session:
        began = time.perf_counter()
        assert (
            len(session.execute(select(Structure.siren, Structure.name, Structure.postcodes)).all()) == 36_130
        )
        whole_ms = (time.perf_counter() - began) * 1000
        assert min(bench_search(session).p95 for _ in range(3)) < whole_ms / 3
