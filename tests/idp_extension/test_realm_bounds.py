"""Numbers of the realm have two sides, documents have types, mappers a closed list (F3, F4, F14)."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp_extension.realm import RealmState, lint, lint_files
from idp_extension.realm.rules.bounds import CLIENT_ATTRIBUTES, REALM, REALM_ATTRIBUTES
from idp_extension.realm.rules.mappers import KNOWN
from tests.idp_extension.test_realm_lint import CLIENT, CONFIG, FLOWS, SETTINGS

NO_NUMBERS = [
    "5m",
    "1 800",
    "1_800",
    "1,5",
    "300.0",
    "0x10",
    "+300",
    "0300",
    " 300",
    "300 ",
    "٣٠٠",
    "∞",
    "NaN",
]


def rules(settings: dict[str, Any] | None = None, **client: Any) -> list[str]:
    fields = CLIENT | client
    attributes = CLIENT["attributes"] | (client.get("attributes") or {})
    state = RealmState(
        "bdt",
        settings=SETTINGS | (settings or {}),
        clients={"mes-prets": fields | {"attributes": attributes}},
        flows=FLOWS,
    )
    return [finding.rule for finding in lint(state)]


@pytest.mark.parametrize("value", ["-1", "0", "301", "36000", "99999999999999999999", *NO_NUMBERS])
def test_a_token_of_a_client_lives_one_to_three_hundred_seconds(value: str) -> None:
    assert rules(attributes={"access.token.lifespan": value}) == ["long-access-token"]


@pytest.mark.parametrize("value", ["1", "60", "300"])
def test_or_as_the_realm_says(value: str) -> None:
    assert rules(attributes={"access.token.lifespan": value}) == []
    assert rules(attributes={}) == []
    assert rules(attributes={"access.token.lifespan": ""}) == []


@pytest.mark.parametrize(("field", "bound"), REALM.items())
def test_every_number_of_the_realm_has_two_sides(field: str, bound: Any) -> None:
    for inside in {bound.low, bound.high, *([bound.sentinel] if bound.sentinel is not None else [])}:
        assert rules({field: inside}) == [], inside
    for outside in {bound.low - 1, bound.high + 1, -1, 0, 2**31} - {bound.sentinel}:
        if not bound.low <= outside <= bound.high:
            assert rules({field: outside}) == [bound.rule], outside


@pytest.mark.parametrize("value", [True, False, 300.0, "300", "5m", [], {}, float("nan"), None])
@pytest.mark.parametrize("field", REALM)
def test_a_number_of_the_realm_is_a_whole_number(field: str, value: Any) -> None:
    assert rules({field: value}) == ["wrong-type"]


@pytest.mark.parametrize("value", ["-1", *NO_NUMBERS])
@pytest.mark.parametrize("field", CLIENT_ATTRIBUTES)
def test_every_number_of_a_client_is_within_its_bounds(field: str, value: str) -> None:
    assert rules(attributes={field: value}) == [CLIENT_ATTRIBUTES[field].rule]


@pytest.mark.parametrize("value", ["-1", *NO_NUMBERS])
@pytest.mark.parametrize("field", REALM_ATTRIBUTES)
def test_every_number_among_the_attributes_of_the_realm_too(field: str, value: str) -> None:
    assert rules({"attributes": {field: value}}) == ["out-of-bounds"]


@given(st.text(max_size=8) | st.integers().map(str))
def test_no_text_passes_for_a_short_life(value: str) -> None:
    is_fine = value == "" or (value.isascii() and value.isdecimal() and value[0] != "0" and int(value) <= 300)
    assert rules(attributes={"access.token.lifespan": value}) == ([] if is_fine else ["long-access-token"])


MAPPERS = [
    ("oidc-usermodel-client-role-mapper", "all-structures-mapper"),
    ("oidc-usermodel-realm-role-mapper", "all-structures-mapper"),
    ("oidc-group-membership-mapper", "all-structures-mapper"),
    ("oidc-audience-resolve-mapper", "all-structures-mapper"),
    ("oidc-hardcoded-role-mapper", "unknown-mapper"),
    ("oidc-role-name-mapper", "unknown-mapper"),
    ("oidc-hardcoded-claim-mapper", "unknown-mapper"),
    ("oidc-organization-membership-mapper", "unknown-mapper"),
    ("oidc-claims-param-token-mapper", "unknown-mapper"),
    ("oidc-sha256-pairwise-sub-mapper", "unknown-mapper"),
    ("script-anything.js", "unknown-mapper"),
    ("oidc-address-mapper", "unknown-mapper"),
    ("oidc-nonce-backwards-compatible-mapper", "unknown-mapper"),
    ("", "unknown-mapper"),
]


@pytest.mark.parametrize("in_scope", ["basic", "structure", "more", ""])
@pytest.mark.parametrize(("kind", "rule"), MAPPERS)
def test_a_relying_client_has_mappers_of_the_list_alone(kind: str, rule: str, in_scope: str) -> None:
    mapper = {"name": "one more", "protocolMapper": kind}
    if kind == "":
        mapper = {"name": "one more", "protocolMapper": "Oidc-Audience-Mapper"}
    client = CLIENT | {"optionalClientScopes": ["more"], "protocolMappers": [] if in_scope else [mapper]}
    scopes = {in_scope: {"name": in_scope, "protocolMappers": [mapper]}} if in_scope else {}
    state = RealmState("bdt", settings=SETTINGS, clients={"mes-prets": client}, scopes=scopes, flows=FLOWS)
    assert [finding.rule for finding in lint(state)] == [rule]


@pytest.mark.parametrize("scopes", [[], ["structure"]])
def test_the_scope_counts_wherever_it_stands(scopes: list[str]) -> None:
    mapper = {"name": "roles", "protocolMapper": "oidc-usermodel-client-role-mapper"}
    found = rules(defaultClientScopes=[], optionalClientScopes=scopes, protocolMappers=[mapper])
    assert found == (["all-structures-mapper"] if scopes else [])


@pytest.mark.parametrize(
    "claim", ["structure", "structure.roles", "resource_access.x.roles", "realm_access", "aud", "azp", "sub"]
)
@pytest.mark.parametrize("kind", ["oidc-usermodel-attribute-mapper", "oidc-usersessionmodel-note-mapper"])
def test_a_known_mapper_writes_no_claim_of_another(kind: str, claim: str) -> None:
    mapper = {"name": "m", "protocolMapper": kind, "config": {"claim.name": claim}}
    assert rules(protocolMappers=[mapper]) == ["foreign-claim"]


@pytest.mark.parametrize("kind", sorted(KNOWN))
def test_a_known_mapper_may_stand(kind: str) -> None:
    mapper = {"name": "m", "protocolMapper": kind, "config": {"claim.name": "given_name"}}
    assert rules(protocolMappers=[mapper]) == []


# What stands in the file, what stands there instead, and what is told.
TYPES = [
    ("realm.yaml", "accessTokenLifespan: 300 #", "accessTokenLifespan: 5m #", "must be of integer type"),
    ("realm.yaml", "accessTokenLifespan: 300 #", "accessTokenLifespan: 5:00 #", "of integer type"),
    ("realm.yaml", "ssoSessionIdleTimeout: 1800", 'ssoSessionIdleTimeout: "1 800"', "of integer type"),
    ("realm.yaml", "ssoSessionIdleTimeout: 1800", "ssoSessionIdleTimeout: 1_800", "must be of integer type"),
    ("realm.yaml", "ssoSessionIdleTimeout: 1800", "ssoSessionIdleTimeout: 1800.5", "must be of integer type"),
    ("realm.yaml", "ssoSessionIdleTimeout: 1800", "ssoSessionIdleTimeout:", "must be of integer type"),
    ("realm.yaml", "bruteForceProtected: true", 'bruteForceProtected: "false"', "must be of boolean type"),
    ("realm.yaml", "bruteForceProtected: true", "bruteForceProtected: yes", "must be of boolean type"),
    ("realm.yaml", "bruteForceProtected: true", "bruteForceProtected: 1", "must be of boolean type"),
    ("realm.yaml", "supportedLocales: [fr]", "supportedLocales: fr", "must be of list type"),
    ("realm.yaml", 'adminEventsExpiration: "15552000"', "adminEventsExpiration: 15552000", "of string type"),
    ("realm.yaml", "enabled: true\n", "enabled: true\nenabled: false\n", "doubled key"),
    ("realm.yaml", "rememberMe: false", "rememberme: false", "did you mean rememberMe?"),
    ("realm.yaml", "browserSecurityHeaders:\n", "browserSecurityHeaders: {\n", "realm.yaml"),
    ("clients.yaml", "publicClient: false", "publicClient: 'no'", "0.publicClient: must be of boolean type"),
    ("clients.yaml", "webOrigins: []", "webOrigins:", "webOrigins: must be of list type"),
    ("clients.yaml", "- clientId: bdt-sync", "- client_id: bdt-sync", "clientId"),
    ("clients.yaml", "redirectUris: []", "redirectUris: [1]", "of string type"),
    ("relying-client.yaml", "fullScopeAllowed: false", "fullScopeAllowed: off", "of boolean type"),
    ("client-scopes.yaml", "optional: []", "optional: none", "optional: must be of list type"),
    ("client-scopes.yaml", "config: {}", "config: []", "config: must be of dict type"),
    ("service-accounts.yaml", "bdt-bootstrap: [realm-admin]", "bdt-bootstrap: realm-admin", "of list type"),
    ("login-flow.yaml", "requirement: REQUIRED", "requirement: required", "unallowed value required"),
    ("user-profile.yaml", "  - name: email", "  - nom: email", "required field"),
]  # fmt: skip


@pytest.fixture
def config(tmp_path: Path) -> Path:
    shutil.copytree(CONFIG, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.mark.parametrize(("file", "right", "wrong", "told"), TYPES)
def test_a_file_of_another_form_is_a_finding_with_its_line(
    config: Path, file: str, right: str, wrong: str, told: str
) -> None:
    text = (config / file).read_text("utf-8")
    assert right in text
    (config / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    found = lint_files(config)
    assert found
    assert {finding.where for finding in found} == {file}
    assert any(told in str(finding) for finding in found), found


@pytest.mark.parametrize(
    "content", ["", "attributes:\n", "- a\n", "a: [", "\xff", "a: &x 1\nb: *x\n", "!!python/x y"]
)
@pytest.mark.parametrize("file", ["realm.yaml", "clients.yaml", "login-flow.yaml", "service-accounts.yaml"])
def test_what_is_no_realm_at_all_is_a_finding(config: Path, file: str, content: str) -> None:
    (config / file).write_bytes(content.encode("latin-1"))
    assert lint_files(config)


def test_an_empty_attributes_of_a_client_is_a_finding(config: Path) -> None:
    file = config / "clients.yaml"
    lines = file.read_text("utf-8").split("\n")
    place = next(at for at, line in enumerate(lines) if line.startswith("  attributes:"))
    end = next(at for at in range(place + 1, len(lines)) if not lines[at].startswith("    "))
    del lines[place + 1 : end]
    file.write_text("\n".join(lines), encoding="utf-8")
    assert "attributes: must be of dict type" in str(lint_files(config)[0])


def test_a_missing_file_is_a_finding(config: Path) -> None:
    (config / "client-scopes.yaml").unlink()
    (finding,) = lint_files(config)
    assert (finding.rule, finding.where) == ("unreadable-file", "client-scopes.yaml")


@pytest.mark.parametrize(
    "client",
    [
        {"attributes": None},
        {"enabled": "false"},
        {"redirectUris": None},
        {"redirectUris": "https://a.example"},
        {"protocolMappers": {}},
        {"protocolMappers": [{"name": None, "protocolMapper": 1}]},
        {"defaultClientScopes": None},
        {"fullScopeAllowed": "no"},
        {"bearerOnly": 0},
        {"standardFlowEnabled": "true"},
        {"attributes": {"access.token.lifespan": 300}},
    ],
)
def test_the_realm_that_is_there_is_read_by_the_same_types(client: dict[str, Any]) -> None:
    state = RealmState("bdt", settings=SETTINGS, clients={"mes-prets": CLIENT | client}, flows=FLOWS)
    assert {finding.rule for finding in lint(state)} == {"wrong-type"}
