"""The activation code: its form, what typing forgives, what the check symbol notices, its fingerprint."""

from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding_api.model.first_administrator.activation_code import (
    ALPHABET,
    CodeKeys,
    Fingerprint,
    MalformedCode,
    Typo,
    fingerprint,
    matches,
    new_code,
    parse,
)
from onboarding_api.model.refusals import CodeMistyped

KEYS = CodeKeys("2026", {"2025": b"o" * 32, "2026": b"n" * 32})
CLAIM = "7e57ab1e-0000-4000-8000-000000000001"
CODES = st.builds(new_code)
PLACES = st.integers(0, 11)


def symbols_of(code: str) -> list[str]:
    return list(code.replace("-", ""))


def test_a_new_code_has_three_groups_of_four_and_reads_back_as_itself() -> None:
    code = new_code()
    assert [len(group) for group in code.split("-")] == [4, 4, 4]
    assert set(symbols_of(code)) <= set(ALPHABET)
    assert parse(code) == code


def test_codes_do_not_repeat() -> None:
    assert len({new_code() for _ in range(500)}) == 500


@given(CODES)
def test_typing_forgives_case_separators_and_look_alikes(code: str) -> None:
    typed = code.lower().replace("0", "o").replace("1", "l")
    assert parse(typed) == code
    assert parse(typed.replace("l", "i").upper()) == code
    assert parse(f"  {code.replace('-', ' – ')}\n") == code
    assert parse(code.replace("-", "\N{NO-BREAK SPACE}")) == code
    assert parse(code.replace("-", "")) == code


@given(CODES, PLACES, st.integers(1, 31))
def test_each_single_substitution_is_a_typo(code: str, place: int, step: int) -> None:
    symbols = symbols_of(code)
    symbols[place] = ALPHABET[(ALPHABET.index(symbols[place]) + step) % 32]
    with pytest.raises(Typo):
        parse("".join(symbols))


@given(CODES, PLACES, PLACES)
def test_each_exchange_of_two_symbols_is_a_typo(code: str, first: int, second: int) -> None:
    symbols = symbols_of(code)
    if symbols[first] == symbols[second]:
        return
    symbols[first], symbols[second] = symbols[second], symbols[first]
    with pytest.raises(Typo):
        parse("".join(symbols))


def test_every_substitution_and_every_neighbour_swap_of_one_code_is_a_typo() -> None:
    symbols = symbols_of("0123-4567-89AM")
    parse("".join(symbols))
    for place in range(12):
        for other in set(ALPHABET) - {symbols[place]}:
            with pytest.raises(Typo):
                parse("".join([*symbols[:place], other, *symbols[place + 1 :]]))
    for place in range(11):
        swapped = [*symbols[:place], symbols[place + 1], symbols[place], *symbols[place + 2 :]]
        with pytest.raises(Typo):
            parse("".join(swapped))


@pytest.mark.parametrize(
    "text",
    ["", "0123-4567", "0123-4567-89AM-0", "0123-4567-89AU", "0123-4567-89A!", "é123-4567-89AH", "0" * 5000],
)
def test_what_has_not_the_form_of_a_code_is_malformed(text: str) -> None:
    with pytest.raises(MalformedCode):
        parse(text)


def test_a_typo_and_a_malformed_code_are_told_apart_and_both_are_typing_faults() -> None:
    assert issubclass(Typo, CodeMistyped)
    assert issubclass(MalformedCode, CodeMistyped)
    assert not issubclass(MalformedCode, Typo)
    assert Typo.code != MalformedCode.code


@given(st.text(ALPHABET + "oil -–éßſ①Ⅻ\0", max_size=16))
def test_any_text_is_a_code_or_a_typing_fault(text: str) -> None:
    with suppress(CodeMistyped):
        assert parse(parse(text)) == parse(text)


@given(CODES, st.uuids(), st.uuids())
def test_a_fingerprint_is_good_for_its_own_claim_alone(code: str, claim: UUID, other: UUID) -> None:
    stored = fingerprint(code, str(claim), KEYS)
    assert matches(code, str(claim), stored, KEYS)
    assert matches(code, str(other), stored, KEYS) == (claim == other)


def test_another_code_does_not_match() -> None:
    assert not matches(new_code(), CLAIM, fingerprint(new_code(), CLAIM, KEYS), KEYS)


def test_codes_made_under_an_old_key_still_match_after_the_rotation() -> None:
    code = new_code()
    stored = fingerprint(code, CLAIM, CodeKeys("2025", {"2025": b"o" * 32}))
    assert stored.key_id == "2025"
    assert matches(code, CLAIM, stored, KEYS)
    assert not matches(code, CLAIM, stored, CodeKeys("2026", {"2026": b"n" * 32}))


def test_the_same_digest_under_another_key_id_does_not_match() -> None:
    code = new_code()
    assert not matches(code, CLAIM, Fingerprint("2025", fingerprint(code, CLAIM, KEYS).hex_digest), KEYS)


def test_the_fingerprint_of_a_known_code_is_stable() -> None:
    stored = fingerprint("0123-4567-89AM", CLAIM, KEYS)
    assert stored.key_id == "2026"
    assert stored.hex_digest == "e816ac60c2ad008b1fb56f1b656abfd5017ec3158358d1372bcc76b67c694466"


def test_keys_that_cannot_be_right_are_refused() -> None:
    with pytest.raises(ValueError, match="no activation code key"):
        CodeKeys("2027", {"2026": b"n" * 32})
    with pytest.raises(ValueError, match="fewer than 32 bytes"):
        CodeKeys("2026", {"2026": b"short"})


def test_keys_are_not_shown() -> None:
    assert "nnnn" not in repr(KEYS)


@pytest.mark.attack(7)
def test_of_fifty_codes_and_fifty_claims_fifty_pairs_open() -> None:
    claims = [f"claim-{number}" for number in range(50)]
    codes = [new_code() for _ in claims]
    stored = [fingerprint(code, claim, KEYS) for code, claim in zip(codes, claims, strict=True)]
    opened = [
        (code, claim)
        for code in codes
        for claim, kept in zip(claims, stored, strict=True)
        if matches(code, claim, kept, KEYS)
    ]
    assert opened == list(zip(codes, claims, strict=True))
