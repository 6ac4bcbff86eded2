"""Each rule of the lint refuses what it is for, and lets the rest pass."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from idp_extension.realm import RealmState, lint, lint_files
from idp_extension.realm.lint import lint_server
from idp_extension.server import provider_version

CONFIG = Path(__file__).parents[2] / "realm-config"
SETTINGS = {"accessTokenLifespan": 300, "bruteForceProtected": True, "browserFlow": "bdt browser"}
COOKIE = {"provider": "auth-cookie", "requirement": "ALTERNATIVE"}
STEP = {"provider": "bdt-structure-step", "requirement": "REQUIRED"}
FLOWS = {"bdt browser": {"steps": [{"flow": "log in", "requirement": "REQUIRED", "steps": [COOKIE]}, STEP]}}
CLIENT: dict[str, Any] = {
    "clientId": "mes-prets",
    "standardFlowEnabled": True,
    "fullScopeAllowed": False,
    "redirectUris": ["https://prets.example/retour"],
    "defaultClientScopes": ["basic", "structure"],
    "attributes": {"pkce.code.challenge.method": "S256", "bdt.structure": "required"},
}
GROUPS = {"name": "groupes", "protocolMapper": "oidc-group-membership-mapper"}


def rules(state: RealmState) -> list[str]:
    return [finding.rule for finding in lint(state)]


def a_client(**fields: Any) -> RealmState:
    return RealmState("bdt", settings=SETTINGS, clients={"mes-prets": CLIENT | fields}, flows=FLOWS)


def test_a_sound_realm_has_no_finding() -> None:
    assert lint(a_client()) == ()


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"redirectUris": ["https://prets.example/*"]}, "wildcard-redirect"),
        ({"redirectUris": ["*"]}, "wildcard-redirect"),
        (
            {"attributes": CLIENT["attributes"] | {"post.logout.redirect.uris": "https://prets.example/*"}},
            "wildcard-redirect",
        ),
        ({"implicitFlowEnabled": True}, "implicit-grant"),
        ({"directAccessGrantsEnabled": True}, "password-grant"),
        ({"attributes": {"bdt.structure": "none"}}, "missing-pkce"),
        ({"attributes": CLIENT["attributes"] | {"pkce.code.challenge.method": "plain"}}, "missing-pkce"),
        ({"attributes": {"pkce.code.challenge.method": "S256"}}, "unsaid-structure-need"),
        ({"attributes": CLIENT["attributes"] | {"bdt.structure": "yes"}}, "unsaid-structure-need"),
        ({"fullScopeAllowed": True}, "full-scope"),
        (
            {"attributes": CLIENT["attributes"] | {"access.token.lifespan": "3600"}},
            "long-access-token",
        ),
        ({"protocolMappers": [GROUPS]}, "all-structures-mapper"),
        ({"authenticationFlowBindingOverrides": {"browser": "an-id"}}, "own-login-flow"),
    ],
)
def test_a_client_is_refused(fields: dict[str, Any], rule: str) -> None:
    assert rules(a_client(**fields)) == [rule]


def test_what_a_client_leaves_out_counts_as_keycloak_would_fill_it() -> None:
    state = RealmState("bdt", settings=SETTINGS, clients={"espace": {"clientId": "espace"}}, flows=FLOWS)

    assert rules(state) == ["missing-pkce", "full-scope"]


def test_a_client_that_nobody_can_use_is_let_pass() -> None:
    wild = {"redirectUris": ["*"], "fullScopeAllowed": True}

    assert lint(a_client(**wild, enabled=False)) == ()
    assert lint(a_client(**wild, bearerOnly=True)) == ()


def test_a_group_mapper_in_a_scope_of_a_relying_client_is_refused() -> None:
    state = RealmState(
        "bdt",
        settings=SETTINGS,
        clients={"mes-prets": CLIENT},
        scopes={"basic": {"name": "basic", "protocolMappers": [GROUPS]}},
        flows=FLOWS,
    )

    assert rules(state) == ["all-structures-mapper"]


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"bruteForceProtected": False}, "brute-force-off"),
        ({"accessTokenLifespan": 301}, "long-access-token"),
    ],
)
def test_a_realm_is_refused(settings: dict[str, Any], rule: str) -> None:
    assert rules(RealmState("bdt", settings=SETTINGS | settings, flows=FLOWS)) == [rule]


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [COOKIE],
        [COOKIE, STEP | {"requirement": "DISABLED"}],
        [{"flow": "log in", "requirement": "REQUIRED", "steps": [COOKIE, STEP]}],
    ],
)
def test_a_login_flow_that_may_pass_over_our_step_is_refused(steps: list[Any]) -> None:
    state = RealmState("bdt", settings=SETTINGS, flows={"bdt browser": {"steps": steps}})

    assert rules(state) == ["missing-structure-step"]


@pytest.mark.parametrize("login", ["browser", ""])
def test_our_login_flow_must_be_the_one_in_use(login: str) -> None:
    state = RealmState("bdt", settings=SETTINGS | {"browserFlow": login}, flows=FLOWS)

    assert rules(state) == ["missing-structure-step"]


def server(keycloak: str) -> dict[str, object]:
    told = {"operationalInfo": {"version": provider_version(), "keycloak": keycloak}}
    return {"providers": {"protocol-mapper": {"providers": {"bdt-structure-mapper": told}}}}


def test_a_server_that_holds_is_let_pass() -> None:
    assert lint_server(server("26.7.5")) == ()


def test_a_server_is_refused_with_its_cve() -> None:
    (finding,) = lint_server(server("26.7.3"))

    assert finding.rule == "unsupported-keycloak"
    assert "CVE-2026-19607" in finding.message


def test_a_server_without_our_provider_is_refused() -> None:
    (finding,) = lint_server({})

    assert "without our provider" in finding.message


def test_the_files_have_no_finding() -> None:
    assert lint_files(CONFIG) == ()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("groups: [{name: pilotes}]", "groups-in-file"),
        ("users: [{username: cend589}]", "users-in-file"),
        ("clientSecret: s3cret", "secret-in-file"),
        ("smtpServer: {password: s3cret}", "secret-in-file"),
        ("clients: [{secret: s3cret}]", "secret-in-file"),
    ],
)
def test_a_file_with_people_structures_or_secrets_is_refused(tmp_path: Path, text: str, rule: str) -> None:
    shutil.copytree(CONFIG, tmp_path, dirs_exist_ok=True)
    (tmp_path / "more.yaml").write_text(text, encoding="utf-8")

    (finding,) = lint_files(tmp_path)

    assert (finding.rule, finding.where) == (rule, "more.yaml")


def test_the_form_of_the_espaces_is_linted_too(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path, dirs_exist_ok=True)
    form = tmp_path / "relying-client.yaml"
    form.write_text(
        form.read_text(encoding="utf-8").replace("implicitFlowEnabled: false", "implicitFlowEnabled: true"),
        encoding="utf-8",
    )

    (finding,) = lint_files(tmp_path)

    assert str(finding) == "espace: the implicit grant is on [implicit-grant]"


def test_a_login_flow_file_without_our_step_is_refused(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path, dirs_exist_ok=True)
    flows = tmp_path / "login-flow.yaml"
    text = flows.read_text(encoding="utf-8")
    flows.write_text(text.replace("provider: bdt-structure-step", "provider: allow-access"), encoding="utf-8")

    assert [finding.rule for finding in lint_files(tmp_path)] == ["missing-structure-step"]
