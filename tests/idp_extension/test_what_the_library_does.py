"""What python-keycloak does by itself, and `AdminAPI` undoes (docs/decisions/0013).

When one of these fails, the library was mended, and a piece of ours can go.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from keycloak import KeycloakAdmin, KeycloakOpenIDConnection
from keycloak.exceptions import KeycloakConnectionError

import idp_extension
from tests.builders.servers.misbehaving_keycloak import Keycloak, answer, keycloak_that_says

pytestmark = pytest.mark.slow


def library(server: Keycloak) -> KeycloakAdmin:
    connection = KeycloakOpenIDConnection(
        server_url=f"{server.url}/", realm_name="bdt", client_id="bdt-sync", client_secret_key="secret"
    )
    return KeycloakAdmin(connection=connection)


def test_sixteen_threads_ask_more_than_one_token() -> None:
    with keycloak_that_says(answer(b"{}")) as server, ThreadPoolExecutor(16) as threads:
        admin = library(server)
        server.tokens_given = 0
        list(threads.map(lambda _: admin.connection.raw_get("admin/realms/bdt"), range(16)))
        assert server.tokens_given > 1


def test_an_id_is_not_encoded_into_the_path() -> None:
    with keycloak_that_says(answer(b"{}")) as server:
        library(server).get_user("x/../../clients")
        assert any("/admin/realms/bdt/clients" in command for command in server.commands)


def test_a_post_whose_answer_was_lost_is_sent_twice() -> None:
    with keycloak_that_says(b"") as server:
        with pytest.raises(KeycloakConnectionError):
            library(server).connection.raw_post("admin/realms/bdt/groups", data="{}")
        assert len([command for command in server.commands if command.startswith("POST")]) > 1


def test_never_sent_and_sent_without_an_answer_are_one_error() -> None:
    with keycloak_that_says(b"") as server:
        admin = library(server)
        with pytest.raises(KeycloakConnectionError) as cut:
            admin.connection.raw_get("admin/realms/bdt")
    with pytest.raises(KeycloakConnectionError) as refused:
        admin.connection.raw_get("admin/realms/bdt")
    assert type(cut.value) is type(refused.value)


def test_two_private_names_of_the_library_are_used_and_no_third() -> None:
    """Each new one is a reason to read docs/decisions/0013 again."""
    found = set()
    for name in ("admin_api.py", "connections.py"):
        source = (Path(idp_extension.__file__).parent / name).read_text("utf-8")
        found |= set(re.findall(r"(?:super\(\)|_connection)\.(_[a-z]\w*)", source))
    assert found == {"_refresh_if_required", "_s"}
