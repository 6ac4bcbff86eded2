"""A house for each drift; its database is SQLite, as the question is Keycloak's."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp_extension.admin_api import AdminAPI
from idp_extension.server import RunningServer
from onboarding_api.model.base import Database
from tests.builders.servers.applied_realm import AppliedRealm, apply_realm
from tests.real_keycloak.drift.house import House, house


@pytest.fixture(scope="session")
def realm(keycloak_server: RunningServer) -> Iterator[AppliedRealm]:
    """Of our own: a plan takes out of a realm what is of nobody in the house."""
    applied = apply_realm(keycloak_server, "bdt-drift")
    yield applied
    applied.close()


@pytest.fixture(scope="session")
def console(keycloak_server: RunningServer, realm: AppliedRealm) -> Iterator[AdminAPI]:
    """An administrator of the server at work on our realm."""
    server = keycloak_server
    api = AdminAPI.as_master_admin(server.url, server.admin_user, server.admin_password, realm.name)
    yield api
    api.close()


@pytest.fixture
def eus(tmp_path: Path, sqlite_template: Path, realm: AppliedRealm, console: AdminAPI) -> Iterator[House]:
    shutil.copy(sqlite_template, tmp_path / "bdt.db")
    database = Database(f"sqlite:///{tmp_path / 'bdt.db'}")
    with house(database, realm, console) as found:
        yield found
    database.engine.dispose()
