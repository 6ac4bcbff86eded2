"""Who administers the server is found in the realm `master`, by whatever way it came to him."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from idp_extension.admin_api import AdminAPI
from idp_extension.realm import MASTER, lint_master
from idp_extension.server import RunningServer
from tests.real_keycloak.realm.by_hand import ByHand

pytestmark = pytest.mark.keycloak

OURS, OTHER = "bdt-maitre", "bdt-autre"


@pytest.fixture(scope="module")
def hand(keycloak_server: RunningServer) -> Iterator[ByHand]:
    """At `master`, where our realm and another one are known; all that is planted goes after."""
    server = keycloak_server
    with closing(
        AdminAPI.as_master_admin(server.url, server.admin_user, server.admin_password, MASTER)
    ) as master:
        for realm in (OURS, OTHER):
            master.create_realm({"realm": realm})
        hand = ByHand(master)
        yield hand
        for realm in (OURS, OTHER):
            AdminAPI(realm, master._connection).delete()
        for user in ("eve", "zoe", "lea"):
            for found in master.get("users", username=user, exact="true"):
                master.delete("users", found["id"])
        for name in ("maitres",):
            for found in master.get("groups", search=name, exact="true"):
                master.delete("groups", found["id"])
        for found in master.get("clients", clientId="automate"):
            master.delete("clients", found["id"])
        master.delete("roles", "adjoint")


def found(hand: ByHand) -> set[tuple[str, str]]:
    return {
        (finding.rule, finding.where)
        for finding in lint_master(hand.admin, {}, OURS, ["permanente"])
        if finding.rule.startswith("master")
    }


@pytest.mark.attack(47)
def test_who_administers_by_whatever_way_is_found(hand: ByHand) -> None:
    """A person by our realm's client, a group by `admin`, a service, a role that brings another along."""
    before = found(hand)
    hand.give("eve", f"{OURS}-realm", "manage-users")
    hand.give("lea", f"{OTHER}-realm", "manage-users")  # does not concern us
    admin = hand.admin.get("roles", "admin")
    hand.admin.post("groups", hand.group("maitres"), "role-mappings", "realm", body=[admin])
    hand.new_client("automate", serviceAccountsEnabled=True)
    hand.admin.post("roles", body={"name": "adjoint"})
    hand.role_brings("", "adjoint", hand.role(f"{OURS}-realm", "manage-realm"))
    hand.give("zoe", f"{OTHER}-realm", "view-users")
    zoe = hand.admin.get("users", username="zoe", exact="true")[0]["id"]
    hand.admin.post("users", zoe, "role-mappings", "realm", body=[hand.admin.get("roles", "adjoint")])

    assert found(hand) - before == {
        ("master-administrator", "master/eve"),
        ("master-administrator", "master/maitres"),
        ("master-administrator", "master/zoe"),
        ("master-service", "master/automate"),
    }
