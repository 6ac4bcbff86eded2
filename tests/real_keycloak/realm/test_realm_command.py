"""`bdt realm apply`, `plan` and `lint --live`, as an operator types them, on a real Keycloak."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from idp_extension.admin_api import AdminAPI, NotSent
from idp_extension.realm import NotOurs, ensure_bootstrap_account
from idp_extension.relying_party.client_key import ClientKey
from idp_extension.server import RunningServer
from onboarding_api.cli.realm import realm
from onboarding_api.settings import BadSettings
from tests.real_keycloak.environment import environment_of
from tests.real_keycloak.realm.by_hand import ByHand

pytestmark = pytest.mark.keycloak

REALM = "bdt-command"
# None of these commands needs them, nor asks for them.
OF_OTHERS = ("BDT_DATABASE", "BDT_SECRET", "BDT_CODE", "BDT_SPOOL", "BDT_CONTACT", "BDT_SYNC")


@pytest.fixture
def environment(
    keycloak_server: RunningServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[dict[str, str]]:
    values = environment_of(keycloak_server.url, REALM, tmp_path) | {
        "KC_BOOTSTRAP_ADMIN_USERNAME": keycloak_server.admin_user,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": keycloak_server.admin_password,
    }
    for name, value in values.items():
        if not name.startswith(OF_OTHERS):
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

    assert (first.exit_code, "\n0 changes" in first.output) == (0, False)
    assert first.output.endswith("The realm was made new: nobody is in it. Next: bdt sync apply.\n")
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


def master_of(server: RunningServer) -> AdminAPI:
    return AdminAPI.as_master_admin(server.url, server.admin_user, server.admin_password, REALM)


def test_a_realm_without_our_mark_is_not_written_to_unless_it_is_adopted(
    environment: dict[str, str], keycloak_server: RunningServer
) -> None:
    operator = CliRunner()
    with closing(master_of(keycloak_server)) as master:
        master.create_realm({"realm": REALM, "enabled": True})
        before = master.get("clients")
        refused = operator.invoke(realm, ["apply"])
        assert isinstance(refused.exception, NotOurs)
        assert master.get("clients") == before
        adopted = operator.invoke(realm, ["apply", "--adopt"], catch_exceptions=False)
        assert "realm/bdt-command/attributes/bdt.managed-by: None -> 'habilitations'" in adopted.output
        assert "made new" not in adopted.output
        assert operator.invoke(realm, ["plan"]).output == "0 changes\n"


def test_an_espace_does_not_lose_its_address_without_a_word(
    environment: dict[str, str], keycloak_server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = CliRunner()
    operator.invoke(realm, ["apply"], catch_exceptions=False)
    monkeypatch.delenv("BDT_ESPACE_URL_MES_PRETS")

    def redirects(master: AdminAPI) -> list[str]:
        found: list[str] = master.get("clients", clientId="mes-prets")[0]["redirectUris"]
        return found

    with closing(master_of(keycloak_server)) as master:
        refused = operator.invoke(realm, ["apply"])
        assert isinstance(refused.exception, BadSettings)
        assert "BDT_ESPACE_URL_MES_PRETS is not set" in str(refused.exception)
        assert redirects(master) == ["http://127.0.0.1:8401/connexion/retour"]
        closed = operator.invoke(realm, ["apply", "--close-espace", "mes-prets"], catch_exceptions=False)
        assert (
            "client/mes-prets/redirectUris: ['http://127.0.0.1:8401/connexion/retour'] -> []" in closed.output
        )
        assert redirects(master) == []


@pytest.mark.attack(47)
def test_what_keeps_our_own_account_out_is_repaired_too(
    environment: dict[str, str], keycloak_server: RunningServer
) -> None:
    """Issuer of another name, log-in of clients by a flow that lets nobody in, our account left awake."""
    operator = CliRunner()
    operator.invoke(realm, ["apply"], catch_exceptions=False)
    with closing(master_of(keycloak_server)) as master:
        hand = ByHand(master)
        ensure_bootstrap_account(master, ClientKey.fresh("bdt-bootstrap").public_jwks())
        awake = operator.invoke(realm, ["plan"], catch_exceptions=False)
        hand.realm_map("attributes", frontendUrl="https://evil.example")
        hand.step("clients", "client-jwt", "DISABLED")
        hand.new_client("evil")
    assert "client/bdt-bootstrap/enabled: True -> False" in awake.output

    first = operator.invoke(realm, ["apply"], catch_exceptions=False)
    again = operator.invoke(realm, ["apply"], catch_exceptions=False)
    pruned = operator.invoke(realm, ["apply", "--prune"], catch_exceptions=False)

    assert first.output.startswith("remove client evil\n")
    assert first.output.endswith("1 left, which nobody declared: bdt realm apply --prune takes them away.\n")
    assert again.output.endswith(f"\n0 changes\n{first.output.splitlines()[-1]}\n")
    assert pruned.output.endswith("\n1 change\n")
    assert operator.invoke(realm, ["plan"]).output == "0 changes\n"


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
