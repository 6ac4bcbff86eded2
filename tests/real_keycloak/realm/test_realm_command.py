"""`bdt realm apply`, `plan` and `lint --live`, as an operator types them, on a real Keycloak."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from idp_extension.admin_api import AdminAPI, NotSent
from idp_extension.relying_party.client_key import ClientKey
from idp_extension.server import RunningServer
from onboarding_api.cli.realm import realm
from onboarding_api.settings import BadSettings
from tests.real_keycloak.environment import environment_of

pytestmark = pytest.mark.keycloak

REALM = "bdt-command"


@pytest.fixture
def environment(
    keycloak_server: RunningServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[dict[str, str]]:
    values = environment_of(keycloak_server.url, REALM, tmp_path) | {
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
    # The server is shared with other tests, which need its administrator.
    assert (linted.exit_code, linted.output.count("\n")) == (1, 2)
    assert "master: nobody may look: the account bdt-reader is made there" in linted.output
    assert (second.exit_code, second.output) == (0, "0 changes\n")


def test_the_account_that_applies_sleeps_even_when_the_apply_fails(
    environment: dict[str, str], keycloak_server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The account is made, then the public keys are not there: the apply stops half-way.
    monkeypatch.setenv("BDT_PUBLIC_KEYS", "nowhere")
    monkeypatch.delenv("BDT_READER_KEY")

    outcome = CliRunner().invoke(realm, ["apply"])

    assert isinstance(outcome.exception, BadSettings)
    master = AdminAPI.as_master_admin(
        keycloak_server.url, keycloak_server.admin_user, keycloak_server.admin_password, REALM
    )
    (account,) = master.get("clients", clientId="bdt-bootstrap")
    master.close()
    assert account["enabled"] is False


def test_without_the_key_of_the_reader_the_command_says_so(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BDT_READER_KEY")

    outcome = CliRunner().invoke(realm, ["plan"])

    assert "BDT_READER_KEY is not set" in str(outcome.exception)


@pytest.mark.parametrize("spoil", ["missing", "unknown", "private"])
def test_a_public_key_that_will_not_do_stops_the_apply_by_its_name(
    environment: dict[str, str], spoil: str
) -> None:
    directory = Path(environment["BDT_PUBLIC_KEYS"])
    if spoil == "missing":
        (directory / "bdt-sync.pem").unlink()
    elif spoil == "unknown":
        shutil.copy(directory / "bdt-sync.pem", directory / "bdt-sink.pem")
    else:
        (directory.parent / "bdt-sync.pem").replace(directory / "bdt-sync.pem")

    outcome = CliRunner().invoke(realm, ["apply"])

    assert isinstance(outcome.exception, BadSettings)
    assert "bdt-s" in str(outcome.exception)


@pytest.mark.attack(46)
def test_a_key_is_changed_while_the_process_goes_on(environment: dict[str, str], tmp_path: Path) -> None:
    operator = CliRunner()
    operator.invoke(realm, ["apply"], catch_exceptions=False)
    key = ClientKey.in_file("bdt-sync", tmp_path / "bdt-sync.pem")
    public = Path(environment["BDT_PUBLIC_KEYS"]) / "bdt-sync.pem"
    first_public = public.read_text("ascii")

    def asks() -> None:
        with closing(AdminAPI.as_service_account(environment["BDT_KEYCLOAK_URL"], REALM, key)) as api:
            api.get("users", max="1")

    asks()
    drawn = operator.invoke(
        realm, ["new-key", "bdt-sync", str(tmp_path / "new.pem"), environment["BDT_PUBLIC_KEYS"]]
    )
    assert drawn.exit_code == 0
    assert "update client bdt-sync" in operator.invoke(realm, ["apply"], catch_exceptions=False).output
    asks()  # with the old one, which is still accepted
    (tmp_path / "bdt-sync.pem").rename(tmp_path / "old.pem")
    (tmp_path / "new.pem").rename(tmp_path / "bdt-sync.pem")
    asks()
    public.write_text(public.read_text("ascii").removeprefix(first_public), "ascii")
    operator.invoke(realm, ["apply"], catch_exceptions=False)
    asks()
    (tmp_path / "old.pem").replace(tmp_path / "bdt-sync.pem")
    with pytest.raises(NotSent):
        asks()
