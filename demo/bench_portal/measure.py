"""`bdt bench portal`: each page of the heaviest visitors, timed, counted and weighed."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from demo.bench_portal.portal import PortalUnderLoad
from demo.bench_portal.routes import ROUTES, check_declared
from demo.bench_portal.visitors import Visitor
from demo.bench_portal.watch import watching
from onboarding_api.model.base import Database

MOST_MILLISECONDS, MOST_STATEMENTS, MOST_BYTES = 100.0, 12, 100_000
_PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Cost:
    """What one page costs one visitor."""

    endpoint: str
    kind: str
    address: str
    status: int
    p50: float
    p95: float
    cpu: float
    statements: int
    size: int

    @property
    def is_held(self) -> bool:
        """Whether the goals are held."""
        return (
            self.p95 <= MOST_MILLISECONDS and self.statements <= MOST_STATEMENTS and self.size <= MOST_BYTES
        )


def visits(portal: PortalUnderLoad) -> Iterator[tuple[str, Visitor, str]]:
    """Every GET route, every visitor of it, every address."""
    check_declared(portal.app.url_map)
    for endpoint, (kinds, addresses) in ROUTES.items():
        for kind in sorted(kinds):
            for address in addresses(portal.visitors[kind]):
                yield endpoint, portal.visitors[kind], address


def measure(portal: PortalUnderLoad, times: int) -> Iterator[Cost]:
    """The cost of each visit: once to warm up and to count, then timed."""
    for endpoint, visitor, address in visits(portal):
        portal.get(visitor, address)
        with watching(portal.database.engine) as statements:
            answer = portal.get(visitor, address)
        timed = [_timed(portal, visitor, address) for _ in range(times)]
        milliseconds = sorted(wall for wall, _cpu in timed)
        yield Cost(
            endpoint,
            visitor.kind,
            address,
            answer.status_code,
            statistics.median(milliseconds),
            milliseconds[max(0, round(0.95 * times) - 1)],
            statistics.median(cpu for _wall, cpu in timed),
            len(statements),
            len(answer.data),
        )


def _timed(portal: PortalUnderLoad, visitor: Visitor, address: str) -> tuple[float, float]:
    """Milliseconds of one request by the clock on the wall, and of this process alone."""
    began, worked = time.perf_counter(), time.process_time()
    portal.get(visitor, address)
    return (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000


def resident_bytes() -> int:
    """Memory of this process that is in use now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES


@click.command("portal")
@click.option("--times", default=20, show_default=True, help="How often each page is timed.")
@click.option("--all", "is_all", is_flag=True, help="Each visit, not the worst of each page.")
@click.option(
    "--database-url", envvar="BDT_DATABASE_URL", required=True, show_envvar=True, help="SQLAlchemy URL."
)
def portal_command(times: int, is_all: bool, database_url: str) -> None:
    """Every GET page for the heaviest person of each kind, on a database that `bdt sample country` filled.

    Goals: p95 of at most 100 ms of server time, 12 SQL statements, 100 KB, memory that does not grow.
    """
    database = Database(database_url)
    portal = PortalUnderLoad(database, database_url)
    try:
        costs = list(measure(portal, times))
        before = resident_bytes()
        for _ in range(3):
            for _endpoint, visitor, address in visits(portal):
                portal.get(visitor, address)
        growth = resident_bytes() - before
    finally:
        portal.close()
        database.engine.dispose()
    shown = costs if is_all else list(_worst(costs))
    click.echo(
        f"{'page':38} {'visitor':42} {'p50 ms':>7} {'p95 ms':>7} {'CPU ms':>7} {'SQL':>4} {'bytes':>7}"
    )
    for cost in shown:
        mark = "" if cost.is_held else "  MISSED"
        click.echo(
            f"{cost.endpoint:38} {cost.kind:42} {cost.p50:7.1f} {cost.p95:7.1f} "
            f"{cost.cpu:7.1f} {cost.statements:4} {cost.size:7}{mark}"
        )
    missed = sum(not cost.is_held for cost in costs)
    click.echo(
        f"{len(costs)} visits of {len(ROUTES)} routes, {missed} missed a goal; memory grew by "
        f"{growth / 1_000_000:.1f} MB over three more rounds"
    )
    raise SystemExit(1 if missed else 0)


def _worst(costs: list[Cost]) -> Iterator[Cost]:
    """Of each page the visit that takes longest, those of missed goals first."""
    for endpoint in ROUTES:
        yield max(
            (cost for cost in costs if cost.endpoint == endpoint),
            key=lambda cost: (not cost.is_held, cost.statements > MOST_STATEMENTS, cost.p95),
        )
