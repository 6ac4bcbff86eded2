"""Dates, lists and spaces as French letters have them."""

from datetime import date

import pytest

from onboarding_api.model.words.french_dates import in_words
from onboarding_api.model.words.french_text import quoted_list, tied


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 23), "23 novembre 2026"),
        (date(2026, 12, 1), "1er décembre 2026"),
        (date(2027, 8, 11), "11 août 2027"),
    ],
)
def test_dates_in_full(day: date, words: str) -> None:
    assert in_words(day) == words


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (["Encours"], "« Encours »"),
        (["Encours", "Documents"], "« Encours » et « Documents »"),
        (["Encours", "Documents", "Suivi"], "« Encours », « Documents » et « Suivi »"),
    ],
)
def test_lists(labels: list[str], text: str) -> None:
    assert quoted_list(labels) == text


def test_no_line_begins_with_a_colon_or_ends_with_an_opening_guillemet() -> None:
    assert tied("Motif : « oui » ; non ?") == "Motif\xa0: «\xa0oui\xa0»\xa0; non\xa0?"
