"""The checker finds what was planted in Keycloak, the mailbox, the spool, the logs and on the pages."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from demo.chaos.invariants.outside import (
    counters_are_the_counts,
    no_secret_is_seen,
    restart_changes_nothing,
    tokens_tell_what_is_effective,
)
from demo.chaos.invariants.post import (
    PrintedLetter,
    everybody_was_welcomed,
    mails_left_once_or_twice,
    one_letter_a_row,
    read_spool,
)
from demo.chaos.invariants.realm import (
    Realm,
    no_decision_lost,
    no_right_without_decision,
    realm_is_what_the_books_say,
)
from onboarding_api.letters.pdf import render_pdf
from onboarding_api.model.first_administrator.activation_code import fingerprint
from tests.builders.correspondence import LETTER_TO_EUS
from tests.demo.chaos.invariants.world import DATAVIZ, LOAN, World


def faults(world: World, realm: Realm) -> list[str]:
    books, now = world.books(), world.portal.now
    return [
        fault[:2]
        for found in (
            no_right_without_decision(books, realm),
            no_decision_lost(books, realm, now),
            realm_is_what_the_books_say(books, realm, now),
        )
        for fault in found
    ]


def moved(realm: Realm, path: str, *names: str) -> Realm:
    """The same with other members in the group of a service."""
    service = frozenset({path.rpartition("/")[2]})
    return replace(
        realm,
        members={**realm.members, path: frozenset(names)},
        roles={**realm.roles, path: service},
    )


def test_a_keycloak_as_it_should_be_breaks_nothing(world: World) -> None:
    assert faults(world, world.realm()) == []


@pytest.mark.invariant("I1", "I8")
def test_a_right_that_nobody_decided_is_found(world: World) -> None:
    paul = next(name for name in world.realm().people if name.startswith("paul"))
    for service in ("mes-prets:demande", LOAN):  # never asked; taken back
        assert faults(world, moved(world.realm(), f"/{world.siren}/{service}", paul)).count("I1") == 1


@pytest.mark.invariant("I1")
def test_a_right_beside_the_groups_is_found(world: World) -> None:
    realm = replace(world.realm(), direct={"paul002": frozenset({LOAN})})
    assert faults(world, realm) == ["I1"]


@pytest.mark.invariant("I1")
def test_a_right_whose_decision_is_not_in_the_journal_is_found(world: World) -> None:
    realm = world.realm()
    world.plant("UPDATE journal SET event = 'x' WHERE event = 'habilitation_granted'")
    assert set(faults(world, realm)) == {"I1"}


@pytest.mark.invariant("I2", "I8")
def test_a_decision_that_is_nowhere_is_found(world: World) -> None:
    realm = moved(world.realm(), f"/{world.siren}/{DATAVIZ}")
    assert set(faults(world, realm)) == {"I8"}, "its delivery has still to leave"
    world.plant("UPDATE delivery SET state = 'done'")
    assert set(faults(world, realm)) == {"I2", "I8"}


@pytest.mark.invariant("I8")
@pytest.mark.parametrize("kind", ["profile", "stranger", "missing", "role", "label"])
def test_a_keycloak_of_its_own_mind_is_found(world: World, kind: str) -> None:
    realm = world.realm()
    name = next(iter(realm.people))
    people = dict(realm.people)
    match kind:
        case "profile":
            people[name] = {**people[name], "lastName": "Autre"}
        case "stranger":
            people["eve001"] = {"username": "eve001", "enabled": True}
        case "missing":
            del people[name]
        case "role":
            path = f"/{world.siren}/{LOAN}"
            realm = replace(realm, roles={**realm.roles, path: frozenset({"mes-prets:demande"})})
        case "label":
            realm = replace(realm, members={**realm.members, f"/{world.siren}": frozenset()})
    assert set(faults(world, replace(realm, people=people))) == {"I8"}


def mail(world: World, **values: Any) -> dict[str, Any]:
    return {"message_id": "<x@bdt.example>", "to": "", "links": [], **values}


def name_of(key: str) -> str:
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@bdt.example>"


@pytest.mark.invariant("I6")
def test_a_mail_too_many_and_a_mail_of_nobody_are_found(world: World) -> None:
    world.plant("UPDATE delivery SET attempts = 1")
    books = world.books()
    key = next(row["unique_key"] for row in books.rows("delivery") if row["kind"] == "mail")
    once = mail(world, message_id=name_of(key))
    assert list(mails_left_once_or_twice(books, [once, mail(world)])) == []
    assert list(mails_left_once_or_twice(books, [once, once])) == [f"I6: {key} left 2 times in 1 tries"]
    assert "no row" in next(mails_left_once_or_twice(books, [mail(world, message_id=name_of("planted"))]))
    twice = world.plant("UPDATE delivery SET attempts = 2")
    assert list(mails_left_once_or_twice(twice, [once, once])) == []


@pytest.mark.invariant("I6")
@pytest.mark.parametrize(("copies", "is_found"), [(0, True), (1, False), (2, True)])
def test_a_welcome_that_never_came_or_came_too_often_is_found(
    world: World, copies: int, is_found: bool
) -> None:
    books = world.plant(
        "UPDATE delivery SET kind = 'mail.welcome', state = 'done', attempts = 1, args = :args"
        " WHERE sequence = 1",
        args=json.dumps({"person_id": world.paul.id}),
    )
    welcome = mail(world, to="paul.durand@example.fr", links=["http://x/realms/bdt/login-actions/y"])
    assert bool(list(everybody_was_welcomed(books, [welcome] * copies))) is is_found


@pytest.fixture
def letters(world: World, tmp_path: Path) -> tuple[PrintedLetter, ...]:
    """The letter of the world, printed with a code that its row knows."""
    code = "0123-4567-89AM"
    (row,) = world.books().rows("letter")
    (tmp_path / f"{row['id']}.pdf").write_bytes(render_pdf(LETTER_TO_EUS, code))
    digest = hashlib.sha256((tmp_path / f"{row['id']}.pdf").read_bytes()).hexdigest()
    (tmp_path / f"{row['id']}.json").write_text(json.dumps({"sha256": digest}))
    letters = read_spool(tmp_path)
    assert [(letter.is_whole, letter.code) for letter in letters] == [(True, code)]
    made = fingerprint(code, row["claim_id"], world.portal.code_keys)
    world.plant("UPDATE letter SET code_fingerprint = :digest", digest=made.hex_digest)
    return letters


@pytest.mark.invariant("I7")
def test_a_letter_too_many_too_few_or_with_another_code_is_found(
    world: World, letters: tuple[PrintedLetter, ...]
) -> None:
    keys, books = dict(world.portal.code_keys.keys), world.books()
    (letter,) = letters
    assert list(one_letter_a_row(books, letters, keys)) == []
    for planted, said in (
        ((letter, letter), "2 times"),
        ((letter, replace(letter, key="planted")), "has no row"),
        ((replace(letter, code="0000-0000-0000"),), "not the one"),
        ((replace(letter, is_whole=False),), "not the one"),
        ((), "never printed"),
    ):
        assert [said in fault for fault in one_letter_a_row(books, planted, keys)] == [True]


@pytest.mark.invariant("I10")
def test_a_token_that_says_too_much_or_too_little_is_found(world: World) -> None:
    books, now = world.books(), world.portal.now
    paul = next(row["identifiant"] for row in books.rows("person") if row["prenom"] == "Paul")
    right = {(paul, world.siren, "mes-prets"): [], (paul, world.siren, "dataviz-coeur-de-ville"): ["acces"]}
    assert list(tokens_tell_what_is_effective(books, right, now)) == []
    wrongs: tuple[dict[tuple[str, str, str], list[str]], ...] = (
        {(paul, world.siren, "mes-prets"): ["suivi"]},
        {(paul, world.siren, "dataviz-coeur-de-ville"): []},
    )
    for wrong in wrongs:
        assert len(list(tokens_tell_what_is_effective(books, wrong, now))) == 1


@pytest.mark.attack(40)
@pytest.mark.invariant("I11")
def test_a_secret_in_a_log_is_found() -> None:
    secrets = {"a code": "0123-4567-89AM", "a password": "Canigou-2784", "nothing": ""}
    places = {"worker.log": b"typed 0123-4567-89AM", "portal.log": b"\xff\x00"}
    assert list(no_secret_is_seen(secrets, places)) == [
        "I11: a code stands in worker.log",
        "I11: nothing is too short to be looked for",
    ]


@pytest.mark.invariant("I13")
def test_a_counter_that_is_wrong_is_found(world: World) -> None:
    books = world.books()
    anne = next(row["identifiant"] for row in books.rows("person") if row["prenom"] == "Anne")
    assert list(counters_are_the_counts(books, {(anne, world.siren): 2})) == []
    assert list(counters_are_the_counts(books, {(anne, world.siren): 3})) == [
        f"I13: the dashboard of {anne} counts 3 in {world.siren}, not 2"
    ]


@pytest.mark.invariant("I14")
def test_a_change_by_a_restart_is_found(world: World) -> None:
    books, realm = world.books(), world.realm()
    assert list(restart_changes_nothing((books, realm), (world.books(), world.realm()))) == []
    changed = world.plant("UPDATE delivery SET attempts = 7 WHERE sequence = 1")
    emptied = replace(realm, members={})
    assert list(restart_changes_nothing((books, realm), (changed, emptied))) == [
        "I14: the table delivery changed",
        "I14: Keycloak's members changed",
    ]
