"""An upgrade rehearsed: the realm of the former Keycloak and of the former files, under what runs today.

`realm-of-26.7.4.json` is what a Keycloak 26.7.4 told (`partial-export`, without people and keys) of the realm
that the files of that day had made there.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from idp_extension.admin_api import AdminAPI
from idp_extension.realm import (
    NotOurs,
    RealmState,
    apply,
    awake,
    check_ours,
    ensure_bootstrap_account,
    lint_live,
    load_desired,
    plan,
    read_live,
)
from idp_extension.server import RunningServer
from tests.builders.servers.applied_realm import CONFIG, DATAVIZ, MES_PRETS, VALUES, service_account
from tests.real_keycloak.realm.by_hand import ByHand

pytestmark = [pytest.mark.keycloak, pytest.mark.slow]

FORMER = json.loads((Path(__file__).parent / "realm-of-26.7.4.json").read_text("utf-8"))
NAME = "bdt-former"


@pytest.fixture
def master(keycloak_server: RunningServer) -> Iterator[AdminAPI]:
    """An administrator of the server, where the former realm stands."""
    server = keycloak_server
    with closing(AdminAPI.as_master_admin(server.url, server.admin_user, server.admin_password, NAME)) as api:
        api.create_realm(FORMER)
        yield api
        api.delete()


def there(api: AdminAPI) -> RealmState:
    found = read_live(api)
    assert found is not None
    return found


def test_the_realm_of_the_former_version_becomes_todays(
    master: AdminAPI, keycloak_server: RunningServer
) -> None:
    hand = ByHand(master)
    structure = hand.group("216600726")
    hand.map_role(("groups", structure, "role-mappings"), "mes-prets", "demande")
    before = master.get("groups", structure, "role-mappings")
    key = VALUES.public_keys["bdt-bootstrap"]
    wanted = awake(load_desired(CONFIG, replace(VALUES, realm=NAME), [MES_PRETS, DATAVIZ]), key)

    with pytest.raises(NotOurs):
        check_ours(master)
    assert ensure_bootstrap_account(master, key) is False
    seen = plan(wanted, there(master))
    with closing(service_account(keycloak_server.url, NAME, "bdt-bootstrap")) as account:
        done = apply(account, wanted, prune=True, porter=master)

    assert f"realm/{NAME}/attributes/bdt.managed-by" in [path for each in seen.changes for path in each.paths]
    assert done.changes == seen.changes
    assert plan(wanted, there(master)).changes == ()
    assert lint_live(master, wanted) == ()
    assert master.get("groups", structure, "role-mappings") == before
