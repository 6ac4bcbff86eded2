"""One application for the whole directory; each test starts from the same small world."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from idp_extension.server import free_port
from onboarding_api.model.base import Database
from tests.builders.issuer import Provider
from tests.onboarding_api.web.portal import Portal, build_portal
from tests.onboarding_api.web.world import build_world


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    started = Provider()
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("world") / "world.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    build_world(database)
    database.engine.dispose()
    return path


@pytest.fixture(scope="session")
def running_portal(
    world: Path, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Portal]:
    path = tmp_path_factory.mktemp("portal") / "portal.db"
    shutil.copy(world, path)
    portal = build_portal(path, provider)
    portal.log_everybody_in(world)
    yield portal
    portal.office.database.engine.dispose()


@pytest.fixture
def portal(running_portal: Portal, world: Path) -> Portal:
    running_portal.reset(world)
    return running_portal


@pytest.fixture(scope="module")
def served(world: Path, provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The portal on a loopback port, for browsers."""
    path, port = tmp_path_factory.mktemp("served") / "portal.db", free_port()
    shutil.copy(world, path)
    portal = build_portal(path, provider, f"http://127.0.0.1:{port}")
    server = make_server("127.0.0.1", port, portal.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield portal
    server.shutdown()
    thread.join()
    server.server_close()
    portal.office.database.engine.dispose()
