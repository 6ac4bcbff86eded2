"""realm-config/ on the real Keycloak: applied once, it is there; applied again, nothing moves."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import requests

from idp_extension.admin_api import AdminAPI, NotSent, Refused
from idp_extension.realm import (
    apply,
    disable_bootstrap_account,
    ensure_bootstrap_account,
    lint_live,
    plan,
    read_live,
)
from idp_extension.server import RunningServer
from tests.builders.applied_realm import AppliedRealm, apply_realm, service_account
from tests.builders.oidc_login import LoginFailed, log_in

pytestmark = pytest.mark.keycloak

PASSWORD = "Mairie-2026"
ADMINISTRATION = "realm-management"
PORTAL = ("portail", "http://127.0.0.1:8400/connexion/retour")
MES_PRETS = ("mes-prets", "http://127.0.0.1:8401/connexion/retour")


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
    apply(own_realm.admin, own_realm.wanted)
    assert not plan(own_realm.wanted, read_live(own_realm.admin))


def client_uuid(realm: AppliedRealm, client_id: str) -> str:
    return str(realm.admin.get("clients", clientId=client_id)[0]["id"])


def change_client(realm: AppliedRealm, client_id: str, **fields: Any) -> None:
    client = realm.admin.get("clients", clientId=client_id)[0]
    realm.admin.put("clients", client["id"], body=client | fields)


def rules(realm: AppliedRealm) -> set[str]:
    return {finding.rule for finding in lint_live(realm.admin)}


def a_person(realm: AppliedRealm, password: str = PASSWORD) -> str:
    email = f"{uuid4().hex[:12]}@eus.example"
    user_id = realm.gateway.create_user(email.partition("@")[0], email=email, prenom="Zoé", nom="Le Goff")
    realm.choose_password(user_id, password)
    return email


def tokens(realm: AppliedRealm, client: tuple[str, str], username: str, **options: Any) -> dict[str, Any]:
    client_id, redirect_uri = client
    return log_in(
        base_url=realm.url,
        realm=realm.name,
        client_id=client_id,
        client_secret=realm.values.secrets[client_id],
        redirect_uri=redirect_uri,
        username=username,
        password=PASSWORD,
        **options,
    )


def part(token: str, number: int) -> dict[str, Any]:
    encoded = token.split(".")[number]
    return dict(json.loads(base64.urlsafe_b64decode(encoded + "==")))


def test_a_second_apply_changes_nothing(realm: AppliedRealm) -> None:
    assert plan(realm.wanted, read_live(realm.admin)).changes == ()
    assert apply(realm.admin, realm.wanted).changes == ()


def test_the_realm_that_is_there_has_no_finding(realm: AppliedRealm) -> None:
    assert lint_live(realm.admin) == ()


def test_the_password_rule_is_stored_unchanged(realm: AppliedRealm) -> None:
    assert realm.admin.get()["passwordPolicy"] == realm.wanted.settings["passwordPolicy"]


@pytest.mark.parametrize("password", ["Abcdefg1", "éÉ123456", "abcdefg!1"])
def test_a_password_of_three_classes_is_accepted(realm: AppliedRealm, password: str) -> None:
    a_person(realm, password)


@pytest.mark.parametrize("password", ["abcdefgh", "abcdefg1", "Ab1!", "A1" + "a" * 127])
def test_a_password_under_the_rule_is_refused(realm: AppliedRealm, password: str) -> None:
    with pytest.raises(Refused, match="400"):
        a_person(realm, password)


def test_the_last_passwords_are_not_taken_again(realm: AppliedRealm) -> None:
    user = realm.gateway.find_user(a_person(realm).partition("@")[0])
    assert user is not None
    realm.choose_password(user.id, "Une-autre-2026")

    with pytest.raises(Refused, match="400"):
        realm.choose_password(user.id, PASSWORD)


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

    found = plan(spoiled.wanted, read_live(admin))

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

    found = plan(spoiled.wanted, read_live(admin))

    assert [str(change) for change in found.changes] == [
        "update client scope structure",
        "update account roles bdt-sync",
    ]
    assert "all-structures-mapper" in rules(spoiled)


@pytest.mark.parametrize("through_a_realm_role", [False, True])
def test_a_group_that_hands_out_administration_is_found(
    own_realm: AppliedRealm, through_a_realm_role: bool
) -> None:
    """CVE-2026-94000: `manage-users` joins such a group and administers the realm."""
    admin = own_realm.admin
    administration = client_uuid(own_realm, ADMINISTRATION)
    realm_admin = admin.get("clients", administration, "roles", "realm-admin")
    admin.post("groups", body={"name": "pilotes"})
    group = admin.get("groups", search="pilotes", exact="true")[0]["id"]
    if through_a_realm_role:
        admin.post("roles", body={"name": "pilote"})
        admin.post("roles", "pilote", "composites", body=[realm_admin])
        admin.post("groups", group, "role-mappings", "realm", body=[admin.get("roles", "pilote")])
    else:
        admin.post("groups", group, "role-mappings", "clients", administration, body=[realm_admin])

    findings = lint_live(admin)
    admin.delete("groups", group)

    assert [(finding.rule, finding.where) for finding in findings] == [("administration-group", "/pilotes")]
    assert lint_live(admin) == ()


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
    assert not plan(own_realm.wanted, read_live(master))  # that it sleeps is no drift

    ensure_bootstrap_account(master, own_realm.values.secrets["bdt-bootstrap"])
    master.close()
    own_realm.admin.get()


def test_a_new_espace_is_one_more_client(spoiled: AppliedRealm) -> None:
    label = replace(spoiled.wanted, roles={**spoiled.wanted.roles, "mes-prets": {"encours": "Encours"}})

    assert [str(change) for change in apply(spoiled.admin, label).changes] == [
        "create role mes-prets:encours"
    ]
    assert apply(spoiled.admin, label).changes == ()


def test_an_attribute_that_is_not_declared_is_dropped(realm: AppliedRealm) -> None:
    user = realm.gateway.find_user(a_person(realm).partition("@")[0])
    assert user is not None
    body = {"email": user.email, "firstName": "Zoé", "lastName": "Le Goff", "attributes": {"siren": ["1"]}}

    realm.sync.put("users", user.id, body=body)

    assert "attributes" not in realm.sync.get("users", user.id)


@pytest.mark.parametrize(
    ("prenom", "nom", "is_accepted"),
    [("Maël-Éloïse", "d'Ây de l’Œuvre", True), ("Gaëtan", "N'Guyễn", True), ("<b>Zoé</b>", "Le Goff", False)],
)
def test_french_names_pass_and_markup_does_not(
    realm: AppliedRealm, prenom: str, nom: str, is_accepted: bool
) -> None:
    identifiant = uuid4().hex[:12]
    profile = {"email": f"{identifiant}@eus.example", "prenom": prenom, "nom": nom}
    if is_accepted:
        user = realm.gateway.get_user(realm.gateway.create_user(identifiant, **profile))  # type: ignore[arg-type]
        assert user is not None
        assert (user.prenom, user.nom) == (prenom, nom)
    else:
        with pytest.raises(Refused) as refused:
            realm.gateway.create_user(identifiant, **profile)  # type: ignore[arg-type]
        assert refused.value.is_permanent


@pytest.mark.parametrize("by_email", [True, False])
def test_one_logs_in_with_the_email_or_the_identifiant(realm: AppliedRealm, by_email: bool) -> None:
    email = a_person(realm)

    assert tokens(realm, PORTAL, email if by_email else email.partition("@")[0])["id_token"]


def test_the_portal_gets_a_short_access_token_for_itself_without_roles(realm: AppliedRealm) -> None:
    token = tokens(realm, PORTAL, a_person(realm))["access_token"]

    claims = part(token, 1)
    assert part(token, 0)["typ"] == "at+jwt"  # RFC 9068
    assert claims["exp"] - claims["iat"] <= 300
    assert (claims["aud"], claims["azp"]) == ("portail", "portail")
    assert not {"resource_access", "realm_access", "structure", "groups"} & claims.keys()


def test_the_api_is_an_audience_only_when_asked_for(realm: AppliedRealm) -> None:
    token = tokens(realm, PORTAL, a_person(realm), scope="openid onboarding-api")["access_token"]

    assert sorted(part(token, 1)["aud"]) == ["onboarding-api", "portail"]
    with pytest.raises(LoginFailed, match="invalid_scope"):
        tokens(realm, MES_PRETS, a_person(realm), scope="openid onboarding-api")


def test_an_espace_gets_its_own_audience_and_the_roles_of_the_structure(realm: AppliedRealm) -> None:
    email = a_person(realm)
    user = realm.gateway.find_user(email.partition("@")[0])
    assert user is not None
    group = realm.gateway.create_structure_group("216600726", "Commune d'Eus")
    subgroup = realm.gateway.create_subgroup(group.id, "mes-prets:demande")
    realm.gateway.map_client_role(subgroup.id, "mes-prets", "demande")
    for group_id in (group.id, subgroup.id):
        realm.gateway.join_group(user.id, group_id)

    answer = tokens(realm, MES_PRETS, email, structure="216600726")

    for token in (answer["access_token"], answer["id_token"]):
        claims = part(token, 1)
        assert claims["aud"] == "mes-prets"
        assert claims["structure"] == {"siren": "216600726", "name": "Commune d'Eus", "roles": ["demande"]}
        assert claims["resource_access"] == {"mes-prets": {"roles": ["demande"]}}
        assert not {"realm_access", "groups"} & claims.keys()


def authorise(realm: AppliedRealm, **changed: str) -> requests.Response:
    query = {
        "response_type": "code",
        "client_id": PORTAL[0],
        "redirect_uri": PORTAL[1],
        "scope": "openid",
        "state": "s",
        "code_challenge": "a" * 43,
        "code_challenge_method": "S256",
    } | changed
    return requests.get(
        f"{realm.url}/realms/{realm.name}/protocol/openid-connect/auth",
        params={name: value for name, value in query.items() if value},
        allow_redirects=False,
        timeout=10,
    )


def test_the_login_page_is_french(realm: AppliedRealm) -> None:
    page = authorise(realm)

    assert page.status_code == 200
    assert 'lang="fr"' in page.text


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unauthorized_client"),
    ],
)
def test_a_request_without_pkce_or_for_an_implicit_token_is_sent_back(
    realm: AppliedRealm, changed: dict[str, str], error: str
) -> None:
    assert f"error={error}" in authorise(realm, **changed).headers["Location"]


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://evil.example/",
        PORTAL[1] + "/x",
        PORTAL[1] + "?x=1",
        "http://127.0.0.1:8400/",
        "//evil.example",
    ],
)
def test_only_the_exact_redirect_is_followed(realm: AppliedRealm, redirect_uri: str) -> None:
    answer = authorise(realm, redirect_uri=redirect_uri)

    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize("client_id", ["portail", "admin-cli"])
def test_the_password_grant_is_refused(realm: AppliedRealm, client_id: str) -> None:
    grant = {"grant_type": "password", "client_id": client_id, "username": a_person(realm)}
    secret = realm.values.secrets.get(client_id, "")

    answer = requests.post(
        f"{realm.url}/realms/{realm.name}/protocol/openid-connect/token",
        data=grant | {"password": PASSWORD, "client_secret": secret},
        timeout=10,
    )

    assert answer.status_code in (400, 401)
    assert "access_token" not in answer.json()
