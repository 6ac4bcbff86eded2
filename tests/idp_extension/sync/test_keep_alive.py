"""The bare connections on a network that misbehaves: what is cut is never a success."""

import json
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from idp_extension.admin_api import NotSent, Refused, Unknown
from idp_extension.keep_alive import KeepAliveAPI
from idp_extension.relying_party.client_key import ClientKey
from idp_extension.sync.snapshot import read_snapshot, state_from
from tests.builders.servers.misbehaving_keycloak import answer, keycloak_that_says

pytestmark = pytest.mark.slow

ID = "11111111-1111-4111-8111-111111111111"


@contextmanager
def api_to(url: str) -> Iterator[KeepAliveAPI]:
    api = KeepAliveAPI.speaking(url, "bdt", ClientKey.fresh("bdt-sync"), threads=16, timeout=2.0)
    try:
        yield api
    finally:
        api.close()


def made_at(location: str, end: str = "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") -> bytes:
    return f"HTTP/1.1 201 Created\r\nLocation: http://x/admin/realms/bdt/groups/{location}{end}".encode()


def test_what_was_made_is_named_by_a_whole_id() -> None:
    with keycloak_that_says(made_at(ID)) as server, api_to(server.url) as api:
        assert api.create("groups", body={"name": "x"}) == ID
        assert server.commands == ["POST /admin/realms/bdt/groups HTTP/1.1"]


@pytest.mark.parametrize(
    "cut",
    [
        b"",
        b"HTTP/1.1 201 Cre",
        b"HTTP/1.1 201 Created\r\n",
        made_at(ID[:20], end=""),
        made_at(ID[:-1], end=""),
        made_at(f"{ID}x"),
        made_at(""),
        answer(b"<p>Welcome to nginx!</p>"),
    ],
)
def test_an_answer_without_a_whole_id_is_unknown(cut: bytes) -> None:
    with (
        keycloak_that_says(cut) as server,
        api_to(server.url) as api,
        pytest.raises(Unknown),
    ):
        api.create("groups", body={})


def test_a_refusal_keeps_its_status_and_a_closed_door_is_not_sent() -> None:
    with keycloak_that_says(answer(b"{}", "409 Conflict")) as server, api_to(server.url) as api:
        with pytest.raises(Refused) as refusal:
            api.create("groups", body={})
        assert refusal.value.status == 409
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        with (
            api_to(f"http://127.0.0.1:{nobody_listens.getsockname()[1]}") as api,
            pytest.raises(NotSent),
        ):
            api.get("groups")


def test_a_token_that_ended_is_renewed_once_for_all_threads() -> None:
    with (
        keycloak_that_says(answer(b"[]"), revoked="t1") as server,
        api_to(server.url) as api,
        ThreadPoolExecutor(8) as pool,
    ):
        found = list(pool.map(lambda _: api.get("groups"), range(24)))

    assert found == [[]] * 24
    assert server.tokens_given == 2


ROWS = [
    "client",
    ["c", "mes-prets"],
    "role",
    ["r", "c", "demande"],
    "group",
    ["g", " ", "216600726"],
    ["s", "g", "mes-prets:demande"],
    "group-role",
    ["s", "r"],
    "member",
    ["u", "s"],
    "user",
    ["u", "cend589", None, None, None, True, False, None, None],
    "end",
]


def lines(rows: Sequence[object]) -> list[str]:
    return [json.dumps(row) for row in rows]


def test_a_snapshot_is_whole_or_none() -> None:
    whole = "\n".join(lines(ROWS)).encode() + b"\n"
    with keycloak_that_says(answer(whole)) as server, api_to(server.url) as api:
        state = read_snapshot(api)
    assert state == state_from(lines(ROWS))
    assert (state.size, state.users[0].groups) == (3, ("/216600726/mes-prets:demande",))

    said = f"HTTP/1.1 200 OK\r\nContent-Length: {len(whole)}\r\n\r\n".encode()
    for length in (0, 20, len(whole) // 2, len(whole) - 8):
        with (
            keycloak_that_says(said + whole[:length]) as server,
            api_to(server.url) as api,
            pytest.raises(Unknown),
        ):
            read_snapshot(api)


@pytest.mark.parametrize(
    "rows",
    [
        ROWS[:-1],
        [],
        ["end", ["x"]],
        ["nobody knows", ["x"], "end"],
        ["member", ["u", "nowhere"], "end"],
        ["user", ["u"], "end"],
        [{"error": "x"}, "end"],
    ],
)
def test_rows_of_another_form_are_no_snapshot(rows: list[object]) -> None:
    with pytest.raises(Unknown):
        state_from(lines(rows))
