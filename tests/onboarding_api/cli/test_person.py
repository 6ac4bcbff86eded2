"""`bdt person disable` and `wake`: journalled, said in a sentence, and the only way in again."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from onboarding_api.cli import main
from onboarding_api.migrations import migrate
from onboarding_api.model.base import Database
from onboarding_api.model.disabling import Disabling
from onboarding_api.model.journal import JournalEntry
from onboarding_api.model.person import Person
from tests.builders.eus import found_eus


def run(database: Database, *words: str) -> Result:
    env = {
        "BDT_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "BDT_PUBLIC_URL": "https://espace.example.fr",
        "BDT_KEYCLOAK_URL": "https://id.example.fr",
        "BDT_SECRET_KEY": secrets.token_hex(32),
        "BDT_CODE_KEYS": f"k1:{secrets.token_hex(32)}",
        "BDT_SMTP_HOST": "mail.example.fr",
        "BDT_SMTP_PORT": "587",
        "BDT_SMTP_FROM": "ne-pas-repondre@example.fr",
        "BDT_SPOOL_DIRECTORY": "spool",
        "BDT_CONTACT_EMAIL": "aide@example.fr",
        "BDT_CONTACT_PHONE": "01 99 00 00 00",
    }
    return CliRunner().invoke(main, ["person", *words], env=env)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/bdt.db"
    migrate(url)
    database = Database(url)
    found_eus(database)
    yield database
    database.engine.dispose()


def is_active(database: Database) -> bool:
    with database.reading() as session:
        return session.scalars(select(Person.is_active).where(Person.identifiant == "cend589")).one()


def test_somebody_is_shut_out_and_let_in_again(house: Database) -> None:
    for word, state in (("disable", False), ("wake", True), ("disable", False), ("wake", True)):
        outcome = run(house, word, "CEND589")
        assert (outcome.exit_code, is_active(house)) == (0, state)

    with house.reading() as session:
        told = list(session.scalars(select(JournalEntry.event).order_by(JournalEntry.seq)))
        kept = list(session.scalars(select(Disabling).order_by(Disabling.disabled_at, Disabling.woken_at)))
    assert told == ["person_disabled", "person_woken"] * 2
    # Keycloak has followed neither: the first is closed by the second, which stays open.
    assert sorted(row.enabled_at is None for row in kept) == [False, True]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("wake", "cend589"), "cend589 is not shut out"),
        (("wake", "nobody1"), "nobody has the identifiant nobody1"),
        (("disable", "nobody1"), "nobody has the identifiant nobody1"),
    ],
)
def test_what_cannot_be_done_is_said(house: Database, words: tuple[str, str], sentence: str) -> None:
    outcome = run(house, *words)
    assert outcome.exit_code == 1
    assert sentence in outcome.output


def test_shut_out_twice_is_written_once(house: Database) -> None:
    run(house, "disable", "cend589")
    run(house, "disable", "cend589")
    with house.reading() as session:
        assert len(list(session.scalars(select(Disabling)))) == 1
