"""One stored form of an address, a name, a telephone, a code: made at the door, kept by every later stage."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import StatementError

from onboarding_api.letters.address import ATTENTION, address_lines
from onboarding_api.model.base import Database
from onboarding_api.model.first_administrator.activation_code import new_code, parse
from onboarding_api.model.person import Civilite, Person, allot_identifiant
from onboarding_api.model.refusals import BadInput
from onboarding_api.model.words import typed_text
from onboarding_api.model.words.contact import email_address, shown_address, telephone
from onboarding_api.model.words.proper_name import proper_name
from onboarding_api.notices.message import compose
from onboarding_api.notices.rendering import RenderedNotice
from onboarding_api.registry.folding import words
from tests.builders.deliveries import NOON

# Typed -> stored. The last of each kind is what IDNA 2003 or a lenient parser would have made of it.
ADDRESSES = [
    ("max@maßanfertigung.example", "max@xn--maanfertigung-cdb.example"),
    ("a@faß.de", "a@xn--fa-hia.de"),
    ("a@straße.example", "a@xn--strae-oqa.example"),
    ("a@βόλος.gr", "a@xn--nxasmm1c.gr"),
    ("mairie@céret.fr", "mairie@xn--cret-bpa.fr"),
    ("mairie@CÉRET.fr", "mairie@xn--cret-bpa.fr"),
    ("mairie@ce\u0301ret.fr", "mairie@xn--cret-bpa.fr"),
    ("mairie@XN--CRET-BPA.FR", "mairie@xn--cret-bpa.fr"),
    ("a@ｅｕｓ.fr", "a@eus.fr"),
    ("a@eus。fr", "a@eus.fr"),
    ("a@\ufb01ona.fr", "a@fiona.fr"),
    ("a@œuvre.fr", "a@xn--uvre-f4a.fr"),
    # F18: what a clipboard brings along.
    ("a@eus.fr\u00a0", "a@eus.fr"),
    ("\ta@eus.fr", "a@eus.fr"),
    ("\u200ba@eus.fr\u200b", "a@eus.fr"),
    ("\ufeffa@eus.fr", "a@eus.fr"),
    ("\u202aa@eus.fr\u202c", "a@eus.fr"),
    ("\u2060a@eus.fr \u00ad", "a@eus.fr"),
    ("\u3000a@eus.fr\u2800", "a@eus.fr"),
]


@pytest.mark.parametrize(("typed", "stored"), ADDRESSES)
def test_an_address_has_one_form_and_keeps_it_in_every_stage(typed: str, stored: str) -> None:
    assert email_address("email", typed) == stored
    assert email_address("email", stored) == stored
    assert email_address("email", shown_address(stored)) == stored
    message = compose(
        RenderedNotice("Objet", "texte", "<p>texte</p>"),
        to=stored,
        from_address="a@portail.example",
        sender_name="BDT",
        delivery_key="k",
        at=NOON,
    )
    assert message["To"] == stored


@pytest.mark.parametrize(
    "text",
    [
        "a@\u200beus.fr",  # inside, an invisible sign may be part of a name: nobody chooses another domain
        "a@ab\u200dc.fr",
        "a@نامه\u200cای.com",
        "a@xn--a.fr",
        "a@xn--n3h.net",
        "a@☃.net",
        "a b@eus.fr",
        "a@eus.fr\n",
        "a@eus.fr\r\nBcc: b@eus.fr",
        "a@eus",
        "a@eus..fr",
        "a@-eus.fr",
        "jean‐pierre@eus.fr",
        "a@\u2488com",
        f"a@{'é' * 60}.fr",
    ],
)
def test_what_has_no_one_form_is_no_address(text: str) -> None:
    with pytest.raises(BadInput):
        email_address("email", text)


def test_a_domain_is_shown_as_people_write_it_unless_it_could_be_read_for_another() -> None:
    assert shown_address("mairie@xn--cret-bpa.fr") == "mairie@céret.fr"
    assert shown_address("max@xn--maanfertigung-cdb.example") == "max@maßanfertigung.example"
    assert shown_address("a@eus.fr") == "a@eus.fr"
    assert shown_address(None) == ""
    assert shown_address("a@xn--pple-43d.com") == "a@xn--pple-43d.com"  # a Cyrillic « а »


@given(st.text(st.characters(max_codepoint=0x2FFF), min_size=1, max_size=12))
def test_every_address_that_passes_is_ascii_and_passes_again(label: str) -> None:
    try:
        stored = email_address("email", f"a@{label}.fr")
    except BadInput:
        return
    assert stored.isascii()
    assert email_address("email", stored) == stored


def test_no_other_form_enters_a_table(database: Database) -> None:
    person = Person(
        civilite=Civilite.MADAME,
        prenom="Max",
        nom="Maß",
        identifiant="maxx001",
        email="max@maß.example",
        registered_at=NOON,
    )
    with pytest.raises(StatementError, match="stored form"), database.writing() as session:
        session.add(person)


NAMES = [
    ("Dupont‐Martin", "Dupont-Martin"),
    ("Dupont‑Martin", "Dupont-Martin"),
    ("Dupont–Martin", "Dupont-Martin"),
    ("Dupont−Martin", "Dupont-Martin"),
    ("Dupont－Martin", "Dupont-Martin"),
    ("Dupont--Martin", "Dupont--Martin"),
    ("d‘Ormesson", "d'Ormesson"),
    ("d’Ormesson", "d'Ormesson"),
    ("d`Ormesson", "d'Ormesson"),
    ("d′Ormesson", "d'Ormesson"),
    ("D´Angelo", "D'Angelo"),
    ("Faʻaʻā", "Fa'a'ā"),
    ("ʻOro", "'Oro"),
    ("’t Hooft", "'t Hooft"),
    ("M.Dupont", "M. Dupont"),
    ("J.Claude", "J. Claude"),
    ("St.Jean", "St. Jean"),
    ("M.Le Goff", "M. Le Goff"),
    ("J.P.Martin", "J.P. Martin"),
    ("Ẹ̀bùn", "Ẹ̀bùn"),
    ("ﬁona", "fiona"),
    ("Ǆ", "DŽ"),
    ("ß", "ß"),
    ("Coŀlell", "Col·lell"),
    ("Ｍａｒｔｉｎ", "Martin"),
    ("\ufeffMartin\u00a0\tDupont\u200b", "Martin Dupont"),
    ("Mar\u00adtin", "Martin"),
    ("Nguyễn", "Nguyễn"),
    ("İbrahim", "İbrahim"),
]


@pytest.mark.parametrize(("typed", "stored"), NAMES)
def test_a_name_has_one_form(typed: str, stored: str) -> None:
    assert proper_name("nom", typed) == unicodedata.normalize("NFC", stored)
    assert proper_name("nom", unicodedata.normalize("NFD", typed)) == proper_name("nom", typed)


@pytest.mark.parametrize(
    "text",
    [
        "evil .fr",
        "evil. fr",
        "evil.fr",
        "bit.ly",
        "a.b.c",
        "t.co",
        "-Rien",
        "Rien-",
        "'Quote",
        "ǀǀ",
        "ꜳ",
        "Ꝥ",
        "\u0301a",
        "a\u0301\u0302\u0303\u0304b",
        "M\u0430rtin",
        "Мартин",
        "王",
        "a\nb",
        "a\x00b",
        "１",
        "½",
        "a·",
        "Martin..",
        "..",
    ],
)
def test_what_is_no_plausible_name_or_would_not_print_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        proper_name("nom", text)


@pytest.mark.parametrize(
    ("prenom", "letters"),
    [
        ("Lætitia", "laet"),
        ("Œdipe", "oedi"),
        ("Łukasz", "luka"),
        ("Søren", "sore"),
        ("Þór", "thor"),
        ("ß", "ssxx"),
        ("Đorđe", "dord"),
        ("Ħal", "halx"),
        ("Ŋuyen", "nguy"),
        ("Guðrún", "gudr"),
        ("Əliyev", "eliy"),
        ("İbrahim", "ibra"),
        ("Ẹ̀bùn", "ebun"),
        ("Fa'a'ā", "faaa"),
        ("Ƴero", "yero"),
        ("Ɓala", "bala"),
    ],
)
def test_one_folding_for_the_identifiant_the_search_and_the_address(prenom: str, letters: str) -> None:
    assert allot_identifiant(prenom, lambda _: False, lambda _: 7) == f"{letters}007"
    assert "".join(words(prenom)).startswith(letters.rstrip("x"))
    capitals = address_lines(f"Commune de {prenom}", "commune", "66500", prenom)[-1].removeprefix("66500 ")
    assert capitals.replace(" ", "").startswith(letters.rstrip("x").upper())


@given(st.text(st.characters(max_codepoint=0x2FFF), max_size=20))
def test_folding_and_cleaning_twice_change_nothing(text: str) -> None:
    assert typed_text.folded(typed_text.folded(text)) == typed_text.folded(text)
    assert typed_text.trimmed(typed_text.trimmed(text)) == typed_text.trimmed(text)


@given(st.text(st.characters(max_codepoint=0x2FFF), min_size=1, max_size=12))
def test_every_name_that_passes_is_searched_spelt_and_identified_in_ascii(text: str) -> None:
    try:
        name = proper_name("nom", text)
    except BadInput:
        return
    assert words(name)
    assert typed_text.folded(name).isascii()
    assert allot_identifiant(name, lambda _: False, lambda _: 7)[0] != "x" or typed_text.folded(name).lstrip(
        "' "
    ).startswith("x")
    assert ATTENTION


@pytest.mark.parametrize(
    "dash", ["-", "‐", "‑", "–", "—", "−", "－", "\u00ad", "\u00a0", "\u202f", "\u200b", "\t"]
)
def test_a_code_forgives_each_dash_and_blank(dash: str) -> None:
    code = new_code()
    assert parse(code.replace("-", dash).lower()) == code
    assert parse(f"\ufeff{code}\u00a0") == code


TELEPHONES = [
    ("04 68 96 06 27", "66", "+33468960627"),
    ("04‑68‑96‑06‑27", "66", "+33468960627"),
    ("(04) 68.96.06.27", "66", "+33468960627"),
    ("\u202a04\u00a068 96 06 27\u202c", "66", "+33468960627"),
    ("０４６８９６０６２７", "66", "+33468960627"),
    ("+33 (0)4 68 96 06 27", "66", "+33468960627"),
    ("0033 4 68 96 06 27", "66", "+33468960627"),
    ("41 23 45", "975", "+508412345"),
    ("0508 41 23 45", "975", "+508412345"),
    ("0508412345", "66", "+508412345"),
    ("+33508412345", "975", "+508412345"),
    ("+508 41 23 45", "66", "+508412345"),
    ("0692 12 34 56", "66", "+262692123456"),
    ("40 41 23 45", "987", "+68940412345"),
    ("24 12 34", "988", "+687241234"),
    ("0590 27 12 34", "977", "+590590271234"),
    ("72 12 34", "986", "+681721234"),
]


@pytest.mark.parametrize(("typed", "departement", "stored"), TELEPHONES)
def test_a_telephone_has_one_form(typed: str, departement: str, stored: str) -> None:
    assert telephone("telephone", typed, departement) == stored
    assert telephone("telephone", stored, departement) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "0468960627 ext 12",
        "0468960627 poste 12",
        "0468960627 x12",
        "0468960627#12",
        "0468960627;ext=12",
        "04 68 96 06 27 / 04 68 96 06 28",
        "04 68 96 06 27 ou 06 12 34 56 78",
        "tél. 04 68 96 06 27",
        "+33 4 68 96 06 27 12",
        "0468960627,12",
        "0800 MAIRIE",
        "tel:+33468960627;phone-context=a",
        "0468960627\n12",
        "",
    ],
)
def test_what_its_stored_form_could_not_keep_is_no_telephone(typed: str) -> None:
    with pytest.raises(BadInput):
        telephone("telephone", typed, "66")
