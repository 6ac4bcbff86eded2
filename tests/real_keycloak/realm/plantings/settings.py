"""Settings of the realm."""

from tests.real_keycloak.realm.plantings.planting import Planting, realm_planting

SETTINGS = (
    realm_planting("guess as often as one likes", "bruteForceProtected", False, "realm-setting"),
    realm_planting("rights live an hour", "accessTokenLifespan", 3600, "realm-setting"),
    realm_planting("any password will do", "passwordPolicy", "", "password-rule"),
    realm_planting("strangers register", "registrationAllowed", True, "registration"),
    realm_planting("people change their identifiant", "editUsernameAllowed", True, "realm-setting"),
    Planting(
        "two people with one e-mail",
        lambda h: h.realm(duplicateEmailsAllowed=True, loginWithEmailAllowed=False),
        ("realm/{realm}/duplicateEmailsAllowed", "realm/{realm}/loginWithEmailAllowed"),
        "realm-setting",
    ),
    realm_planting("no trace of log-ins", "eventsEnabled", False, "events"),
    realm_planting("no trace of what administrators change", "adminEventsDetailsEnabled", False, "events"),
    realm_planting("nobody is told of events", "eventsListeners", [], "events"),
    realm_planting("plain HTTP", "sslRequired", "none", "realm-setting"),
    realm_planting("another log-in page", "loginTheme", "keycloak", "theme"),
    realm_planting("another mail relay", "host", "evil.example", "mail", "smtpServer"),
    realm_planting(
        "a frame around the log-in page", "xFrameOptions", "", "headers", "browserSecurityHeaders"
    ),
    realm_planting(
        "tokens name another house", "frontendUrl", "https://evil.example", "frontend-url", "attributes"
    ),
    realm_planting(
        "a weak log-in passes for a strong one", "acr.loa.map", '{"gold":1}', "step-up", "attributes"
    ),
    realm_planting("help is elsewhere", "bdt.portal-url", "https://evil.example", "realm-mark", "attributes"),
)
