"""What every test may ask for: a database of each kind, a real browser; the network stays closed.

Connections leave for loopback only (`--allow-hosts`), so a test that reaches outside fails by itself.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import create_engine, text

from idp_extension.server import BuiltServer, ensure_server
from onboarding_api.model import ALL_TABLES
from onboarding_api.model.base import Base, Database
from tests.builders.country import Countries
from tests.builders.guard import EXEMPT, watched
from tests.builders.servers.chromium import ARGUMENTS, find_chromium
from tests.builders.servers.postgresql_server import PostgreSQLServer
from tests.builders.sharing_out import ServersTogether, longest_first

assert ALL_TABLES  # importing it is what fills Base.metadata


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest rooms begin."""
    longest_first(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ServersTogether:
    """Share the tests out by file, those of one server to one worker."""
    config.option.loadscopereorder = False  # by number of tests, the longest rooms would come last
    return ServersTogether(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that became slow, unless it says that it is."""
    with watched() as spent:
        yield
    if not any(item.get_closest_marker(mark) for mark in EXEMPT):
        spent.check()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no row; copying it is faster than making the tables again."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQLServer]:
    """A PostgreSQL of the suite's own, started once."""
    with PostgreSQLServer(tmp_path_factory.mktemp("postgresql")) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_tables(postgresql_server: PostgreSQLServer) -> str:
    """URL of a database with every table."""
    url = postgresql_server.new_database()
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database with every table: the test runs once on SQLite, once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "bdt.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("postgresql_tables")
    engine = create_engine(url)
    names = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    engine.dispose()
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The database of the test, open."""
    database = Database(database_url)
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def countries(tmp_path_factory: pytest.TempPathFactory) -> Countries:
    """The country at each scale, filled when it is first asked for."""
    return Countries(tmp_path_factory.mktemp("country"))


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def country(request: pytest.FixtureRequest, countries: Countries) -> Iterator[Database]:
    """The country at a tenth, to be read by every test of a module: once on SQLite, once on PostgreSQL.

    A test that writes takes a copy of its own: `countries.sqlite_copy(tmp_path)`.
    """
    if request.param == "sqlite":
        url = countries.sqlite()
    else:
        url = countries.postgresql(request.getfixturevalue("postgresql_server"))
    database = Database(url)
    yield database
    database.engine.dispose()


@pytest.fixture(scope="session")
def keycloak_build() -> BuiltServer:
    """The real Keycloak with our provider, got and built if need be.

    In a process of its own: the network is closed to the tests, and the download needs it.
    """
    subprocess.run([sys.executable, "-m", "idp_extension.server"], check=True)
    return ensure_server()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium that runs here, installed if need be; the test fails when none can be had."""
    return find_chromium()


@pytest.fixture(scope="session")
def chrome(chromium: str) -> Iterator[Browser]:
    """A Chromium without a window; one a process: Playwright starts once in a thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()
