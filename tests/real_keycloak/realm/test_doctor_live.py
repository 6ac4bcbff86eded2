"""`bdt doctor` beside a real Keycloak: a realm as its files say, then one that somebody changed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from idp_extension.admin_api import AdminAPI
from idp_extension.server import KEYCLOAK_VERSION, RunningServer
from onboarding_api.cli import main
from onboarding_api.migrations import migrate
from tests.real_keycloak.environment import environment_of

pytestmark = pytest.mark.keycloak

REALM = "bdt-doctor"


@pytest.fixture
def master(keycloak_server: RunningServer) -> Iterator[AdminAPI]:
    server = keycloak_server
    api = AdminAPI.as_master_admin(server.url, server.admin_user, server.admin_password, REALM)
    yield api
    api.delete()
    api.close()


def test_a_realm_is_well_until_somebody_changes_it(
    keycloak_server: RunningServer, master: AdminAPI, tmp_path: Path
) -> None:
    spool, database = tmp_path / "letters", f"sqlite:///{tmp_path / 'bdt.db'}"
    spool.mkdir()
    migrate(database)
    environment = environment_of(keycloak_server.url, REALM, tmp_path) | {
        "KC_BOOTSTRAP_ADMIN_USERNAME": keycloak_server.admin_user,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": keycloak_server.admin_password,
        "BDT_DATABASE_URL": database,
        "BDT_SPOOL_DIRECTORY": str(spool),
    }
    operator = CliRunner(env=environment)

    def parts() -> dict[str, dict[str, Any]]:
        told = operator.invoke(main, ["doctor", "--json", "--seconds", "60"]).output
        found: dict[str, dict[str, Any]] = json.loads(told)["parts"]
        return {part: found[part] for part in ("keycloak", "realm", "clock")}

    assert operator.invoke(main, ["realm", "apply"]).exit_code == 0
    well = parts()
    master.put(body={"accessTokenLifespan": 301, "revokeRefreshToken": True})
    changed = parts()

    assert {part: each["health"] for part, each in well.items()} == dict.fromkeys(well, "well"), well
    assert KEYCLOAK_VERSION in well["keycloak"]["words"]
    assert (changed["keycloak"]["health"], changed["realm"]["health"]) == ("well", "ill")
    assert changed["realm"]["figures"]["realm_differences"] > 0
    assert "accessTokenLifespan" in changed["realm"]["words"]
