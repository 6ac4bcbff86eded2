"""Texts are compared without case, accents, hyphens, apostrophes and ligatures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding_api.registry.folding import key, one_slip_away, telling_words, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Saint-Étienne", ["saint", "etienne"]),
        ("ST ETIENNE", ["saint", "etienne"]),
        ("Ste-Colombe", ["sainte", "colombe"]),
        ("L'Haÿ-les-Roses", ["l", "hay", "les", "roses"]),
        ("L’Haÿ‑les‑Roses", ["l", "hay", "les", "roses"]),
        ("Œuilly", ["oeuilly"]),
        ("Hœdic", ["hoedic"]),
        ("Conflent-Canigó", ["conflent", "canigo"]),
        ("CA de Dembeni / Mamoudzou", ["ca", "de", "dembeni", "mamoudzou"]),
        ("e\u0301tang", ["etang"]),
        ("", []),
        (" -'’ ", []),
    ],
)
def test_words_are_folded(text: str, folded: list[str]) -> None:
    assert words(text) == folded


def test_a_key_is_the_whole_text_as_one_word() -> None:
    assert key("L'Haÿ-les-Roses") == "lhaylesroses"


def test_articles_find_nothing_unless_there_is_nothing_else() -> None:
    assert telling_words("Commune de La Rochelle") == ["rochelle"]
    assert telling_words("la") == ["la"]


@given(st.text(max_size=80))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = words(text)
    assert words(" ".join(once)) == once


@pytest.mark.parametrize(
    "meant", ["perpignan", "perpigna", "perpignann", "perpingan", "prepignan", "perbignan"]
)
def test_one_slip_is_undone(meant: str) -> None:
    assert meant in one_slip_away("perpignan")
    assert "perpignan" in one_slip_away(meant)


def test_two_slips_are_not() -> None:
    assert "perpignan" not in one_slip_away("berbignan")
