"""A part of the register, loaded once for each kind of database and only read by the tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from onboarding_api.model.base import Base, Database
from onboarding_api.registry.load import load_register
from onboarding_api.registry.shipped import Entry, read_register

DEPARTEMENTS = {"05", "17", "24", "2A", "51", "52", "54", "66", "69", "70", "72", "75", "77", "94", "974"}


@pytest.fixture(scope="session")
def entries() -> list[Entry]:
    """The whole shipped register."""
    return list(read_register())


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def part_of_the_register(
    request: pytest.FixtureRequest, entries: list[Entry], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Fifteen départements: Eus, the big cities, homonyms, an overseas island, Corsica."""
    database = _empty(request, tmp_path_factory)
    with database.writing() as session:
        load_register(session, [entry for entry in entries if entry.departement in DEPARTEMENTS])
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def whole_register(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """All 36,130 structures; for slow tests."""
    database = _empty(request, tmp_path_factory)
    with database.writing() as session:
        load_register(session)
    yield database
    database.engine.dispose()


@pytest.fixture
def session(part_of_the_register: Database) -> Iterator[Session]:
    """A reading session on the part of the register."""
    with part_of_the_register.reading() as session:
        yield session


def _empty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Database:
    if request.param == "sqlite":
        path: Path = tmp_path_factory.mktemp("register") / "bdt.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return Database(f"sqlite:///{path}")
    database = Database(request.getfixturevalue("postgresql_server").new_database())
    Base.metadata.create_all(
        database.engine, tables=[Base.metadata.tables[name] for name in ("structure", "search_word")]
    )
    return database
