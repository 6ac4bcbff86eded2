"""The gateway on a network that misbehaves: a small real server that cuts, stalls, or counts."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from idp_extension.gateway import KeycloakGateway, NotSent, Unknown
from idp_extension.relying_party.client_key import ClientKey
from tests.builders.servers.misbehaving_keycloak import answer, keycloak_that_says

pytestmark = pytest.mark.slow

USER = "11111111-1111-4111-8111-111111111111"
GROUP = "22222222-2222-4222-8222-222222222222"
SHORT = 0.1  # seconds; a time-out that a test waits for


@contextmanager
def gateway_to(url: str, timeout: float = 5.0) -> Iterator[KeycloakGateway]:
    with KeycloakGateway(url, "bdt", ClientKey.fresh("bdt-sync"), timeout=timeout) as gateway:
        yield gateway


def test_a_refused_connection_is_not_sent() -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        with (
            gateway_to(f"http://127.0.0.1:{nobody_listens.getsockname()[1]}") as gateway,
            pytest.raises(NotSent),
        ):
            gateway.end_sessions(USER)


def test_a_server_that_dies_once_the_token_is_there_is_not_sent() -> None:
    with keycloak_that_says(answer(b"{}")) as server, gateway_to(server.url) as gateway:
        gateway.find_user("nobody")
        server.shutdown()
        server.server_close()

        with pytest.raises(NotSent):
            gateway.find_user("nobody")


@pytest.mark.parametrize(
    "cut",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Ty",
        b"HTTP/1.1 200 OK\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"realm": ',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
        b"nonsense\r\n\r\n",
    ],
)
def test_an_answer_cut_anywhere_is_unknown(cut: bytes) -> None:
    with (
        keycloak_that_says(cut) as server,
        gateway_to(server.url) as gateway,
        pytest.raises(Unknown),
    ):
        gateway.find_user("nobody")


def test_a_write_cut_in_the_headers_of_its_answer_is_not_taken_for_done() -> None:
    """`requests` 2.34 takes it for a 204."""
    with (
        keycloak_that_says(b"HTTP/1.1 204 No Content\r\nX-Fr") as server,
        gateway_to(server.url) as gateway,
        pytest.raises(Unknown),
    ):
        gateway.join_group(USER, GROUP)


def test_a_time_out_after_the_effect_is_unknown_and_never_sent_twice() -> None:
    with keycloak_that_says(answer(b"{}")) as server, gateway_to(server.url) as gateway:
        gateway.find_user("nobody")  # from here on the token is there, whatever the time-out
        server.stall = 2 * SHORT
        gateway._api._connection.timeout = SHORT  # type: ignore[assignment]  # the library says int, requests takes both
        for write in (
            lambda: gateway.create_structure_group("216600726", "Commune d'Eus"),
            lambda: gateway.choose_password_link(USER, "portail", 60),
        ):
            server.commands.clear()
            with pytest.raises(Unknown):
                write()
            assert len(server.commands) == 1


def test_a_connection_cut_after_the_command_is_never_sent_twice() -> None:
    with keycloak_that_says(b"") as server, gateway_to(server.url) as gateway:
        with pytest.raises(Unknown):
            gateway.create_subgroup(GROUP, "mes-prets:demande")

        assert len(server.commands) == 1


def test_sixteen_threads_share_one_token() -> None:
    with (
        keycloak_that_says(answer(b"{}")) as server,
        gateway_to(server.url) as gateway,
        ThreadPoolExecutor(16) as threads,
    ):
        list(threads.map(lambda _: gateway.find_user("nobody"), range(16)))

        assert server.tokens_given == 1


def test_sixteen_threads_whose_token_was_revoked_share_the_next_one() -> None:
    with (
        keycloak_that_says(answer(b"{}"), revoked="t1") as server,
        gateway_to(server.url) as gateway,
        ThreadPoolExecutor(16) as threads,
    ):
        list(threads.map(lambda _: gateway.find_user("nobody"), range(16)))

        assert server.tokens_given == 2


def test_no_call_may_last_longer_than_five_seconds() -> None:
    with gateway_to("http://127.0.0.1:9", timeout=60) as gateway:
        assert gateway._api._connection.timeout == 5
