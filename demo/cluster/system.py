"""Start two Keycloak nodes, two portals and three workers on one PostgreSQL, each kind behind a balancer."""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from demo.cluster.balancer import Balancer
from demo.cluster.postgresql import USER, PostgreSQL
from demo.system import HOST, Ports, System
from idp_extension.server import Progress, RunningServer, ensure_server, free_port, start_server

NODES = (1, 2)
PORTALS, WORKERS = ("portal.1", "portal.2"), ("worker.1", "worker.2", "worker.3")
SERVICE_DATABASE, KEYCLOAK_DATABASE = "bdt", "keycloak"


class Cluster(System):
    """`with Cluster(directory, progress) as system:`; parts are named `portal.2`, `worker.3`, `keycloak.1`.

    The addresses of portal and Keycloak are those of the balancers before them.
    """

    def __init__(self, directory: Path, progress: Progress) -> None:
        self._open = ExitStack()
        self.postgresql = PostgreSQL()
        super().__init__(directory, Ports.free(), progress, self.postgresql.url(SERVICE_DATABASE))
        self.parts = ("keycloak.2", "mailbox", *PORTALS, *WORKERS, "mes-prets")
        self._portal_ports = {name: free_port() for name in PORTALS}
        self.node_ports = {number: free_port() for number in NODES}
        self._group_ports = dict(zip(NODES, _free_pairs(), strict=False))
        self._nodes: dict[int, RunningServer] = {}

    def __enter__(self) -> Self:
        self._progress("starting PostgreSQL", 0, 0)
        with self._open:
            self._open.enter_context(self.postgresql)
            for name in (SERVICE_DATABASE, KEYCLOAK_DATABASE):
                self.postgresql.new_database(name)
            self.ports.check_free()
            for port, behind in (
                (self.ports.portal, self._portal_ports),
                (self.ports.keycloak, self.node_ports),
            ):
                self._open.enter_context(Balancer(port, tuple(behind.values())))
            self.ports = replace(self.ports, portal=free_port(), keycloak=free_port())  # ours are taken now
            super().__enter__()
            self._open = self._open.pop_all()
        return self

    def stop(self) -> None:
        """End every part, both nodes, then what stands before and behind them."""
        super().stop()
        for number in list(self._nodes):
            self._nodes.pop(number).stop()
        self._open.close()

    def kill_part(self, name: str) -> None:
        """As a failing machine does; `keycloak.1` too."""
        kind, _, number = name.partition(".")
        if kind == "keycloak":
            self.keycloak = self._nodes.pop(int(number))
            super().kill_part("keycloak")
            self.keycloak = None
        else:
            super().kill_part(name)

    def start_part(self, name: str) -> None:
        """Start one part again, a node of Keycloak too, and wait until it answers."""
        kind, _, number = name.partition(".")
        if kind == "keycloak":
            self._start_node(int(number))
        else:
            super().start_part(name)

    def start_keycloak(self) -> RunningServer:
        """Start the first node, which makes the tables and gets the realm; the other one is a part."""
        return replace(self._start_node(NODES[0]), url=self.keycloak_url)

    def environment_of(self, part: str) -> dict[str, str]:
        """All of a kind are told the same."""
        return super().environment_of(part.partition(".")[0])

    def node_cpu_seconds(self) -> float:
        """What the nodes have spent since they were started."""
        return sum(_cpu_seconds(node.process.pid) for node in self._nodes.values())

    def _command(self, name: str) -> tuple[list[str], int, str]:
        command, port, path = super()._command(name.partition(".")[0])
        if name in self._portal_ports:
            # Were it the portal that hangs up first, the balancer would pass on a request to nobody.
            command = [*command, "--keep-alive", "120"]
        return command, self._portal_ports.get(name, port), path

    def _start_node(self, number: int) -> RunningServer:
        self._nodes[number] = start_server(
            ensure_server(progress=self._progress, db="postgres"),
            self.directory / f"keycloak.{number}",
            http_port=self.node_ports[number],
            management_port=free_port(),
            admin_user="admin",
            admin_password=self.secrets["admin"],
            env=self._node_environment(number),
            progress=self._progress,
        )
        return self._nodes[number]

    def _node_environment(self, number: int) -> Mapping[str, str]:
        return {
            "KC_HOSTNAME": self.keycloak_url,
            "KC_DB_URL": self.postgresql.jdbc_url(KEYCLOAK_DATABASE),
            "KC_DB_USERNAME": USER,
            "KC_DB_PASSWORD": USER,
            # The nodes find one another in their database, and tell one another what to forget.
            "KC_CACHE": "ispn",
            "KC_CACHE_STACK": "jdbc-ping",
            "KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS": HOST,
            "KC_CACHE_EMBEDDED_NETWORK_BIND_PORT": str(self._group_ports[number]),
        }


def _free_pairs() -> Iterator[int]:
    """Ports at which nodes meet; each also listens 50,000 above, to see that the other one is gone."""
    for port in range(7800, 12000, 10):
        with (
            suppress(OSError),
            socket.create_server((HOST, port)),
            socket.create_server((HOST, port + 50000)),
        ):
            yield port


def _cpu_seconds(group: int) -> float:
    """Of a process and all that it started, by Linux's books."""
    spent = 0
    for book in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            fields = book.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                spent += int(fields[11]) + int(fields[12])
    return spent / os.sysconf("SC_CLK_TCK")
