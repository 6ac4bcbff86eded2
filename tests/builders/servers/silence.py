"""A neighbour that accepts connections and says nothing."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silence() -> Iterator[int]:
    """Its port; connections wait in the queue of the kernel until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
