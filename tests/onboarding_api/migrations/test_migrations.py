"""The migrations make the tables of the model, on both databases; a wrong database is told clearly."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from onboarding_api.migrations import SchemaUnfit, check_schema, migrate
from onboarding_api.model.base import Base, Database
from onboarding_api.model.first_administrator.letter import Letter, LetterState
from tests.builders.deliveries import NOON
from tests.builders.eus import found_eus


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without a table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return str(request.getfixturevalue("postgresql_server").new_database())


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    database = Database(empty_url)
    yield database
    database.engine.dispose()


@pytest.fixture
def migrated(empty: Database, empty_url: str) -> Database:
    migrate(empty_url)
    return empty


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def run(database: Database, *statements: str) -> None:
    with database.writing() as session:
        for statement in statements:
            session.execute(text(statement))


def code_of(act: Callable[[], None]) -> str:
    with pytest.raises(SchemaUnfit) as caught:
        act()
    return caught.value.code


def test_the_migrations_make_the_tables_of_the_model(migrated: Database) -> None:
    with migrated.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    check_schema(migrated)


def test_a_second_run_changes_nothing(migrated: Database, empty_url: str) -> None:
    migrate(empty_url)
    check_schema(migrated)


def test_a_migration_can_be_taken_back(migrated: Database, empty_url: str) -> None:
    migrate(empty_url, "base")
    assert tables(migrated) == {"alembic_version"}
    assert code_of(lambda: check_schema(migrated)) == "not_migrated"
    migrate(empty_url)
    check_schema(migrated)


def test_letters_that_were_spooled_are_handed_over_and_keep_their_number(
    migrated: Database, empty_url: str
) -> None:
    eus = found_eus(migrated)
    letter = f"SELECT state FROM letter WHERE id = '{eus.letter_id}'"
    with migrated.writing() as session:
        session.get_one(Letter, eus.letter_id).hand_over(NOON)
    migrate(empty_url, "0003")
    with migrated.reading() as session:
        assert session.scalar(text(letter)) == "spooled"
    migrate(empty_url)
    with migrated.reading() as session:
        found = session.get_one(Letter, eus.letter_id)
        assert (found.state, found.carrier_ref) == (LetterState.HANDED_OVER, eus.letter_id)


def test_an_empty_database_is_not_migrated(empty: Database) -> None:
    assert code_of(lambda: check_schema(empty)) == "not_migrated"


def test_an_interrupted_migration_leaves_nothing(empty: Database, empty_url: str) -> None:
    """A table in the way makes the migration fail after it has made others: they go with it."""
    run(empty, "CREATE TABLE web_session (id INTEGER)")
    with pytest.raises(Exception, match="web_session"):
        migrate(empty_url)

    assert tables(empty) == {"web_session"}


def test_tables_without_a_version_are_told(empty: Database, empty_url: str) -> None:
    run(empty, "CREATE TABLE person (id INTEGER)")
    assert code_of(lambda: migrate(empty_url)) == "half_made"


def test_a_missing_table_or_column_is_named(migrated: Database) -> None:
    run(migrated, "DROP TABLE code_try", "ALTER TABLE person DROP COLUMN nom")

    with pytest.raises(SchemaUnfit, match=r"lacks column person\.nom, table code_try") as caught:
        check_schema(migrated)
    assert caught.value.code == "half_made"


def test_an_older_database_is_behind_and_a_newer_one_ahead(migrated: Database, empty_url: str) -> None:
    run(migrated, "UPDATE alembic_version SET version_num = '9999'")

    assert code_of(lambda: check_schema(migrated)) == "ahead"
    assert code_of(lambda: migrate(empty_url)) == "ahead"


@pytest.mark.slow
def test_two_processes_migrate_once(empty: Database, empty_url: str) -> None:
    program = "import sys; from onboarding_api.migrations import migrate; migrate(sys.argv[1])"
    processes = [subprocess.Popen([sys.executable, "-c", program, empty_url]) for _ in range(2)]

    assert [process.wait(30) for process in processes] == [0, 0]
    check_schema(empty)
