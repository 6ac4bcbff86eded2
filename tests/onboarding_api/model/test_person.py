"""Identifiants of the guide's form, names that print, telephones and e-mails in one form."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding_api.model.person import allot_identifiant
from onboarding_api.model.refusals import BadInput
from onboarding_api.model.words.contact import email_address
from onboarding_api.model.words.proper_name import proper_name


def test_the_guide_s_own_identifiant() -> None:
    assert allot_identifiant("Cendrine", lambda _: False, lambda _: 589) == "cend589"


@pytest.mark.parametrize(
    ("prenom", "letters"), [("Éléonore", "eleo"), ("Li", "lixx"), ("Jean-Luc", "jean"), ("D'Arcy", "darc")]
)
def test_four_letters_without_accents(prenom: str, letters: str) -> None:
    assert allot_identifiant(prenom, lambda _: False, lambda _: 7) == f"{letters}007"


@pytest.mark.attack(19)
def test_five_thousand_maries_neither_collide_nor_loop() -> None:
    draw = random.Random(1).randrange
    taken: set[str] = set()
    for _ in range(5000):
        taken.add(allot_identifiant("Marie", taken.__contains__, draw))
    assert len(taken) == 5000
    assert max(map(len, taken)) <= 4 + 5


def test_names_are_composed_single_spaced_and_visible() -> None:
    assert proper_name("nom", "  Nun\u0303ez   d\u200be\u00a0la\tTour ") == "Nuñez de la Tour"
    assert proper_name("prenom", "Anne-Marie") == "Anne-Marie"
    assert proper_name("nom", "L’Hôte") == "L'Hôte"


@pytest.mark.attack(34)
@pytest.mark.parametrize(
    "text", ["", " ", "-", "\u202e", "M\u0430rtin", "Martin<b>", "Martin;", "1", "Ма", "a" * 81]
)
def test_names_that_deceive_or_do_not_print_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        proper_name("nom", text)


@pytest.mark.parametrize("text", ["www.banque.example", "Cliquez sur banque.fr", "t.co Martin", "evil.fr"])
def test_a_name_is_no_link_in_a_mail(text: str) -> None:
    with pytest.raises(BadInput):
        proper_name("prenom", text)


@pytest.mark.parametrize("text", ["J.-P.", "J.P.", "St. Jean", "Marie M. Martin"])
def test_initials_and_abbreviations_are_names(text: str) -> None:
    assert proper_name("prenom", text) == text


@given(st.text())
def test_a_name_that_passes_passes_again_unchanged(text: str) -> None:
    try:
        name = proper_name("nom", text)
    except BadInput:
        return
    assert proper_name("nom", name) == name
    assert name.isprintable()


@pytest.mark.parametrize("text", ["a@b.fr\nBcc: c@d.fr", "a@", "@b.fr", "a b@c.fr", "", f"{'a' * 250}@b.fr"])
def test_addresses_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        email_address("email", text)


@pytest.mark.parametrize("text", ["rené@eus.fr", "\uff41@eus.fr", f"{'a' * 65}@eus.fr"])
def test_addresses_that_keycloak_would_refuse_are_refused_at_once(text: str) -> None:
    with pytest.raises(BadInput):
        email_address("email", text)


def test_an_accent_in_a_domain_is_an_address() -> None:
    assert email_address("email", "mairie@céret.fr") == "mairie@xn--cret-bpa.fr"


def test_two_spellings_are_one_address() -> None:
    assert email_address("email", " Cendrine.MARTIN@Eus.FR ") == "cendrine.martin@eus.fr"
