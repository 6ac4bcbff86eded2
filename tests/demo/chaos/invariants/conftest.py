"""A sound world, to plant faults in; what reads it is tested on both databases."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding_api.model.base import Database
from tests.demo.chaos.invariants.world import World, sound_world


@pytest.fixture(scope="session")
def built_world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    path = tmp_path_factory.mktemp("world") / "bdt.db"
    shutil.copy(sqlite_template, path)
    return sound_world(Database(f"sqlite:///{path}"))


@pytest.fixture
def world(built_world: World) -> Iterator[World]:
    """As it was built, whatever was planted before."""
    engine = built_world.portal.database.engine
    path = Path(engine.url.database or "")
    engine.dispose()
    kept = path.read_bytes()
    yield built_world
    engine.dispose()
    for side in ("-wal", "-shm"):
        Path(f"{path}{side}").unlink(missing_ok=True)
    path.write_bytes(kept)
