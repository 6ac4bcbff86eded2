"""What people and services meet in the realm: passwords, names, redirects, and what a token says."""

import base64
import json
from typing import Any
from uuid import uuid4

import pytest
import requests

from idp_extension.gateway import Refused
from tests.builders.oidc_login import LoginFailed, log_in
from tests.builders.servers.applied_realm import KEYS, AppliedRealm, proof_of

pytestmark = pytest.mark.keycloak

PASSWORD = "Mairie-2026"
PORTAL = ("portail", "http://127.0.0.1:8400/connexion/retour")
MES_PRETS = ("mes-prets", "http://127.0.0.1:8401/connexion/retour")


def a_person(realm: AppliedRealm, password: str = PASSWORD) -> str:
    email = f"{uuid4().hex[:12]}@eus.example"
    user_id = realm.gateway.create_user(email.partition("@")[0], email=email, prenom="Zoé", nom="Le Goff")
    realm.choose_password(user_id, password)
    return email


def tokens(
    realm: AppliedRealm,
    client: tuple[str, str],
    username: str,
    typed_password: str = PASSWORD,
    **options: Any,
) -> dict[str, Any]:
    client_id, redirect_uri = client
    return log_in(
        base_url=realm.url,
        realm=realm.name,
        client_id=client_id,
        client_secret=proof_of(client_id),
        redirect_uri=redirect_uri,
        username=username,
        password=typed_password,
        **options,
    )


def part(token: str, number: int) -> dict[str, Any]:
    encoded = token.split(".")[number]
    return dict(json.loads(base64.urlsafe_b64decode(encoded + "==")))


def test_the_password_rule_is_stored_unchanged(realm: AppliedRealm) -> None:
    assert realm.admin.get()["passwordPolicy"] == realm.wanted.settings["passwordPolicy"]


@pytest.mark.parametrize("password", ["Abcdefg1", "éÉ123456", "abcdefg!1"])
def test_a_password_of_three_classes_is_accepted(realm: AppliedRealm, password: str) -> None:
    a_person(realm, password)


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "\u00a0"), ("\t", ""), ("\u200b", "\u200b"), ("\ufeff", " "), ("\u202a", "\u202c")],
)
def test_an_identifiant_is_taken_without_what_a_clipboard_adds(
    realm: AppliedRealm, before: str, after: str
) -> None:
    """On the server: the page's script has no part in it."""
    person = a_person(realm)
    assert tokens(realm, PORTAL, f"{before}{person}{after}")["access_token"]


def test_a_password_is_one_on_every_keyboard_whoever_sends_it(realm: AppliedRealm) -> None:
    """Chosen and typed without the page's script."""
    composed, decomposed = "\u00c9l\u00e9phant-27", "E\u0301le\u0301phant-27"
    for chosen, typed in ((composed, decomposed), (decomposed, composed), (decomposed, decomposed)):
        person = a_person(realm, chosen)
        assert tokens(realm, PORTAL, person, typed_password=typed)["access_token"]


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


@pytest.mark.attack(32)
@pytest.mark.attack(30)
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


@pytest.mark.attack(23)
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
    issuer = f"{realm.url}/realms/{realm.name}"
    proof = KEYS[client_id].proof(issuer) if client_id in KEYS else {}

    answer = requests.post(
        f"{issuer}/protocol/openid-connect/token",
        data=grant | {"password": PASSWORD} | proof,
        timeout=10,
    )

    assert answer.status_code in (400, 401)
    assert "access_token" not in answer.json()
