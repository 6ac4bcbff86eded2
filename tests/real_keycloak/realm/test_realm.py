"""realm-config/ on the real Keycloak: applied once, it is there; applied again, nothing moves."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import requests

from idp_extension.admin_api import AdminAPI, NotSent, Refused
from idp_extension.realm import (
    CatalogueClient,
    Plan,
    RealmState,
    Role,
    apply,
    awake,
    disable_bootstrap_account,
    ensure_bootstrap_account,
    lint_live,
    load_desired,
    plan,
    read_live,
)
from idp_extension.server import RunningServer
from tests.builders.oidc_login import log_in
from tests.builders.servers.applied_realm import (
    CONFIG,
    DATAVIZ,
    MES_PRETS,
    AppliedRealm,
    apply_realm,
    proof_of,
    service_account,
)

pytestmark = pytest.mark.keycloak

ADMINISTRATION = "realm-management"
PASSWORD = "Mairie-2026"


@pytest.fixture(scope="module")
def own_realm(keycloak_server: RunningServer) -> Iterator[AppliedRealm]:
    """A realm that these tests may spoil."""
    applied = apply_realm(keycloak_server, f"essai-{uuid4().hex[:6]}")
    yield applied
    applied.close()


@pytest.fixture
def spoiled(own_realm: AppliedRealm) -> Iterator[AppliedRealm]:
    """The same, made good after the test."""
    yield own_realm
    apply(own_realm.admin, own_realm.wanted, prune=True)
    assert not plan(own_realm.wanted, there(own_realm.admin))


def there(api: AdminAPI) -> RealmState:
    found = read_live(api)
    assert found is not None
    return found


def told(found: Plan) -> list[str]:
    return [str(change) for change in found.changes]


def client_uuid(realm: AppliedRealm, client_id: str) -> str:
    return str(realm.admin.get("clients", clientId=client_id)[0]["id"])


def change_client(realm: AppliedRealm, client_id: str, **fields: Any) -> None:
    client = realm.admin.get("clients", clientId=client_id)[0]
    realm.admin.put("clients", client["id"], body=client | fields)


def rules(realm: AppliedRealm) -> set[str]:
    return {finding.rule for finding in lint_live(realm.admin)}


def test_a_second_apply_changes_nothing(realm: AppliedRealm) -> None:
    assert plan(realm.wanted, there(realm.admin)).changes == ()
    assert apply(realm.admin, realm.wanted).changes == ()


def test_the_realm_that_is_there_has_no_finding(realm: AppliedRealm) -> None:
    assert lint_live(realm.admin) == ()


@pytest.mark.attack(47)
def test_what_is_changed_by_hand_is_found_and_made_good(spoiled: AppliedRealm) -> None:
    admin = spoiled.admin
    admin.put(body=admin.get() | {"accessTokenLifespan": 900, "bruteForceProtected": False})
    change_client(spoiled, "mes-prets", redirectUris=["https://evil.example/*"], implicitFlowEnabled=True)
    change_client(spoiled, "portail", secret="stolen", directAccessGrantsEnabled=True, fullScopeAllowed=True)
    path = ("clients", client_uuid(spoiled, "mes-prets"), "roles", "demande")
    admin.put(*path, body=admin.get(*path) | {"description": "?"})
    stock = next(scope["id"] for scope in admin.get("client-scopes") if scope["name"] == "roles")
    admin.put("default-default-client-scopes", stock)
    admin.put("clients", client_uuid(spoiled, "mes-prets"), "default-client-scopes", stock)

    found = plan(spoiled.wanted, there(admin))

    assert [str(change) for change in found.changes] == [
        f"update realm {spoiled.name}",
        f"update new client scopes {spoiled.name}",
        "update client portail",
        "update client mes-prets",
        "update role mes-prets:demande",
    ]
    assert rules(spoiled) >= {
        "long-access-token",
        "brute-force-off",
        "wildcard-redirect",
        "implicit-grant",
        "password-grant",
        "full-scope",
        "all-structures-mapper",
    }
    assert "stolen" not in repr(found)


def test_mappers_and_administration_roles_in_excess_are_taken_away(spoiled: AppliedRealm) -> None:
    admin = spoiled.admin
    scope = next(scope["id"] for scope in admin.get("client-scopes") if scope["name"] == "structure")
    groups = {
        "name": "groups",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-group-membership-mapper",
    }
    admin.post("client-scopes", scope, "protocol-mappers", "models", body=groups)
    administration = client_uuid(spoiled, ADMINISTRATION)
    account = admin.get("clients", client_uuid(spoiled, "bdt-sync"), "service-account-user")["id"]
    manage_realm = admin.get("clients", administration, "roles", "manage-realm")
    admin.post("users", account, "role-mappings", "clients", administration, body=[manage_realm])

    found = plan(spoiled.wanted, there(admin))

    assert [str(change) for change in found.changes] == [
        "update client scope structure",
        "update account roles bdt-sync",
    ]
    assert "all-structures-mapper" in rules(spoiled)


def plant_administration(realm: AppliedRealm, through_a_realm_role: bool = False) -> str:
    """A group « pilotes » whose members hold `realm-admin`; its id."""
    admin = realm.admin
    administration = client_uuid(realm, ADMINISTRATION)
    realm_admin = admin.get("clients", administration, "roles", "realm-admin")
    admin.post("groups", body={"name": "pilotes"})
    group = str(admin.get("groups", search="pilotes", exact="true")[0]["id"])
    if through_a_realm_role:
        admin.post("roles", body={"name": "pilote"})
        admin.post("roles", "pilote", "composites", body=[realm_admin])
        admin.post("groups", group, "role-mappings", "realm", body=[admin.get("roles", "pilote")])
    else:
        admin.post("groups", group, "role-mappings", "clients", administration, body=[realm_admin])
    return group


@pytest.mark.attack(48)
@pytest.mark.parametrize("through_a_realm_role", [False, True])
def test_a_group_that_hands_out_administration_is_found(
    own_realm: AppliedRealm, through_a_realm_role: bool
) -> None:
    """CVE-2026-94000: `manage-users` joins such a group and administers the realm."""
    admin = own_realm.admin
    group = plant_administration(own_realm, through_a_realm_role)

    findings = lint_live(admin)
    admin.delete("groups", group)
    if through_a_realm_role:
        admin.delete("roles", "pilote")

    assert [(finding.rule, finding.where) for finding in findings] == [("administration-group", "/pilotes")]
    assert lint_live(admin) == ()


@pytest.mark.attack(48)
def test_who_joins_such_a_group_administers_nothing_through_our_clients(own_realm: AppliedRealm) -> None:
    """CVE-2026-94000 played: 26.7.5 lets `manage-users` join. No client carries the role into a token."""
    admin, sync = own_realm.admin, own_realm.sync
    group = plant_administration(own_realm)
    intruder = own_realm.gateway.create_user("intrus", email="intrus@eus.example", prenom="A", nom="B")
    own_realm.choose_password(intruder, PASSWORD)
    own_realm.let_in(intruder)
    account = admin.get("clients", client_uuid(own_realm, "bdt-sync"), "service-account-user")["id"]
    for user_id in (intruder, account):
        sync.put("users", user_id, "groups", group)

    again = service_account(own_realm.url, own_realm.name, "bdt-sync")
    with pytest.raises(Refused, match="403"):
        again.put(body={"accessTokenLifespan": 900})
    again.close()
    for client in ("portail", "mes-prets"):
        token = log_in(
            base_url=own_realm.url,
            realm=own_realm.name,
            client_id=client,
            client_secret=proof_of(client),
            redirect_uri=own_realm.wanted.clients[client]["redirectUris"][0],
            username="intrus",
            password=PASSWORD,
        )["access_token"]
        answer = requests.get(
            f"{own_realm.url}/admin/realms/{own_realm.name}/users",
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )
        assert answer.status_code == 403
    findings = lint_live(admin)
    admin.delete("groups", group)

    assert [(finding.rule, finding.where) for finding in findings] == [("administration-group", "/pilotes")]


@pytest.mark.attack(46)
def test_the_sync_account_may_not_make_administrators_nor_change_the_realm(realm: AppliedRealm) -> None:
    administration = client_uuid(realm, ADMINISTRATION)
    realm_admin = realm.admin.get("clients", administration, "roles", "realm-admin")
    group = realm.gateway.create_structure_group("216600726", "Commune d'Eus")
    user_id = realm.gateway.create_user("intrus", email="intrus@eus.example", prenom="A", nom="B")

    for target in (("groups", group.id), ("users", user_id)):
        with pytest.raises(Refused, match="403"):
            realm.sync.post(*target, "role-mappings", "clients", administration, body=[realm_admin])
    with pytest.raises(Refused, match="403"):
        realm.sync.put(body={"accessTokenLifespan": 900})
    with pytest.raises(Refused, match="403"):
        realm.sync.delete()


@pytest.mark.attack(46)
def test_the_reader_reads_and_writes_nothing(realm: AppliedRealm) -> None:
    reader = service_account(realm.url, realm.name, "bdt-reader")

    for path in (("users",), ("groups",), ("clients",), ("admin-events",)):
        reader.get(*path, max="1")
    with pytest.raises(Refused, match="403"):
        reader.post("groups", body={"name": "216600726"})
    reader.close()


def test_the_bootstrap_account_sleeps_until_it_is_woken(
    keycloak_server: RunningServer, own_realm: AppliedRealm
) -> None:
    disable_bootstrap_account(own_realm.admin)

    asleep = service_account(own_realm.url, own_realm.name, "bdt-bootstrap")
    with pytest.raises(NotSent):
        asleep.get()
    asleep.close()
    master = AdminAPI.as_master_admin(
        own_realm.url, keycloak_server.admin_user, keycloak_server.admin_password, own_realm.name
    )
    assert told(plan(own_realm.wanted, there(master))) == ["update client bdt-bootstrap"]
    keys = {name: key for name, key in own_realm.values.public_keys.items() if name != "bdt-bootstrap"}
    at_rest = load_desired(CONFIG, replace(own_realm.values, public_keys=keys), [MES_PRETS, DATAVIZ])
    assert not plan(at_rest, there(master))

    ensure_bootstrap_account(master, own_realm.values.public_keys["bdt-bootstrap"])
    master.close()
    own_realm.admin.get()


def test_a_new_espace_is_one_more_client(spoiled: AppliedRealm) -> None:
    label = replace(
        spoiled.wanted, roles={**spoiled.wanted.roles, "mes-prets:encours": {"description": "Encours"}}
    )

    assert [str(change) for change in apply(spoiled.admin, label).changes] == [
        "create role mes-prets:encours"
    ]
    assert apply(spoiled.admin, label).changes == ()


def test_an_espace_without_an_address_yet_is_applied_once(spoiled: AppliedRealm) -> None:
    soon = CatalogueClient("territoires-innovation", "Espace privé", (Role("acces", "Accès"),), (), "")
    wanted = awake(
        load_desired(CONFIG, spoiled.values, [MES_PRETS, DATAVIZ, soon]),
        spoiled.values.public_keys["bdt-bootstrap"],
    )

    assert [str(change) for change in apply(spoiled.admin, wanted).changes] == [
        "create client territoires-innovation",
        "create role territoires-innovation:acces",
    ]
    assert apply(spoiled.admin, wanted).changes == ()
    assert lint_live(spoiled.admin) == ()
