"""What the forms take, in their normal form, and what they do not take."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from onboarding_api.model.refusals import BadInput
from onboarding_api.model.words.proper_name import proper_name
from onboarding_api.model.words.typed_text import one_line
from onboarding_api.web.schemas import account, request, structure
from onboarding_api.web.schemas.form import FilledForm, Form
from onboarding_api.web.schemas.sentences import SENTENCES

CENDRINE = {"civilite": "Madame", "prenom": "Cendrine", "nom": "Martin", "email": "c.martin@eus.example.fr"}
CENDRINE_IDENTITY = {name: CENDRINE[name] for name in account.IDENTITY.schema}
ALL = [value for room in (account, structure, request) for value in vars(room).values()]
FORMS = [form for form in ALL if isinstance(form, Form)]


def read(form: Form, **fields: Any) -> FilledForm:
    return form.read(MultiDict(fields))


def faults(form: Form, **fields: object) -> list[str | None]:
    return [fault.field for fault in read(form, **fields).faults]


@pytest.mark.parametrize("form", FORMS)
def test_every_field_has_a_sentence(form: Form) -> None:
    assert form.schema.keys() <= SENTENCES.keys()


@pytest.mark.attack(3)
@pytest.mark.parametrize("form", FORMS)
def test_no_form_takes_what_the_server_decides(form: Form) -> None:
    for name in ("role", "state", "person_id", "structure_id", "is_administrator", "expires_at"):
        with pytest.raises(BadRequest):
            read(form, **{name: "x"})


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("prenom", "  Anne \t Marie ", "Anne Marie"),
        ("prenom", "Anne\u00a0Marie\u202f", "Anne Marie"),
        ("prenom", "Zoe\u0301", "Zoé"),
        ("nom", "d’Œuvre-Ÿvart", "d'Œuvre-Ÿvart"),
        ("nom", "O'Connor", "O'Connor"),
        ("nom", "Ma\u200brtin\u202e", "Martin"),
        ("email", " Cendrine.MARTIN@Eus.Example.FR ", "cendrine.martin@eus.example.fr"),
    ],
)
def test_normal_form(field: str, typed: str, kept: str) -> None:
    found = read(account.REGISTRATION, **CENDRINE | {field: typed})

    assert (found.faults, found.values[field]) == ((), kept)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("civilite", "Mademoiselle"),
        ("prenom", ""),
        ("prenom", "   "),
        ("prenom", "\u041carie"),  # Cyrillic М
        ("prenom", "a" * 81),
        ("nom", "<script>"),
        ("nom", "Martin\r\nBcc: x@example.fr"),
        ("nom", "\x00"),
        ("email", "martin"),
        ("email", "martin@"),
        ("email", "a@example.fr\r\nBcc: b@example.fr"),
        ("email", "a@example.fr,b@example.fr"),
        ("email", "Martin <a@example.fr>"),
        ("email", f"{'a' * 300}@example.fr"),
    ],
)
def test_wrong_value_is_the_fault_of_its_field(field: str, typed: str) -> None:
    assert faults(account.REGISTRATION, **CENDRINE | {field: typed}) == [field]


def test_faults_come_in_the_order_of_the_form() -> None:
    assert faults(account.REGISTRATION) == ["civilite", "prenom", "nom", "email"]


def test_what_was_typed_is_shown_again() -> None:
    found = read(account.REGISTRATION, **CENDRINE | {"email": "martin"})

    assert found.typed["prenom"] == "Cendrine"
    assert found.typed["email"] == "martin"


def test_field_that_comes_twice_is_no_form_of_ours() -> None:
    with pytest.raises(BadRequest):
        account.FORGOTTEN_IDENTIFIANT.read(MultiDict([("email", "a@b.fr"), ("email", "c@d.fr")]))


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (["mes-prets:demande", "mes-prets:suivi"], []),
        ([], ["services"]),
        (["mes-prets:admin"], ["services"]),
        (["mes-prets:demande"] * 21, ["services"]),
    ],
)
def test_choice_of_services(chosen: list[str], expected: list[str]) -> None:
    found = request.CHOICE.read(MultiDict([("services", key) for key in chosen]))

    assert [fault.field for fault in found.faults] == expected


@pytest.mark.parametrize("siren", ["21660074", "2166007420", "21660074\u0662", "216600742\n", "216 600 742"])
def test_siren_of_a_form_is_nine_plain_digits(siren: str) -> None:
    assert faults(request.NEW_LETTER, siren=siren) == ["siren"]


@pytest.mark.parametrize("typed", ["BDT-7K2M-9QXA", " bdt 7k2m 9qxa ", "bdt7k2m9qxa", "BDT–7K2M–9QXA"])
def test_reference_is_taken_as_people_type_it(typed: str) -> None:
    found = read(request.CLAIM_REFUSAL, reference=typed, confirme="oui")

    assert found.values["reference"] == "BDT-7K2M-9QXA"


@pytest.mark.parametrize("typed", ["", "BDT", "BDT-7K2M", "BDT-7K2M-9QX0", "XYZ-7K2M-9QXA", "BDT-7K2M-9QXAA"])
def test_wrong_reference_is_told(typed: str) -> None:
    assert faults(request.CLAIM_REFUSAL, reference=typed, confirme="oui") == ["reference"]


def test_motive_keeps_its_lines() -> None:
    found = read(request.REFUSAL_MOTIVE, motive=" Bonjour,\r\n\r\n  voir la   trésorerie. ")

    assert found.values["motive"] == "Bonjour,\n\nvoir la trésorerie."


@given(st.text(max_size=60))
def test_one_line_is_stable_and_printable(typed: str) -> None:
    try:
        line = one_line(typed)
    except ValueError:
        return

    assert line == one_line(line)
    assert line.isprintable()
    assert line == line.strip()


@given(st.text(alphabet=st.characters(max_codepoint=0x2FFF), max_size=12))
def test_names_of_a_form_are_those_of_the_model(typed: str) -> None:
    try:
        expected = proper_name("nom", typed)
    except BadInput:
        expected = None

    assert read(account.IDENTITY, **CENDRINE_IDENTITY | {"nom": typed}).values.get("nom") == expected
