"""More of `plantings.py`: settings of the realm, clients and scopes."""

from idp_extension.realm.state import ADMINISTRATION
from tests.real_keycloak.realm.by_hand import ByHand
from tests.real_keycloak.realm.plantings import (
    DATAVIZ,
    FLOWS,
    PLUGGED_IN,
    PRETS,
    ROLES,
    Planting,
    _attribute,
    _client,
    _realm,
)


def service_that_administers(hand: ByHand) -> None:
    hand.new_client("evil-service", serviceAccountsEnabled=True)
    hand.map_role(("users", hand.account("evil-service"), "role-mappings"), ADMINISTRATION, "realm-admin")


SETTINGS = (
    _realm("guess as often as one likes", "bruteForceProtected", False, "realm-setting"),
    _realm("rights live an hour", "accessTokenLifespan", 3600, "realm-setting"),
    _realm("any password will do", "passwordPolicy", "", "password-rule"),
    _realm("strangers register", "registrationAllowed", True, "registration"),
    _realm("people change their identifiant", "editUsernameAllowed", True, "realm-setting"),
    Planting("two people with one e-mail", lambda h: h.realm(duplicateEmailsAllowed=True, loginWithEmailAllowed=False),
             ("realm/{realm}/duplicateEmailsAllowed", "realm/{realm}/loginWithEmailAllowed"), "realm-setting"),
    _realm("no trace of log-ins", "eventsEnabled", False, "events"),
    _realm("no trace of what administrators change", "adminEventsDetailsEnabled", False, "events"),
    _realm("nobody is told of events", "eventsListeners", [], "events"),
    _realm("plain HTTP", "sslRequired", "none", "realm-setting"),
    _realm("another log-in page", "loginTheme", "keycloak", "theme"),
    _realm("another mail relay", "host", "evil.example", "mail", "smtpServer"),
    _realm("a frame around the log-in page", "xFrameOptions", "", "headers", "browserSecurityHeaders"),
    _realm("tokens name another house", "frontendUrl", "https://evil.example", "frontend-url", "attributes"),
    _realm("a weak log-in passes for a strong one", "acr.loa.map", '{"gold":1}', "step-up", "attributes"),
    _realm("help is elsewhere", "bdt.portal-url", "https://evil.example", "realm-mark", "attributes"),
)
CLIENTS = (
    Planting("a new client", lambda h: h.new_client("evil", publicClient=True, redirectUris=["*"]),
             ("client/evil",), "unknown-client", True),
    Planting("a new service that administers", service_that_administers,
             ("client/evil-service", "account roles/evil-service"), "unknown-client", True),
    Planting("authorisation services",
             lambda h: h.new_client("evil-authz", serviceAccountsEnabled=True, authorizationServicesEnabled=True),
             ("client/evil-authz", "account roles/evil-authz", "authorisation/evil-authz",
              "role/evil-authz:uma_protection"), "unknown-client", True),
    Planting("a client of ours is gone", lambda h: h.admin.delete("clients", h.client_uuid("bdt-reader")),
             ("client/bdt-reader", "scope roles/client bdt-reader", "account roles/bdt-reader"), "client-gone"),
    Planting("a service is gone", lambda h: h.admin.delete("clients", h.client_uuid(PRETS), "roles", "suivi"),
             ("role/mes-prets:suivi",), "role-gone"),
    Planting("an espace acts by itself", lambda h: h.client(DATAVIZ, serviceAccountsEnabled=True),
             (f"client/{DATAVIZ}/serviceAccountsEnabled", f"client/{DATAVIZ}/defaultClientScopes",
              f"account roles/{DATAVIZ}"), "grant"),
    _client("codes go anywhere", PRETS, "redirectUris", ["https://evil.example/*"], "redirect"),
    _client("scripts of any site", "portail", "webOrigins", ["*"], "web-origin"),
    _client("the implicit grant", PRETS, "implicitFlowEnabled", True, "grant"),
    _client("the password grant", "portail", "directAccessGrantsEnabled", True, "grant"),
    _client("every role in its tokens", "portail", "fullScopeAllowed", True, "full-scope"),
    _client("another secret", PRETS, "secret", "known-to-eve", "client-proof"),
    _client("a secret in the place of a key", "portail", "clientAuthenticatorType", "client-secret", "client-proof"),
    _client("the console of accounts is open", "account-console", "enabled", True, "client-enabled"),
    _client("the command line is open", "admin-cli", "enabled", True, "client-enabled"),
    _client("the portal is elsewhere", "portail", "baseUrl", "https://evil.example/", "redirect"),
    _attribute("the key of the sync account", "bdt-sync", "jwks.string", '{"keys": []}', "client-proof"),
    _attribute("no PKCE", DATAVIZ, "pkce.code.challenge.method", "", "missing-pkce"),
    _attribute("logged out to anywhere", PRETS, "post.logout.redirect.uris", "+", "redirect"),
    _attribute("never told of a log-out", PRETS, "backchannel.logout.url", "https://evil.example", "log-out"),
    _attribute("tokens of others exchanged", PRETS, "standard.token.exchange.enabled", "true", "token-exchange"),
    _attribute("a refresh token for a service", "bdt-sync", "client_credentials.use_refresh_token", "true", "refresh-token"),
    _attribute("a token of a day", PRETS, "access.token.lifespan", "86400", "lifetime"),
    _attribute("log-in on another device", "portail", "oauth2.device.authorization.grant.enabled", "true", "grant"),
)  # fmt: skip
SCOPES = (
    Planting("a scope of ours is gone", lambda h: h.admin.delete("client-scopes", h.scope_uuid("onboarding-api")),
             ("client scope/onboarding-api", "client/portail/optionalClientScopes"), "client-scope"),
    Planting("a new scope", lambda h: h.admin.post("client-scopes", body={"name": "evil", "protocol": "openid-connect"}),
             ("client scope/evil",), "unknown-scope", True),
    Planting("all structures in the tokens of one",
             lambda h: h.mapper(("client-scopes", h.scope_uuid("structure")), "oidc-group-membership-mapper"),
             ("client scope/structure/protocolMappers/more",), "client-scope"),
    Planting("a stock mapper beside ours",
             lambda h: h.mapper(("clients", h.client_uuid(PRETS)), "oidc-usermodel-client-role-mapper"),
             ("client/mes-prets/protocolMappers/more",), "token-mapper"),
    Planting("an address that nobody proved", lambda h: h.change_mapper("email", "email", **{"user.attribute": "nom"}),
             ("client scope/email/protocolMappers/email/config/user.attribute",), "client-scope"),
    Planting("every role for an espace",
             lambda h: h.admin.put("clients", h.client_uuid(PRETS), "default-client-scopes", h.scope_uuid("roles")),
             ("client/mes-prets/defaultClientScopes",), "client-scopes"),
    Planting("every role for a new client",
             lambda h: h.admin.put("default-default-client-scopes", h.scope_uuid("roles")),
             ("new client scopes/{realm}/default",), "new-client-scopes"),
)  # fmt: skip
ALL = (*FLOWS, *ROLES, *PLUGGED_IN, *SETTINGS, *CLIENTS, *SCOPES)
