"""The form takes no name that the letter cannot print: the door knows its narrowest stage (F12)."""

import pytest
from hypothesis import given, settings

from onboarding_api.model.refusals import BadInput
from onboarding_api.model.words.proper_name import proper_name
from tests.builders.names import ACCENTS, LATIN, LETTERS, NAMES, check_carried, printed

ACCEPTED_AT_LEAST = 850


def taken(text: str) -> str | None:
    try:
        return proper_name("nom", text)
    except BadInput:
        return None


@pytest.mark.slow
def test_every_letter_that_the_form_takes_is_printed() -> None:
    """All of them, in one letter and on every page of it: the font is asked, not a table."""
    letters = [letter for letter in LATIN if taken(letter)]
    assert len(letters) >= ACCEPTED_AT_LEAST
    assert printed(" ".join(taken(letter) or "" for letter in letters))


@pytest.mark.slow
def test_every_accent_that_the_form_takes_is_printed() -> None:
    accented = [f"{letter}{accent}" for letter in "aeqx" for accent in ACCENTS if taken(f"{letter}{accent}")]
    assert len(accented) > 300
    assert printed(" ".join(taken(text) or "" for text in accented))


@pytest.mark.parametrize("letter", ["ꜳ", "Ꝥ", "ꟿ", "ꬰ", "𝼞", "Ꞑ", "ꭘ", "ꝯ", "Ꟁ", "ꟑ"])
def test_a_letter_that_no_font_of_ours_has_is_refused_in_the_form(letter: str) -> None:
    assert taken(f"Mar{letter}in") is None


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(NAMES | LETTERS)
def test_all_stages_carry_a_name_or_the_form_refuses_it(text: str) -> None:
    if name := taken(text):
        assert taken(name) == name
        check_carried(name)
