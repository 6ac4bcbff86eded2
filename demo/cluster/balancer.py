"""Stands before several of a kind, as a load balancer does: each connection to the next one that answers."""

import asyncio

from demo.chaos.fault_proxy import FaultProxy
from demo.system import HOST


class Balancer(FaultProxy):
    """`with Balancer(port, ports) as balancer:`; who refuses connections is passed over.

    Args:
        port: where it listens.
        ports: of those behind it; they may come and go.
    """

    def __init__(self, port: int, ports: tuple[int, ...]) -> None:
        super().__init__(ports[0], port=port)
        self._ports = ports
        self._turn = 0

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to one of them.

        Raises:
            OSError: nobody is there.
        """
        self._turn += 1
        for number in range(len(self._ports)):
            try:
                return await asyncio.open_connection(
                    HOST, self._ports[(self._turn + number) % len(self._ports)]
                )
            except ConnectionRefusedError:
                continue
        raise ConnectionRefusedError
