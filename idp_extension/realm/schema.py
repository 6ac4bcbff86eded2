"""The types of a realm: what each field of Keycloak's representations is, before anything reads it.

In a file the world is closed: a field that nobody wrote down here is a finding, as is YAML that means another
thing than it says (`5m`, `1_800`, `"false"`, an empty `attributes:`). In the realm that is there the fields
written down must have their types, and others are not looked at here.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from idp_extension.realm.finding import Finding
from idp_extension.realm.state import RealmState
from policies.catalogue.faults import BadSource
from policies.catalogue.strict import StrictValidator, flat_errors, with_guess
from policies.catalogue.yaml_source import Source, load_rules_of_form

Schema = Mapping[str, Any]

_TEXT: Final = {"type": "string"}
_NAME: Final = {"type": "string", "required": True, "empty": False}
_TEXTS: Final = {"type": "list", "schema": _TEXT}
_BY_NAME: Final = {"type": "dict", "keysrules": _TEXT, "valuesrules": _TEXT}
_ANYTHING: Final = {"type": "dict", "allow_unknown": True}


def _all(rule: Schema, names: str) -> dict[str, Schema]:
    return dict.fromkeys(names.split(), rule)


REALM: Final[Schema] = {
    **_all(
        _TEXT,
        "id realm displayName displayNameHtml defaultSignatureAlgorithm sslRequired passwordPolicy "
        "bruteForceStrategy browserFlow registrationFlow directGrantFlow resetCredentialsFlow "
        "clientAuthenticationFlow dockerAuthenticationFlow firstBrokerLoginFlow loginTheme accountTheme "
        "adminTheme emailTheme defaultLocale otpPolicyType otpPolicyAlgorithm",
    ),
    **_all(
        {"type": "boolean"},
        "enabled registrationAllowed registrationEmailAsUsername rememberMe verifyEmail "
        "loginWithEmailAllowed duplicateEmailsAllowed resetPasswordAllowed editUsernameAllowed "
        "userManagedAccessAllowed organizationsEnabled adminPermissionsEnabled verifiableCredentialsEnabled "
        "bruteForceProtected "
        "permanentLockout revokeRefreshToken offlineSessionMaxLifespanEnabled eventsEnabled "
        "adminEventsEnabled adminEventsDetailsEnabled internationalizationEnabled otpPolicyCodeReusable",
    ),
    **_all(
        {"type": "integer"},
        "notBefore refreshTokenMaxReuse accessTokenLifespan accessTokenLifespanForImplicitFlow "
        "ssoSessionIdleTimeout ssoSessionMaxLifespan ssoSessionIdleTimeoutRememberMe "
        "ssoSessionMaxLifespanRememberMe offlineSessionIdleTimeout offlineSessionMaxLifespan "
        "clientSessionIdleTimeout clientSessionMaxLifespan clientOfflineSessionIdleTimeout "
        "clientOfflineSessionMaxLifespan accessCodeLifespan accessCodeLifespanUserAction "
        "accessCodeLifespanLogin actionTokenGeneratedByAdminLifespan actionTokenGeneratedByUserLifespan "
        "oauth2DeviceCodeLifespan oauth2DevicePollingInterval failureFactor waitIncrementSeconds "
        "maxFailureWaitSeconds maxDeltaTimeSeconds minimumQuickLoginWaitSeconds quickLoginCheckMilliSeconds "
        "maxTemporaryLockouts maxSecondaryAuthFailures eventsExpiration otpPolicyDigits otpPolicyPeriod "
        "otpPolicyInitialCounter otpPolicyLookAheadWindow",
    ),
    **_all(_TEXTS, "supportedLocales eventsListeners enabledEventTypes defaultDefaultClientScopes"),
    **_all(_BY_NAME, "attributes browserSecurityHeaders smtpServer"),
}
MAPPER: Final[Schema] = {
    **_all(_NAME, "name protocolMapper"),
    **_all(_TEXT, "id protocol"),
    "consentRequired": {"type": "boolean"},
    "config": _BY_NAME,
}
_MAPPERS: Final = {"type": "list", "schema": {"type": "dict", "schema": MAPPER}}
CLIENT: Final[Schema] = {
    "clientId": _NAME,
    **_all(
        _TEXT,
        "id name description type rootUrl adminUrl baseUrl clientAuthenticatorType secret protocol origin "
        "registrationAccessToken",
    ),
    **_all(
        {"type": "boolean"},
        "enabled alwaysDisplayInConsole surrogateAuthRequired bearerOnly consentRequired standardFlowEnabled "
        "implicitFlowEnabled directAccessGrantsEnabled serviceAccountsEnabled authorizationServicesEnabled "
        "publicClient frontchannelLogout fullScopeAllowed",
    ),
    **_all({"type": "integer"}, "notBefore nodeReRegistrationTimeout"),
    **_all(_TEXTS, "redirectUris webOrigins defaultClientScopes optionalClientScopes"),
    **_all(_BY_NAME, "attributes authenticationFlowBindingOverrides"),
    "protocolMappers": _MAPPERS,
}
SCOPE: Final[Schema] = {
    "name": _NAME,
    **_all(_TEXT, "id description protocol"),
    "attributes": _BY_NAME,
    "protocolMappers": _MAPPERS,
}
_STEP: Final[Schema] = {
    **_all(_TEXT, "provider flow"),
    "requirement": {
        "type": "string",
        "required": True,
        "allowed": ["REQUIRED", "ALTERNATIVE", "CONDITIONAL", "DISABLED"],
    },
    "config": _BY_NAME,
    "steps": {"type": "list", "schema": _ANYTHING},
}
_FLOW: Final[Schema] = {
    "flow": _NAME,
    "steps": {"type": "list", "required": True, "schema": {"type": "dict", "schema": _STEP}},
}
_PROFILE: Final[Schema] = {
    "attributes": {"type": "list", "required": True, "schema": {**_ANYTHING, "schema": {"name": _NAME}}},
    "groups": {"type": "list", "schema": _ANYTHING},
    "unmanagedAttributePolicy": _TEXT,
}
_LIST: Final = {"type": "list", "required": True}
_MAPPING: Final = {"type": "dict", "required": True, "empty": False}
FILES: Final[Mapping[str, Schema]] = {
    "realm.yaml": {**_MAPPING, "schema": REALM},
    "clients.yaml": {**_LIST, "schema": {"type": "dict", "schema": CLIENT}},
    "relying-client.yaml": {**_MAPPING, "schema": CLIENT},
    "client-scopes.yaml": {
        **_MAPPING,
        "schema": {
            "default": {**_LIST, "schema": _TEXT},
            "optional": {**_LIST, "schema": _TEXT},
            "scopes": {**_LIST, "schema": {"type": "dict", "schema": SCOPE}},
        },
    },
    "service-accounts.yaml": {
        **_MAPPING,
        "keysrules": _TEXT,
        "valuesrules": {**_LIST, "schema": _NAME},
    },
    "user-profile.yaml": {**_MAPPING, "schema": _PROFILE},
    "login-flow.yaml": {**_LIST, "schema": {"type": "dict", "schema": _FLOW}},
}


def file_findings(config_dir: Path) -> tuple[Finding, ...]:
    """What keeps the files of realm-config/ from being read as a realm; a finding each, with its line."""
    return tuple(finding for name, rule in FILES.items() for finding in _of_file(config_dir, name, rule))


def state_findings(state: RealmState) -> tuple[Finding, ...]:
    """The fields of a realm that have not their type."""
    return (
        *_of_state(state.name, state.settings, REALM),
        *(found for name, client in state.clients.items() for found in _of_state(name, client, CLIENT)),
        *(found for name, scope in state.scopes.items() for found in _of_state(name, scope, SCOPE)),
    )


def _of_file(config_dir: Path, name: str, rule: Schema) -> Iterator[Finding]:
    try:
        source = load_rules_of_form(config_dir / name, config_dir)
    except BadSource as bad:
        for fault in bad.faults:
            yield Finding("unreadable-file", name, str(fault))
        return
    for path, message in _errors({"root": source.data}, {"root": rule}):
        yield _finding(source, path[1:], message, rule)


def _finding(source: Source, path: tuple[str | int, ...], message: str, rule: Schema) -> Finding:
    line, subject = source.line(path), ".".join(map(str, path)) or "the file"
    told = with_guess(message, path, _known(rule)) if path else message
    kind = "unknown-field" if message == "unknown field" else "wrong-type"
    return Finding(kind, source.file, f"line {line}: {subject}: {told}")


def _known(rule: Schema) -> Iterable[str]:
    if "schema" not in rule:
        return ()
    below = rule["schema"]
    return _known(below) if "type" in below and isinstance(below["type"], str) else below


def _of_state(where: str, found: Mapping[str, Any], schema: Schema) -> Iterator[Finding]:
    # Keycloak leaves out what is empty; a file that lacks what is required has been told already.
    wrong: dict[str, str] = {}
    for path, message in _errors(dict(found), schema, allow_unknown=True):
        if message != "required field":
            wrong.setdefault(".".join(map(str, path)), message)
    for field, message in wrong.items():
        yield Finding("wrong-type", where, f"{field}: {message}")


def _errors(
    document: Mapping[str, Any], schema: Schema, *, allow_unknown: bool = False
) -> list[tuple[tuple[str | int, ...], str]]:
    validator = StrictValidator(schema, allow_unknown=allow_unknown)
    return [] if validator.validate(document) else flat_errors([validator.errors])
