"""`bdt realm apply`, `plan` and `lint --live`, as an operator types them, on a real Keycloak."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from idp_extension.admin_api import AdminAPI
from idp_extension.server import RunningServer
from onboarding_api.cli.realm import realm

pytestmark = pytest.mark.keycloak

REALM = "bdt-command"


@pytest.fixture
def environment(keycloak_server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    values = {
        "BDT_ENVIRONMENT": "test",
        "BDT_DATABASE_URL": "sqlite:///unused.db",
        "BDT_PUBLIC_URL": "http://127.0.0.1:8400",
        "BDT_SECRET_KEY": "secret-of-the-test",
        "BDT_KEYCLOAK_URL": keycloak_server.url,
        "BDT_KEYCLOAK_REALM": REALM,
        "BDT_PORTAL_CLIENT_SECRET": "portal-secret",
        "BDT_SYNC_CLIENT_SECRET": "sync-secret",
        "BDT_READER_CLIENT_SECRET": "reader-secret",
        "BDT_ESPACE_SECRET_MES_PRETS": "espace-secret",
        "BDT_ESPACE_URL_MES_PRETS": "http://127.0.0.1:8401",
        "BDT_CODE_KEYS": f"test:{'0123456789abcdef' * 4}",
        "BDT_SMTP_HOST": "127.0.0.1",
        "BDT_SMTP_PORT": "8425",
        "BDT_SMTP_FROM": "bdt@example.org",
        "BDT_SPOOL_DIRECTORY": "letters",
        "BDT_CONTACT_EMAIL": "aide@example.org",
        "BDT_CONTACT_PHONE": "01 99 00 00 00",
        "KC_BOOTSTRAP_ADMIN_USERNAME": keycloak_server.admin_user,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": keycloak_server.admin_password,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    yield values
    master = AdminAPI.as_master_admin(
        keycloak_server.url, keycloak_server.admin_user, keycloak_server.admin_password, REALM
    )
    if master.find() is not None:
        master.delete()
    master.close()


def test_apply_then_nothing_is_left_to_do(environment: dict[str, str]) -> None:
    operator = CliRunner()

    first = operator.invoke(realm, ["apply"], catch_exceptions=False)
    planned = operator.invoke(realm, ["plan"], catch_exceptions=False)
    linted = operator.invoke(realm, ["lint", "--live"], catch_exceptions=False)
    second = operator.invoke(realm, ["apply"], catch_exceptions=False)

    assert (first.exit_code, "0 changes" in first.output) == (0, False)
    assert (planned.exit_code, planned.output) == (0, "0 changes\n")
    assert (linted.exit_code, linted.output) == (0, "0 findings\n")
    assert (second.exit_code, second.output) == (0, "0 changes\n")


def test_the_account_that_applies_sleeps_even_when_the_apply_fails(
    environment: dict[str, str], keycloak_server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The account is made, then the files cannot be read: the apply stops half-way.
    monkeypatch.setattr("onboarding_api.cli.realm.REALM_CONFIG", Path("nowhere"))

    outcome = CliRunner().invoke(realm, ["apply"])

    assert isinstance(outcome.exception, FileNotFoundError)
    master = AdminAPI.as_master_admin(
        keycloak_server.url, keycloak_server.admin_user, keycloak_server.admin_password, REALM
    )
    (account,) = master.get("clients", clientId="bdt-bootstrap")
    master.close()
    assert account["enabled"] is False


def test_without_the_secret_of_the_reader_the_command_says_so(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BDT_READER_CLIENT_SECRET")

    outcome = CliRunner().invoke(realm, ["plan"])

    assert outcome.exit_code == 2
    assert "BDT_READER_CLIENT_SECRET is not set" in outcome.output
