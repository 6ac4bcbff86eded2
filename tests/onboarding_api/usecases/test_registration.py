"""Registration and « Identifiant oublié ? »: nothing tells whether an e-mail was known."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from onboarding_api.model.person import Person
from onboarding_api.model.refusals import BadInput, DatabaseBusy
from onboarding_api.usecases.account.ask_registration import ask_registration
from onboarding_api.usecases.account.recall_identifiant import RecallIdentifiant, recall_identifiant
from onboarding_api.usecases.account.register_person import RegisterPerson, register_person
from tests.builders.portal import Portal

CENDRINE = RegisterPerson("Madame", "Cendrine", "Martin", "cendrine.martin@eus.example")


def only_person(portal: Portal) -> Person:
    with portal.reading() as session:
        return session.scalars(select(Person)).one()


def test_a_person_gets_an_identifiant_and_keycloak_makes_the_account_before_it_welcomes(
    portal: Portal,
) -> None:
    register_person(portal.office, CENDRINE)
    person = only_person(portal)
    assert person.identifiant.startswith("cend")
    assert person.identifiant[4:].isdecimal()
    (made,), (welcomed,) = portal.deliveries("keycloak.person"), portal.deliveries("mail.welcome")
    assert made.due < welcomed.due
    assert (made.lane, welcomed.lane) == (f"kc:user:{person.id}", f"welcome:{person.id}")
    assert made.args == welcomed.args == {"person_id": person.id}


@pytest.mark.attack(53)
def test_a_double_click_is_one_registration(portal: Portal) -> None:
    register_person(portal.office, CENDRINE)
    portal.wait(seconds=1)
    register_person(portal.office, CENDRINE)
    assert portal.events() == ["person_registered"]
    assert portal.mails() == []


def test_a_known_email_is_told_by_mail_and_not_more_than_every_ten_minutes(portal: Portal) -> None:
    register_person(portal.office, CENDRINE)
    for minutes in (1, 2, 9):
        portal.wait(minutes=minutes)
        register_person(
            portal.office, RegisterPerson("Monsieur", "Un", "Autre", "CENDRINE.Martin@Eus.example")
        )
    assert portal.mails() == [("already_registered", "Cendrine")] * 2
    assert only_person(portal).nom == "Martin"


@pytest.mark.attack(2)
def test_one_email_registered_by_many_threads_is_one_person(portal: Portal) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: register_person(portal.office, CENDRINE), range(8)))
    assert portal.events() == ["person_registered"]


@pytest.mark.parametrize("collisions", [4, 5])
def test_a_draw_that_others_take_each_time_is_drawn_again_and_then_told(
    portal: Portal, collisions: int
) -> None:
    left = iter(range(collisions))

    def taken_meanwhile(*_: object) -> None:
        if next(left, None) is not None:
            raise IntegrityError("INSERT INTO person", {}, Exception("identifiant"))

    event.listen(Person, "before_insert", taken_meanwhile)
    try:
        with nullcontext() if collisions < 5 else pytest.raises(DatabaseBusy):
            register_person(portal.office, CENDRINE)
    finally:
        event.remove(Person, "before_insert", taken_meanwhile)
    assert portal.count(Person) == (collisions < 5)


def test_different_people_register_at_once_on_an_empty_journal(portal: Portal) -> None:
    def register(number: int) -> None:
        email = f"marie{number}@eus.example"
        register_person(portal.office, RegisterPerson("Madame", "Marie", "Roca", email))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(register, range(8)))
    assert portal.events() == ["person_registered"] * 8


@pytest.mark.parametrize(
    ("field", "command"),
    [
        ("civilite", RegisterPerson("Docteur", "Cendrine", "Martin", "c@eus.example")),
        ("prenom", RegisterPerson("Madame", " - ", "Martin", "c@eus.example")),
        ("prenom", RegisterPerson("Madame", "M\u0430rie", "Martin", "c@eus.example")),  # a Cyrillic a
        ("nom", RegisterPerson("Madame", "Cendrine", "x" * 81, "c@eus.example")),
        ("nom", RegisterPerson("Madame", "Cendrine", "Martin\r\nBcc: a@b.fr", "c@eus.example")),
        ("email", RegisterPerson("Madame", "Cendrine", "Martin", "c@eus.example\r\nBcc: a@b.fr")),
        ("email", RegisterPerson("Madame", "Cendrine", "Martin", "cendrine")),
        ("email", RegisterPerson("Madame", "Hélène", "Martin", "hélène@eus.fr")),  # no mail could leave
    ],
)
def test_what_cannot_be_read_is_refused_by_field(portal: Portal, field: str, command: RegisterPerson) -> None:
    with pytest.raises(BadInput) as refusal:
        register_person(portal.office, command)
    assert refusal.value.field == field
    assert portal.events() == []


def test_a_forgotten_identifiant_leaves_the_same_row_whoever_has_the_address_once_in_ten_minutes(
    portal: Portal,
) -> None:
    register_person(portal.office, CENDRINE)
    for email in (CENDRINE.email, "nobody@eus.example", CENDRINE.email, "Nobody@EUS.example"):
        recall_identifiant(portal.office, RecallIdentifiant(email))
    known, unknown = portal.deliveries("mail.recall")
    assert known.args == {"address": CENDRINE.email}
    assert unknown.args == {"address": "nobody@eus.example"}
    for row in (known, unknown):
        assert row.lane.startswith("mail:")
        assert "eus" not in row.lane + row.unique_key  # what stays when the address has gone
    portal.wait(minutes=11)
    recall_identifiant(portal.office, RecallIdentifiant(CENDRINE.email))
    assert len(portal.deliveries("mail.recall")) == 3


@pytest.mark.attack(18)
def test_a_forgotten_identifiant_asks_the_database_the_same_whether_known_or_not(portal: Portal) -> None:
    """Equal work is equal time: 8 ms against 0.5 ms told who had an account."""
    register_person(portal.office, CENDRINE)
    heard: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        heard.append(statement)

    event.listen(portal.database.engine, "before_cursor_execute", hear)
    recall_identifiant(portal.office, RecallIdentifiant(CENDRINE.email))
    of_known = list(heard)
    heard.clear()
    recall_identifiant(portal.office, RecallIdentifiant("nobody@eus.example"))
    assert heard == of_known
    assert not any("person" in statement for statement in heard)


def test_a_registration_is_taken_down_the_same_whoever_has_the_address_once_in_ten_minutes(
    portal: Portal,
) -> None:
    register_person(portal.office, CENDRINE)
    stranger = replace(CENDRINE, email="Nobody@EUS.example")
    for command in (CENDRINE, stranger, CENDRINE, stranger):
        ask_registration(portal.office, command)
    known, unknown = portal.deliveries("person.register")
    assert (known.args["address"], unknown.args["address"]) == (CENDRINE.email, "nobody@eus.example")
    assert known.args["typed"] == {"civilite": "Madame", "prenom": "Cendrine", "nom": "Martin"}
    for row in (known, unknown):
        assert "eus" not in row.lane + row.unique_key  # what stays when the address has gone
    portal.wait(minutes=11)
    ask_registration(portal.office, CENDRINE)
    assert len(portal.deliveries("person.register")) == 3


@pytest.mark.parametrize("field", ["civilite", "prenom", "nom", "email"])
def test_a_registration_that_cannot_be_read_is_refused_on_the_page(portal: Portal, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        ask_registration(portal.office, replace(CENDRINE, **{field: "\x00"}))
    assert refusal.value.field == field
    assert portal.deliveries("person.register") == []
