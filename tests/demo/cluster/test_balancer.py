"""The balancer of the cluster: takes turns, passes over who is gone, refuses when nobody is left."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from demo.cluster.balancer import Balancer
from idp_extension.server import free_port


@contextmanager
def part(word: bytes) -> Iterator[int]:
    """Says its word to everybody."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    talk, _ = listening.accept()
                except OSError:
                    return
                with talk:
                    talk.sendall(word)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def asked(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as talk:
        return talk.recv(10)


def test_connections_take_turns_and_pass_over_who_is_gone() -> None:
    with ExitStack() as parts, part(b"two") as second:
        first = parts.enter_context(part(b"one"))
        with Balancer(free_port(), (first, second)) as balancer:
            assert {asked(balancer.port) for _ in range(4)} == {b"one", b"two"}
            parts.close()
            assert {asked(balancer.port) for _ in range(4)} == {b"two"}


def test_with_nobody_left_the_connection_is_reset() -> None:
    with Balancer(free_port(), (free_port(), free_port())) as balancer, pytest.raises(ConnectionResetError):
        asked(balancer.port)
