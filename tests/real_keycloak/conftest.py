"""One Keycloak for all the tests of this directory: real, empty, on free ports of the loopback interface."""

from collections.abc import Iterator

import pytest
import requests

from idp_extension.server import BuiltServer, RunningServer, free_port, start_server
from tests.builders.oidc_login import open_browser
from tests.builders.servers.applied_realm import AppliedRealm, apply_realm


@pytest.fixture(scope="session")
def keycloak_server(
    keycloak_build: BuiltServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    with start_server(
        keycloak_build,
        tmp_path_factory.mktemp("keycloak"),
        http_port=free_port(),
        management_port=free_port(),
        admin_user="admin",
        admin_password="admin-of-the-tests",
    ) as server:
        yield server


@pytest.fixture(scope="session")
def realm(keycloak_server: RunningServer) -> Iterator[AppliedRealm]:
    """The realm `bdt` as realm-config/ says, without people. Tests make people of their own."""
    applied = apply_realm(keycloak_server)
    yield applied
    applied.close()


@pytest.fixture
def http_browser() -> Iterator[requests.Session]:
    """A browser without a screen, which keeps its cookies: whoever logged in with it stays logged in."""
    with open_browser() as browser:
        yield browser
