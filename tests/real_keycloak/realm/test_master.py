"""The realm `master` of a server that we start: closed behind us, and looked at ever after."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result

from idp_extension.admin_api import AdminAPI, NotSent, Refused
from idp_extension.realm import lint_master
from idp_extension.relying_party.client_key import ClientKey
from idp_extension.server import BuiltServer, RunningServer, free_port, start_server
from onboarding_api.cli.realm import realm
from tests.builders.oidc_login import LoginFailed, authorise, open_browser
from tests.real_keycloak.environment import environment_of

pytestmark = [pytest.mark.keycloak, pytest.mark.slow]

PASSWORD = "Permanent-2026"
SERVICE = {"KC_BOOTSTRAP_ADMIN_CLIENT_ID": "temporary", "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET": "of-one-minute"}


@pytest.fixture(scope="module")
def server(keycloak_build: BuiltServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of its own: these tests throw its administrators out."""
    with start_server(
        keycloak_build,
        tmp_path_factory.mktemp("keycloak"),
        http_port=free_port(),
        management_port=free_port(),
        admin_user="admin",
        admin_password="admin-of-the-tests",
        env=SERVICE,
    ) as started:
        yield started


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


Operator = Callable[..., Result]


@pytest.fixture(scope="module")
def closed(server: RunningServer, directory: Path) -> Operator:
    """The realm is applied by the temporary account that is no person, and the door is closed behind it."""
    environment = environment_of(server.url, "bdt", directory) | {"BDT_MASTER_ADMINISTRATORS": "permanent"}

    def operator(*words: str, **more: str) -> Result:
        return CliRunner().invoke(realm, words, env=environment | more)

    with closing(AdminAPI.as_master_admin(server.url, "admin", "admin-of-the-tests", "master")) as master:
        master.post("users", body={"username": "permanent", "enabled": True, "email": "p@bdt.example",
                                   "firstName": "P", "lastName": "P"})  # fmt: skip
        (user,) = master.get("users", username="permanent")
        credential = {"type": "password", "temporary": False, "value": PASSWORD}
        master.put("users", user["id"], "reset-password", body=credential)
        (role,) = [master.get("roles", "admin")]
        master.post("users", user["id"], "role-mappings", "realm", body=[role])
    assert operator("apply", **SERVICE).exit_code == 0
    told = operator("lint", "--live")
    assert "master-unseen" in told.output
    assert operator("close-master", **SERVICE).exit_code == 0
    return operator


def test_what_was_done_is_seen_and_not_done_again(closed: Operator) -> None:
    linted = closed("lint", "--live")
    assert (linted.exit_code, linted.output) == (0, "0 findings\n")
    # No administrator is named any more, and none is needed: as at each `docker compose up`.
    applied, again = closed("apply"), closed("close-master")
    assert (applied.exit_code, applied.output) == (0, "0 changes\n")
    assert again.exit_code == 0


def test_the_temporary_administrators_are_gone(closed: Operator, server: RunningServer) -> None:
    with (
        pytest.raises(NotSent),
        closing(AdminAPI.as_master_service(server.url, "temporary", "of-one-minute", "master")) as service,
    ):
        service.get()
    with (
        pytest.raises(NotSent),
        closing(AdminAPI.as_master_admin(server.url, "admin", "admin-of-the-tests", "master")) as person,
    ):
        person.get()


@pytest.mark.parametrize("client_id", ["admin-cli", "security-admin-console", "account-console"])
def test_nobody_has_the_password_grant(closed: Operator, server: RunningServer, client_id: str) -> None:
    """Not even who knows the password of a permanent administrator."""
    answer = requests.post(
        f"{server.url}/realms/master/protocol/openid-connect/token",
        data={
            "grant_type": "password",
            "client_id": client_id,
            "username": "permanent",
            "password": PASSWORD,
        },
        timeout=10,
    )
    assert answer.json()["error"] in {"unauthorized_client", "invalid_client"}


def opens_the_console(server: RunningServer, password: str) -> bool:
    """Whether the permanent administrator gets through the console's log-in form."""
    url = f"{server.url}/realms/master/protocol/openid-connect/auth"
    request = {
        "response_type": "code",
        "client_id": "security-admin-console",
        "redirect_uri": f"{server.url}/admin/master/console/",
        "scope": "openid",
        "code_challenge": "a" * 43,
        "code_challenge_method": "S256",
    }
    try:
        with open_browser() as browser:
            authorise(browser, url, request, "permanent", password)
    except LoginFailed:
        return False
    return True


@pytest.mark.attack(45)
def test_who_guesses_at_the_console_is_locked_out(closed: Operator, server: RunningServer) -> None:
    """Thirty wrong passwords, then the right one: it was let in."""
    assert opens_the_console(server, PASSWORD)
    assert not any(opens_the_console(server, "False-2026") for _ in range(30))
    assert not opens_the_console(server, PASSWORD)


def test_the_account_that_looks_may_do_nothing_else(
    closed: Operator, server: RunningServer, directory: Path
) -> None:
    key = ClientKey.in_file("bdt-reader", directory / "bdt-reader.pem")
    with closing(AdminAPI.as_service_account(server.url, "master", key)) as watcher:
        for path, field in (("clients", "clientId"), ("users", "username"), ("roles", "name")):
            with pytest.raises(Refused, match="403"):
                watcher.post(path, body={field: "x"})
        with pytest.raises(Refused, match="403"):
            AdminAPI("bdt", watcher._connection).get("users")
        found = lint_master(watcher, {"failureFactor": 3}, "bdt", ["permanent"])
        assert [finding.rule for finding in found] == ["master-lock"]


def test_a_restart_brings_no_administrator_back(
    closed: Operator, server: RunningServer, keycloak_build: BuiltServer
) -> None:
    """With the variables of the first start, as a container keeps them."""
    server.stop()
    with start_server(
        keycloak_build,
        server.log.parent,
        http_port=int(server.url.rpartition(":")[2]),
        management_port=int(server.management_url.rpartition(":")[2]),
        admin_user=server.admin_user,
        admin_password=server.admin_password,
        env=SERVICE,
    ):
        linted = closed("lint", "--live")
        assert (linted.exit_code, linted.output) == (0, "0 findings\n")
