"""What one line of the table costs: wall, calls, bytes, processor time of both sides, errors, memory."""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Cost:
    """Filled while it runs, read after. `objects` is what was made, changed or looked at."""

    name: str
    objects: int = 0
    requests: int = 0
    bytes: int = 0
    errors: int = 0
    wall: float = 0.0
    keycloak_cpu: float = 0.0
    client_cpu: float = 0.0
    memory_mb: float = 0.0
    said: str = ""

    def __str__(self) -> str:
        return (
            f"{self.name:44} {self.wall:7.1f} {self.requests:8,} {self.bytes / 1e6:6.1f}"
            f" {self.keycloak_cpu:7.1f} {self.client_cpu:7.1f} {self.errors:4} {self.memory_mb:5.0f}"
            f"  {self.said}"
        )


HEAD = f"{'':44} {'wall s':>7} {'requests':>8} {'MB':>6} {'KC cpu':>7} {'own cpu':>7} {'err':>4} {'mem':>5}"


@contextmanager
def metered(name: str, keycloak_pid: int) -> Iterator[Cost]:
    """Measure what happens in the block; programs it starts count as the client."""
    cost = Cost(name)
    began, java, own = time.monotonic(), cpu_of(keycloak_pid), _own_cpu()
    yield cost
    cost.wall = time.monotonic() - began
    cost.keycloak_cpu = cpu_of(keycloak_pid) - java
    cost.client_cpu = _own_cpu() - own
    cost.memory_mb = peak_mb()


def peak_mb() -> float:
    """The most memory that this process has had; `ru_maxrss` would count the parent it was forked from."""
    words = Path("/proc/self/status").read_text().split()
    return int(words[words.index("VmHWM:") + 1]) / 1024


def cpu_of(pid: int) -> float:
    """Processor seconds of a process and its children, as they live: `kc.sh` starts Java."""
    seconds = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if str(pid) in (stat.parent.name, fields[1]):
            seconds += (int(fields[11]) + int(fields[12])) / _TICKS
    return seconds


def _own_cpu() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
