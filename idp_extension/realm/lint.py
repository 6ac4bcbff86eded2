"""Refuses a realm that RFC 9700 (OAuth 2.0 security practice) or an advisory of Keycloak forbids.

The same rules read the files, before an apply, and the realm that is there, in each cycle of the reader.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from idp_extension.admin_api import AdminAPI
from idp_extension.realm.desired import CatalogueClient, RealmValues, load_desired
from idp_extension.realm.finding import Finding
from idp_extension.realm.live import read_live
from idp_extension.realm.plan import plan
from idp_extension.realm.rules.bounds import client_bounds, realm_bounds
from idp_extension.realm.rules.dangers import danger_findings
from idp_extension.realm.rules.holders import holder_findings
from idp_extension.realm.rules.mappers import mapper_findings
from idp_extension.realm.schema import file_findings, state_findings
from idp_extension.realm.state import STRUCTURE_SCOPE, RealmState, Representation
from idp_extension.server import ServerError, check_provider, provider_version

# At the top level of the login flow: deeper, it would not run for a person who is logged in already.
STRUCTURE_STEP = {"provider": "bdt-structure-step", "requirement": "REQUIRED"}
STRUCTURE_NEEDS = ("required", "optional", "none")
# Keys that belong to the projection (people, structures) or to the environment (secrets), never to a file.
_FORBIDDEN_KEYS = {
    "groups": "groups-in-file",
    "users": "users-in-file",
    "secret": "secret-in-file",
    "clientSecret": "secret-in-file",
    "password": "secret-in-file",
    "credentials": "secret-in-file",
    "privateKey": "secret-in-file",
}
_EXAMPLE_VALUES = RealmValues(
    portal_url="https://portail.example",
    smtp_host="smtp.example",
    smtp_port=25,
    smtp_from="ne-pas-repondre@portail.example",
    secrets={},
)
_EXAMPLE_ESPACE = CatalogueClient(
    "espace", "Espace", (), ("https://espace.example/retour",), "https://espace.example/"
)


def lint_files(config_dir: Path) -> tuple[Finding, ...]:
    """The findings on realm-config/, whatever the installation: first on what the files are, then on what
    they say. Raises as `load_desired` for a `${name}` nobody knows and an espace whose name would not do.
    """
    if found := file_findings(config_dir):
        return found
    forbidden = [
        finding
        for path in sorted(config_dir.glob("*.y*ml"))
        for finding in _forbidden_keys(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
    ]
    return (*forbidden, *lint(load_desired(config_dir, _EXAMPLE_VALUES, [_EXAMPLE_ESPACE])))


def lint_live(api: AdminAPI, wanted: RealmState | None = None) -> tuple[Finding, ...]:
    """The findings on the server and on the realm that is there. The account *reader* may do it.

    With the `wanted` realm, also on what differs from it, and why that is dangerous.

    Raises:
        GatewayError: Keycloak did not answer, or refused.
    """
    there = read_live(api)
    if there is None:
        return (Finding("no-realm", api.realm, "the realm does not exist"),)
    return lint_present(api, there, wanted)


def lint_present(api: AdminAPI, there: RealmState, wanted: RealmState | None = None) -> tuple[Finding, ...]:
    """The same of a realm that was read already."""
    differs = danger_findings(plan(wanted, there)) if wanted else ()
    return (*lint_server(api.server_info()), *lint(there), *differs)


def lint(state: RealmState) -> tuple[Finding, ...]:
    """The findings on a realm, wanted or present. What has not its type is told alone: nobody can read on."""
    if found := state_findings(state):
        return found
    clients = [
        finding
        for client_id, client in state.clients.items()
        if client.get("enabled", True) and not client.get("bearerOnly")
        for finding in (*_grants(client_id, client), *_exposure(client_id, client, state))
    ]
    return (*_realm(state), *clients, *holder_findings(state))


def lint_server(server_info: Mapping[str, Any]) -> tuple[Finding, ...]:
    """The findings on the server itself: our provider is missing, or a version is too old (with its CVEs)."""
    try:
        check_provider(server_info, provider_version())
    except ServerError as reason:
        return (Finding("unsupported-keycloak", "server", str(reason)),)
    return ()


def _forbidden_keys(node: Any, where: str) -> Iterator[Finding]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in _FORBIDDEN_KEYS:
                yield Finding(_FORBIDDEN_KEYS[key], where, f"the key {key!r} has no place in a file")
            yield from _forbidden_keys(value, where)
    elif isinstance(node, list):
        for item in node:
            yield from _forbidden_keys(item, where)


def _realm(state: RealmState) -> Iterator[Finding]:
    settings = state.settings
    yield from realm_bounds(state.name, settings)
    if not settings.get("bruteForceProtected"):
        message = "the password rule bdt-2022 needs brute-force protection"
        yield Finding("brute-force-off", state.name, message)
    login = settings.get("browserFlow", "")
    if STRUCTURE_STEP not in state.flows.get(login, {}).get("steps", []):
        message = f"the login flow {login!r} does not settle at each request for which structure it is"
        yield Finding("missing-structure-step", state.name, message)


def _grants(client_id: str, client: Representation) -> Iterator[Finding]:
    attributes = client.get("attributes", {})
    if client.get("implicitFlowEnabled"):
        yield Finding("implicit-grant", client_id, "the implicit grant is on")
    if client.get("directAccessGrantsEnabled"):
        yield Finding("password-grant", client_id, "the password grant is on")
    if not client.get("standardFlowEnabled", True):
        return
    if client.get("authenticationFlowBindingOverrides"):
        yield Finding("own-login-flow", client_id, "it does not log in by the realm's login flow")
    if attributes.get("pkce.code.challenge.method") != "S256":
        yield Finding("missing-pkce", client_id, "PKCE S256 is not required")
    addresses = [*client.get("redirectUris", []), attributes.get("post.logout.redirect.uris", "")]
    if any("*" in address for address in addresses):
        yield Finding("wildcard-redirect", client_id, "a redirect URI is not exact")


def _exposure(client_id: str, client: Representation, state: RealmState) -> Iterator[Finding]:
    if client.get("fullScopeAllowed", True):
        yield Finding("full-scope", client_id, "its tokens carry every role of the person")
    yield from client_bounds(client_id, client)
    names = [*client.get("defaultClientScopes", []), *client.get("optionalClientScopes", [])]
    if STRUCTURE_SCOPE in names:
        need = client.get("attributes", {}).get("bdt.structure", "")
        if need not in STRUCTURE_NEEDS:
            message = (
                f"whether it needs a structure is {need!r}, it must be one of {', '.join(STRUCTURE_NEEDS)}"
            )
            yield Finding("unsaid-structure-need", client_id, message)
        owners = [client, *(state.scopes[name] for name in names if name in state.scopes)]
        yield from mapper_findings(client_id, owners)
