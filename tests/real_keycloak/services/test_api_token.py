"""The token of a real Keycloak at the door of the API: believed when made for it, refused otherwise."""

from typing import Any
from uuid import uuid4

import pytest
from joserfc import jws

from idp_extension.relying_party import client
from idp_extension.relying_party.client import ID_TOKEN
from idp_extension.relying_party.issuer import Issuer, TokenRefused
from onboarding_api.web.api.bearer import ACCESS_TOKEN, AUDIENCE
from tests.builders.oidc_login import log_in, refresh
from tests.builders.servers.applied_realm import AppliedRealm, proof_of

pytestmark = pytest.mark.keycloak

PASSWORD = "Mairie-2026"


@pytest.fixture(scope="module")
def issuer(realm: AppliedRealm) -> Issuer:
    return Issuer(f"{realm.url}/realms/{realm.name}")


@pytest.fixture(scope="module")
def identifiant(realm: AppliedRealm) -> str:
    chosen = f"cend{uuid4().hex[:8]}"
    user_id = realm.gateway.create_user(
        chosen, email=f"{chosen}@eus.example", prenom="Cendrine", nom="Martin"
    )
    realm.choose_password(user_id, PASSWORD)
    realm.let_in(user_id)
    return chosen


def tokens(
    realm: AppliedRealm, identifiant: str, scope: str, client_id: str = "portail", port: int = 8400
) -> dict[str, Any]:
    return log_in(
        base_url=realm.url,
        realm=realm.name,
        client_id=client_id,
        client_secret=proof_of(client_id),
        redirect_uri=f"http://127.0.0.1:{port}/connexion/retour",
        username=identifiant,
        password=PASSWORD,
        scope=scope,
    )


def test_a_token_for_the_api_is_believed(realm: AppliedRealm, issuer: Issuer, identifiant: str) -> None:
    token = tokens(realm, identifiant, "openid onboarding-api")["access_token"]

    assert jws.extract_compact(token.encode()).headers()["typ"] == "at+jwt"
    claims = issuer.verify(token, audience=AUDIENCE, types=ACCESS_TOKEN)
    assert claims["preferred_username"] == identifiant
    assert AUDIENCE in claims["aud"]
    assert AUDIENCE in claims["scope"].split()
    assert claims["azp"] == "portail"


def test_a_token_without_the_scope_is_refused(realm: AppliedRealm, issuer: Issuer, identifiant: str) -> None:
    token = tokens(realm, identifiant, "openid")["access_token"]

    with pytest.raises(TokenRefused):
        issuer.verify(token, audience=AUDIENCE, types=ACCESS_TOKEN)


@pytest.mark.attack(27)
def test_an_id_token_is_refused(realm: AppliedRealm, issuer: Issuer, identifiant: str) -> None:
    token = tokens(realm, identifiant, "openid onboarding-api")["id_token"]

    for audience in (AUDIENCE, "portail"):
        with pytest.raises(TokenRefused):
            issuer.verify(token, audience=audience, types=ACCESS_TOKEN)


def test_a_refreshed_token_keeps_its_audience_only_with_the_scope(
    realm: AppliedRealm, issuer: Issuer, identifiant: str
) -> None:
    """What a token endpoint gives later is held to the same checks."""
    for scope, is_believed in (("openid onboarding-api", True), ("openid", False)):
        first = tokens(realm, identifiant, scope)
        later = refresh(realm.url, realm.name, "portail", proof_of("portail"), first["refresh_token"])[
            "access_token"
        ]
        if is_believed:
            assert issuer.verify(later, audience=AUDIENCE, types=ACCESS_TOKEN)
        else:
            with pytest.raises(TokenRefused):
                issuer.verify(later, audience=AUDIENCE, types=ACCESS_TOKEN)


def test_the_tokens_of_a_service_are_what_its_guard_checks(
    realm: AppliedRealm, issuer: Issuer, identifiant: str
) -> None:
    given = tokens(realm, identifiant, "openid", "mes-prets", 8401)

    for token, types in ((given["id_token"], ID_TOKEN), (given["access_token"], client.ACCESS_TOKEN)):
        assert issuer.verify(token, audience="mes-prets", types=types)["azp"] == "mes-prets"
        with pytest.raises(TokenRefused):
            issuer.verify(token, audience=AUDIENCE, types=types)


def test_the_addresses_are_the_ones_of_the_realm(realm: AppliedRealm, issuer: Issuer) -> None:
    found = issuer.endpoints()

    at = f"{realm.url}/realms/{realm.name}/protocol/openid-connect"
    assert found.authorization == f"{at}/auth"
    assert found.token == f"{at}/token"
    assert found.end_session == f"{at}/logout"
    assert found.jwks == f"{at}/certs"
