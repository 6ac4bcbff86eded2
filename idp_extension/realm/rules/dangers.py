"""Why a difference is dangerous: each place of the realm where one would give somebody more than is decided.

A difference that no line of the table explains is in the plan alone: a label, say.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from idp_extension.realm.finding import Finding
from idp_extension.realm.plan import Change, Plan


class Danger(NamedTuple):
    """`path` is a pattern over `Change.paths`; « + »: of an object nobody declared, « - »: that is gone."""

    path: str
    rule: str
    why: str


# The first line that fits explains.
DANGERS: Final = (
    Danger(
        "holder/user *", "role-by-hand", "this person holds a role that no structure gave, in every token"
    ),
    Danger("holder/group *", "role-by-hand", "its members hold a role that nobody decided on"),
    Danger("default group/*", "default-group", "everybody new is put into it, and holds its roles"),
    Danger("identity provider/*", "identity-provider", "another house says who somebody is, and is believed"),
    Danger("component/UserStorageProvider/*", "user-storage", "people and passwords come from elsewhere"),
    Danger("component/KeyProvider/*", "signing-key", "who holds the key makes tokens of anybody"),
    Danger("component/ClientRegistrationPolicy/*", "client-registration", "strangers may register clients"),
    Danger("component/*", "component", "nobody has read what it does"),
    Danger("initial access/*", "client-registration", "who has this token registers clients"),
    Danger("text/*", "page-text", "the pages say, and link to, what somebody wrote by hand"),
    Danger("authorisation/*", "authorisation-services", "another answers who may do what"),
    Danger("client policies/*", "client-policies", "clients are made to do other than their fields say"),
    Danger("user profile/*", "user-profile", "people may write what tokens and services rely on"),
    Danger(
        "required action/*", "required-action", "it runs between log-in and service, or does not any more"
    ),
    Danger("login flow/*", "login-flow", "who is let in is decided by its steps"),
    Danger("composite/*", "composite-role", "who holds this role holds others, in every structure"),
    Danger("scope roles/*", "scope-roles", "tokens of this client may carry roles that are not for it"),
    Danger(
        "account roles/*", "account-roles", "a service may do more, or less, than service-accounts.yaml says"
    ),
    Danger("role/*/attributes*", "role", "mappers write the attributes of roles into tokens"),
    Danger("+role/*", "role", "nobody decides who holds it"),
    Danger("-client/*", "client-gone", "its service is shut; made anew, it has other roles for everybody"),
    Danger("-client scope/*", "client-scope", "tokens of those who had it say less"),
    Danger("-role/*", "role-gone", "who held it lost it; made anew, nobody holds it until `bdt sync apply`"),
    Danger("+client/*", "unknown-client", "somebody may get tokens by it, and act by its account"),
    Danger("+client scope/*", "unknown-scope", "it may say anything in the tokens of whoever asks for it"),
    Danger("client scope/*/*", "client-scope", "it says what tokens say"),
    Danger("new client scopes/*", "new-client-scopes", "every new client gets these"),
    Danger("client/*/redirectUris", "redirect", "codes are sent to these addresses"),
    Danger("client/*/webOrigins", "web-origin", "scripts of these sites may read its tokens"),
    Danger("client/*/attributes/post.logout*", "redirect", "people are sent to these addresses"),
    Danger(
        "client/*/attributes/*logout*", "log-out", "who logs out, or is shut out, stays in at the service"
    ),
    Danger("client/*/*Url", "redirect", "links and relative redirects go there"),
    Danger("client/*/attributes/*.url", "client-address", "Keycloak asks, or tells, this address"),
    Danger("client/*/secret", "client-proof", "who knows it is the service"),
    Danger("client/*/clientAuthenticatorType", "client-proof", "by this a service proves who it is"),
    Danger("client/*/publicClient", "client-proof", "anybody is the service"),
    Danger("client/*/attributes/*refresh*", "refresh-token", "tokens live on without their session"),
    Danger("client/*/attributes/*jwks*", "client-proof", "who holds that key is the service"),
    Danger("client/*/attributes/*credential*", "client-proof", "who holds that key is the service"),
    Danger("client/*/attributes/*x509*", "client-proof", "who holds that certificate is the service"),
    Danger("client/*/attributes/*signing*", "client-proof", "signatures of another kind are believed"),
    Danger("client/*/attributes/*exchange*", "token-exchange", "tokens of others are changed for its own"),
    Danger("client/*/attributes/*lifespan*", "lifetime", "a right that was taken away lives on"),
    Danger("client/*/attributes/*idle*", "lifetime", "a session lives on"),
    Danger("client/*/attributes/pkce*", "missing-pkce", "a stolen code is enough"),
    Danger("client/*/attributes/*grant*", "grant", "another way to a token"),
    Danger("client/*/attributes/*", "client-attribute", "it changes what this client gets, or how"),
    Danger("client/*/protocolMappers*", "token-mapper", "it says what tokens say"),
    Danger("client/*/*ClientScopes", "client-scopes", "they say what tokens say"),
    Danger("client/*/fullScopeAllowed", "full-scope", "its tokens carry every role of the person"),
    Danger("client/*/authenticationFlowBindingOverrides*", "own-login-flow", "it logs in by another flow"),
    Danger("client/*/*Enabled", "grant", "another way to a token"),
    Danger("client/*/enabled", "client-enabled", "a client that was to be shut is open, or the reverse"),
    Danger("client/*/consentRequired", "consent", "people are asked, or are not any more"),
    Danger("realm/*Flow", "login-flow", "people are let in by other steps"),
    Danger("realm/*/attributes/frontendUrl", "frontend-url", "every token and every mailed link names it"),
    Danger("realm/*/attributes/acr*", "step-up", "a weak log-in passes for a strong one"),
    Danger(
        "realm/*/attributes/bdt.*", "realm-mark", "log-in pages link to it, or the realm is not ours any more"
    ),
    Danger("realm/*/smtpServer*", "mail", "links that choose a password go through it"),
    Danger("realm/*/browserSecurityHeaders*", "headers", "other sites may frame the log-in page"),
    Danger("realm/*/password*", "password-rule", "weak passwords are taken"),
    Danger("realm/*/*registration*", "registration", "strangers make accounts of their own"),
    Danger("realm/*/*vents*", "events", "what is done by hand leaves no trace"),
    Danger("realm/*/*Theme", "theme", "the log-in page is another one"),
    Danger("realm/*/*", "realm-setting", "it changes how everybody is let in, or for how long"),
)


def danger_findings(differs: Plan) -> Iterator[Finding]:
    """A finding for each dangerous place of a plan."""
    for change in differs.changes:
        for path in change.paths:
            if danger := _danger(change, path):
                yield Finding(danger.rule, path, danger.why)


def _danger(change: Change, path: str) -> Danger | None:
    shown = {"remove": "+", "create": "-", "update": "="}[change.action] + path
    for danger in DANGERS:
        if fnmatchcase(path, danger.path) or fnmatchcase(shown, danger.path):
            return danger
    return None
