"""The printed letter: what it says, where the address stands, its standards, its bytes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest

from onboarding_api.letters.activation_letter import ActivationLetter, wording
from onboarding_api.letters.address import AddressImpossible, address_lines
from onboarding_api.letters.pdf import UnprintableLetter, render_pdf
from tests.builders.correspondence import LETTER_TO_EUS
from tests.builders.snapshots import assert_is_snapshot

SNAPSHOTS = Path(__file__).parent / "snapshots"

CODE = "0123-4567-89AM"
MILLIMETRE = 72 / 25.4
PAGE_HEIGHT = 297 * MILLIMETRE
ALL_SERVICES = (
    "Demande de prêts",
    "Suivi des dossiers",
    "Encours",
    "Documents",
    "Dataviz Cœur de Ville",
    "Espace privé Territoires d'innovation",
)
LONG_NAME = "Communauté d'agglomération de la Presqu'île de Guérande Atlantique (Cap Atlantique)"
LONG_LETTER = replace(
    LETTER_TO_EUS,
    structure_name=LONG_NAME,
    address_lines=address_lines(LONG_NAME, "epci", "44500", "La Baule-Escoublac"),
    requester_name="Madame Marie-Antoinette de La Rochefoucauld-Montmorency",
    services=ALL_SERVICES,
)


@contextmanager
def opened(pdf: bytes) -> Iterator[pypdfium2.PdfDocument]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        yield document
    finally:
        document.close()


def text_of(pdf: bytes) -> str:
    with opened(pdf) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    return " ".join(" ".join(pages).split())


def without_breaks(text: str) -> str:
    return " ".join(text.split())


def sentences(letter: ActivationLetter) -> Iterator[str]:
    for value in asdict(wording(letter)).values():
        yield from [value] if isinstance(value, str) else value


@pytest.mark.parametrize("letter", [LETTER_TO_EUS, LONG_LETTER], ids=["Eus", "long names"])
def test_the_print_reads_back_as_it_was_written(letter: ActivationLetter) -> None:
    pdf = render_pdf(letter, CODE)
    text = text_of(pdf)
    for expected in (*sentences(letter), *letter.address_lines, letter.sender.name, CODE):
        assert without_breaks(expected) in text
    with opened(pdf) as document:
        assert len(document) == 1


@pytest.mark.attack(14)
def test_the_text_of_the_letter_to_eus() -> None:
    assert_is_snapshot("\n".join(sentences(LETTER_TO_EUS)) + "\n", SNAPSHOTS / "letter_to_eus.txt")


def test_one_service_is_told_in_the_singular() -> None:
    alone = wording(replace(LETTER_TO_EUS, services=("Documents",)))
    assert without_breaks(alone.grants[1]) == "utiliser le service « Documents »."


def test_the_address_stands_alone_in_the_window() -> None:
    with opened(render_pdf(LONG_LETTER, CODE)) as document:
        text = document[0].get_textpage()
        boxes = [text.get_charbox(i) for i in range(text.count_chars()) if text.get_text_range(i, 1).strip()]
    in_band = [
        (left / MILLIMETRE, right / MILLIMETRE)
        for left, bottom, right, top in boxes
        if PAGE_HEIGHT - top < 88 * MILLIMETRE and PAGE_HEIGHT - bottom > 55 * MILLIMETRE
    ]
    assert len(in_band) == sum(len(line.replace(" ", "")) for line in LONG_LETTER.address_lines)
    assert min(left for left, _ in in_band) >= 110
    assert max(right for _, right in in_band) <= 195


def test_the_file_declares_both_standards_its_title_and_its_language() -> None:
    with pikepdf.open(BytesIO(render_pdf(LETTER_TO_EUS, CODE))) as pdf, pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "A")
        assert without_breaks(metadata["dc:title"]) == without_breaks(wording(LETTER_TO_EUS).subject)
        assert pdf.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in pdf.Root
        assert str(pdf.Root.Lang).lower() == "fr-fr"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert all("/FontFile2" in d or "/FontFile3" in d for d in font_descriptors(pdf))


def font_descriptors(pdf: pikepdf.Pdf) -> list[pikepdf.Dictionary]:
    found = [
        o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"
    ]
    assert found
    return found


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert render_pdf(LETTER_TO_EUS, CODE) == render_pdf(LETTER_TO_EUS, CODE)
    assert render_pdf(LETTER_TO_EUS, CODE) != render_pdf(LETTER_TO_EUS, "0123-4567-89A0")


@pytest.mark.attack(39)
@pytest.mark.parametrize(
    "name",
    ["#emph[Commune] *d'Eus* $x$", '"] #panic("x")', "\\u{1F600} @label <label> // /* `", "= Titre\n- liste"],
)
def test_markup_in_a_name_stays_text(name: str) -> None:
    letter = replace(LETTER_TO_EUS, structure_name=name)
    printed = text_of(render_pdf(letter, CODE))
    assert without_breaks(wording(letter).subject) in printed
    assert "\n" not in wording(letter).subject


@pytest.mark.attack(39)
def test_control_and_direction_characters_are_left_out() -> None:
    letter = replace(LETTER_TO_EUS, requester_name="Madame \u202eAnne\x00 Le\u200b Goff\x1b[31m")
    assert "Madame Anne Le Goff[31m" in wording(letter).agree


def test_a_character_without_glyph_is_refused_without_quoting_the_letter() -> None:
    with pytest.raises(UnprintableLetter) as refused:
        render_pdf(replace(LETTER_TO_EUS, requester_name="Madame 林"), CODE)
    assert str(refused.value) == "BDT-7K2M-9QXA"


def test_names_of_france_and_its_neighbours_print() -> None:
    for name in ("Máté Kovács", "Gwenaël Le Goïc", "Łukasz Ștefănescu", "Maëlle Œuvrard", "Πέτρος", "Фёдор"):
        letter = replace(LETTER_TO_EUS, requester_name=name)
        assert name in text_of(render_pdf(letter, CODE))


def test_a_wrong_address_prints_nothing() -> None:
    with pytest.raises(AddressImpossible):
        render_pdf(replace(LETTER_TO_EUS, address_lines=("MAIRIE D'EUS",)), CODE)


def test_the_letter_has_no_place_for_the_code() -> None:
    assert "code" not in {field.name for field in fields(ActivationLetter)}
