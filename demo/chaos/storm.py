"""Bad weather over the running system: kills, faults between its parts, a full disk, a wrong clock."""

import random
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from demo.chaos.fault_proxy import SMTP_BUSY, Fault, FaultProxy
from demo.system import System
from idp_extension.server import ServerError

AHEAD_SECONDS = 3600
FULL_AT_BYTES = 4096
"""No file of the worker grows beyond it: that is what a full disk looks like to it."""
BUSY_PEOPLE = "request.place=1000/hour,request.person=1000/hour"
"""A day of requests in a minute."""
PORT_SECONDS = 30.0
LULL_SECONDS = (1.0, 3.0)


@dataclass(frozen=True, slots=True)
class Mishap:
    """Something that goes wrong for some seconds, and is put right again."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], None]
    seconds: tuple[float, float] = (1.0, 5.0)


@dataclass(frozen=True, slots=True)
class Proxies:
    """What stands between the parts."""

    portal_keycloak: FaultProxy
    worker_keycloak: FaultProxy
    worker_mail: FaultProxy


@contextmanager
def proxies_between(system: System) -> Iterator[Proxies]:
    """Put a proxy between each pair, before the system is started."""
    with ExitStack() as stack:
        keycloak, smtp = system.ports.keycloak, system.ports.smtp
        proxies = Proxies(
            stack.enter_context(FaultProxy(keycloak)),
            stack.enter_context(FaultProxy(keycloak)),
            stack.enter_context(FaultProxy(smtp, busy=SMTP_BUSY)),
        )
        public = {"BDT_KEYCLOAK_PUBLIC_URL": system.keycloak_url}
        system.told["portal"] = {
            **public,
            "BDT_KEYCLOAK_URL": f"http://127.0.0.1:{proxies.portal_keycloak.port}",
            "BDT_TRUSTED_PROXIES": "1",
            "BDT_LIMITS": BUSY_PEOPLE,
        }
        system.told["worker"] = {
            **public,
            "BDT_KEYCLOAK_URL": f"http://127.0.0.1:{proxies.worker_keycloak.port}",
            "BDT_SMTP_PORT": str(proxies.worker_mail.port),
        }
        yield proxies


class Storm:
    """A deck of mishaps, drawn by a seed; each comes once before any comes again.

    Args:
        system: over which it passes.
        proxies: between its parts.
        seed: of the order and the lengths.
        tell: told of each mishap.
        database: how its server is killed and started again, where it has one.
    """

    def __init__(
        self,
        system: System,
        proxies: Proxies,
        seed: int,
        tell: Callable[[str], None],
        database: tuple[Callable[[], None], Callable[[], None]] | None = None,
    ) -> None:
        self._system, self._proxies, self._tell = system, proxies, tell
        self._dice = random.Random(seed)  # noqa: S311 - no secret
        self._database = database

    def pass_over(self, seconds: float) -> list[str]:
        """Mishap after mishap, with lulls; what happened, in order. All is put right at the end."""
        happened, deck = [], list[Mishap]()
        over_at = time.monotonic() + seconds
        while time.monotonic() < over_at:
            deck = deck or self._dice.sample(self._mishaps(), len(self._mishaps()))
            mishap = deck.pop()
            happened.append(mishap.name)
            self._tell(mishap.name)
            mishap.begin()
            try:
                time.sleep(self._dice.uniform(*mishap.seconds))
            finally:
                mishap.end()
            time.sleep(self._dice.uniform(*LULL_SECONDS))
        return happened

    def _mishaps(self) -> list[Mishap]:
        parts = [
            self._killed("portal"),
            self._killed("worker"),
            Mishap("kill -9 keycloak", self._kill_keycloak, self._start_keycloak, (0.0, 1.0)),
            Mishap("the worker's disk is full", self._fill_disk, self._free_disk),
            Mishap("the worker's clock is an hour ahead", self._set_ahead, self._set_right),
        ]
        if self._database:
            kill, start = self._database
            parts.append(Mishap("kill -9 postgresql", kill, start, (0.0, 2.0)))
        between = [
            self._spoiled(pair.name, getattr(self._proxies, pair.name), fault)
            for pair in fields(self._proxies)
            for fault in self._dice.sample([fault for fault in Fault if fault != Fault.NONE], 2)
        ]
        return parts + between

    def _killed(self, part: str) -> Mishap:
        return Mishap(
            f"kill -9 {part}",
            lambda: self._system.kill_part(part),
            lambda: self._system.start_part(part),
            (0.0, 2.0),
        )

    def _spoiled(self, name: str, proxy: FaultProxy, fault: Fault) -> Mishap:
        def be(wanted: Fault) -> None:
            proxy.fault = wanted

        return Mishap(f"{name}: {fault}", lambda: be(fault), lambda: be(Fault.NONE))

    def _kill_keycloak(self) -> None:
        self._system.kill_part("keycloak")

    def _start_keycloak(self) -> None:
        start_keycloak(self._system)

    def _fill_disk(self) -> None:
        self._limit_files(FULL_AT_BYTES)

    def _free_disk(self) -> None:
        self._limit_files(resource.RLIM_INFINITY)

    def _limit_files(self, size: int) -> None:
        pid = self._system.pid_of("worker")
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def _set_ahead(self) -> None:
        clock_file(self._system).write_text(str(AHEAD_SECONDS))

    def _set_right(self) -> None:
        clock_file(self._system).write_text("0")


def clock_file(system: System) -> Path:
    """Tells the worker by how many seconds its clock is ahead."""
    return system.directory / "ahead"


def start_keycloak(system: System) -> None:
    """Start it after a kill, once its port is free.

    Java takes a moment to die; and whoever goes on asking for a port that nobody listens on may be connected
    to himself (a TCP port above 32768 is also one that callers call from).
    """
    over_at = time.monotonic() + PORT_SECONDS
    while True:
        try:
            system.start_keycloak()
            return
        except ServerError as error:
            if "already taken" not in str(error) or time.monotonic() > over_at:
                raise
        time.sleep(0.3)
