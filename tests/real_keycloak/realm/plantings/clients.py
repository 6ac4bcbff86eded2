"""Clients, the proofs by which they log in, where they send people."""

from idp_extension.realm.state import ADMINISTRATION
from tests.real_keycloak.realm.by_hand import ByHand
from tests.real_keycloak.realm.plantings.planting import (
    DATAVIZ,
    PRETS,
    Planting,
    attribute_planting,
    client_planting,
)


def service_that_administers(hand: ByHand) -> None:
    hand.new_client("evil-service", serviceAccountsEnabled=True)
    hand.map_role(("users", hand.account("evil-service"), "role-mappings"), ADMINISTRATION, "realm-admin")


CLIENTS = (
    Planting(
        "a new client",
        lambda h: h.new_client("evil", publicClient=True, redirectUris=["*"]),
        ("client/evil",),
        "unknown-client",
        True,
    ),
    Planting(
        "a new service that administers",
        service_that_administers,
        ("client/evil-service", "account roles/evil-service"),
        "unknown-client",
        True,
    ),
    Planting(
        "authorisation services",
        lambda h: h.new_client("evil-authz", serviceAccountsEnabled=True, authorizationServicesEnabled=True),
        (
            "client/evil-authz",
            "account roles/evil-authz",
            "authorisation/evil-authz",
            "role/evil-authz:uma_protection",
        ),
        "unknown-client",
        True,
    ),
    Planting(
        "a client of ours is gone",
        lambda h: h.admin.delete("clients", h.client_uuid("bdt-reader")),
        ("client/bdt-reader", "scope roles/client bdt-reader", "account roles/bdt-reader"),
        "client-gone",
    ),
    Planting(
        "a service is gone",
        lambda h: h.admin.delete("clients", h.client_uuid(PRETS), "roles", "suivi"),
        ("role/mes-prets:suivi",),
        "role-gone",
    ),
    Planting(
        "an espace acts by itself",
        lambda h: h.client(DATAVIZ, serviceAccountsEnabled=True),
        (
            f"client/{DATAVIZ}/serviceAccountsEnabled",
            f"client/{DATAVIZ}/defaultClientScopes",
            f"account roles/{DATAVIZ}",
        ),
        "grant",
    ),
    client_planting("codes go anywhere", PRETS, "redirectUris", ["https://evil.example/*"], "redirect"),
    client_planting("scripts of any site", "portail", "webOrigins", ["*"], "web-origin"),
    client_planting("the implicit grant", PRETS, "implicitFlowEnabled", True, "grant"),
    client_planting("the password grant", "portail", "directAccessGrantsEnabled", True, "grant"),
    client_planting("every role in its tokens", "portail", "fullScopeAllowed", True, "full-scope"),
    client_planting("another secret", PRETS, "secret", "known-to-eve", "client-proof"),
    client_planting(
        "a secret in the place of a key",
        "portail",
        "clientAuthenticatorType",
        "client-secret",
        "client-proof",
    ),
    client_planting("the console of accounts is open", "account-console", "enabled", True, "client-enabled"),
    client_planting("the command line is open", "admin-cli", "enabled", True, "client-enabled"),
    client_planting("the portal is elsewhere", "portail", "baseUrl", "https://evil.example/", "redirect"),
    attribute_planting(
        "the key of the sync account", "bdt-sync", "jwks.string", '{"keys": []}', "client-proof"
    ),
    attribute_planting("no PKCE", DATAVIZ, "pkce.code.challenge.method", "", "missing-pkce"),
    attribute_planting("logged out to anywhere", PRETS, "post.logout.redirect.uris", "+", "redirect"),
    attribute_planting(
        "never told of a log-out", PRETS, "backchannel.logout.url", "https://evil.example", "log-out"
    ),
    attribute_planting(
        "tokens of others exchanged", PRETS, "standard.token.exchange.enabled", "true", "token-exchange"
    ),
    attribute_planting(
        "a refresh token for a service",
        "bdt-sync",
        "client_credentials.use_refresh_token",
        "true",
        "refresh-token",
    ),
    attribute_planting("a token of a day", PRETS, "access.token.lifespan", "86400", "lifetime"),
    attribute_planting(
        "log-in on another device", "portail", "oauth2.device.authorization.grant.enabled", "true", "grant"
    ),
)
