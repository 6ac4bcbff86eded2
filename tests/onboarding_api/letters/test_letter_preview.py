"""The letter on screen says what the printed one says, save the code."""

from dataclasses import asdict, replace
from html import unescape

from onboarding_api.letters.activation_letter import wording
from onboarding_api.letters.preview import HIDDEN_CODE, render_html
from tests.builders.correspondence import LETTER_TO_EUS


def test_the_preview_has_every_sentence_of_the_letter():
    page = unescape(render_html(LETTER_TO_EUS))
    words = asdict(wording(LETTER_TO_EUS))
    for sentence in (*words.pop("grants"), *words.values(), *LETTER_TO_EUS.address_lines, HIDDEN_CODE):
        assert sentence in page


def test_the_preview_escapes_names():
    page = render_html(replace(LETTER_TO_EUS, structure_name="<script>alert(1)</script>"))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_preview_needs_no_style_and_no_script_of_its_own():
    page = render_html(LETTER_TO_EUS)
    assert "style=" not in page
    assert "<style" not in page
    assert "onclick" not in page
