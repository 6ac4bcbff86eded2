"""`bdt sample country`: the same rows for the same seed, an empty database or none, all of it or nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text

from demo.country.command import sample
from demo.country.fill import START_AGAIN, NotFillable, fill
from onboarding_api.migrations import SchemaUnfit, check_schema
from onboarding_api.model.base import Base, Database
from onboarding_api.model.membership import Membership
from onboarding_api.model.person import Person

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        url = request.getfixturevalue("postgresql_server").new_database()
    database = Database(url)
    yield database
    database.engine.dispose()


def digest(database: Database) -> str:
    """Of every row of every table."""
    found = sha256()
    with database.reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table).order_by(*table.primary_key.columns)):
                found.update(repr(tuple(row)).encode())
    return found.hexdigest()


def filled(path: Path, seed: int) -> str:
    database = Database(f"sqlite:///{path}")
    fill(database, 0.01, seed)
    found = digest(database)
    database.engine.dispose()
    return found


def test_the_same_seed_makes_the_same_rows_and_another_one_others(tmp_path: Path) -> None:
    first = filled(tmp_path / "one.db", 1)
    assert filled(tmp_path / "same.db", 1) == first
    assert filled(tmp_path / "other.db", 2) != first


def test_both_databases_hold_the_same_rows(empty: Database, tmp_path: Path) -> None:
    fill(empty, 0.01)
    assert digest(empty) == filled(tmp_path / "one.db", 1)


def test_a_database_that_holds_anything_is_refused(empty: Database) -> None:
    fill(empty, 0.01)
    with pytest.raises(NotFillable, match=r"600 in person.*To start again"):
        fill(empty, 0.01)


def test_what_is_left_of_a_fill_by_hand_is_refused_with_what_to_do(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'bdt.db'}")
    fill(database, 0.01)
    with database.writing() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != "search_word":
                session.execute(table.delete() if table.name != "structure" else text("SELECT 1"))
    with pytest.raises(NotFillable) as told:
        fill(database, 0.01)
    assert START_AGAIN in str(told.value)
    database.engine.dispose()


def test_a_database_of_somebody_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'other.db'}")
    with database.writing() as session:
        session.execute(text("CREATE TABLE holiday (day TEXT)"))
    with pytest.raises(NotFillable, match="holiday"):
        fill(database, 0.01)
    with pytest.raises(SchemaUnfit):
        check_schema(database)
    database.engine.dispose()


@pytest.mark.parametrize("environment", [{}, {"BDT_ENVIRONMENT": "production"}])
def test_production_gets_no_made_up_people(tmp_path: Path, environment: dict[str, str]) -> None:
    path = tmp_path / "bdt.db"
    done = CliRunner(env={"BDT_ENVIRONMENT": None, **environment}).invoke(
        sample, ["country", "--scale", "0.01", "--database-url", f"sqlite:///{path}"]
    )
    assert done.exit_code == 1
    assert "Made-up people have no place in production" in done.output
    assert not path.exists()


def test_a_fill_killed_in_the_middle_leaves_nothing_and_the_next_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "bdt.db"
    url = f"sqlite:///{path}"
    command = [sys.executable, "-m", "onboarding_api.cli", "sample", "country", "--scale", "0.1"]
    running = subprocess.Popen(
        [*command, "--database-url", url],
        env={**os.environ, "BDT_ENVIRONMENT": "test"},
        stdout=subprocess.PIPE,
    )
    wal = path.with_name("bdt.db-wal")
    while running.poll() is None and not (wal.exists() and wal.stat().st_size > 1_000_000):
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    assert running.communicate() == (b"", None)
    assert running.returncode == -signal.SIGKILL
    database = Database(url)
    with database.reading() as session:
        assert session.scalars(select(func.count()).select_from(Person)).one() == 0
    fill(database, 0.01)
    with database.reading() as session:
        assert session.scalars(select(func.count()).select_from(Membership)).one() == 900
    database.engine.dispose()
