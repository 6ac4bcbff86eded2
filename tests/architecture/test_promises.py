"""A sentence that promises has a row that says what keeps it, and a test that sees it."""

import pytest

from tests.architecture.promises import faults, promises, sentences_of


def test_every_promise_is_kept_by_something_that_a_test_sees() -> None:
    assert faults() == []


def test_wording_is_full_of_promises_that_are_found() -> None:
    assert len(promises()) > 40


@pytest.mark.parametrize(
    ("sentence", "promises_something"),
    [
        ("Nous vous rappellerons demain.", True),
        ("Votre compte sera fermé.", True),
        ("La page se ferme après une heure.", True),
        ("Ouvrez votre tableau de bord.", False),
        ("Vous administrez cette structure.", False),
    ],
)
def test_new_sentence_that_promises_is_seen(sentence: str, promises_something: bool) -> None:
    assert list(sentences_of(sentence)) == ([sentence] if promises_something else [])
