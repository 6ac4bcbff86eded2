"""`bdt bench`: decision to token, and revocation to Keycloak while a neighbour is in trouble."""

import logging
import statistics
import tempfile
import time
from pathlib import Path

import click
import structlog
from sqlalchemy import delete

from demo.bench_portal.measure import portal_command
from demo.bench_sync.measure import sync_command
from demo.bench_token import token
from demo.bulkheads.measure import measure
from demo.bulkheads.trouble import Trouble
from demo.story import EUS, Story
from demo.system import Ports, System
from onboarding_api.migrations import migrate
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.delivery import Delivery
from policies.review.commands.policy import bench_command

PATIENCE_SECONDS = 30.0


@click.group()
def bench() -> None:
    """Measure, on this machine, with everything real."""


@bench.command()
@click.option("--decisions", default=50, show_default=True)
def decision(decisions: int) -> None:
    """Decision -> effective in a fresh token: an administrator deactivates and reactivates, a service asks.

    The time runs from the click on the button (its HTTP request included) to the end of the log-in whose
    token shows the new state, tried again and again without a pause.
    """
    with (
        tempfile.TemporaryDirectory(prefix="bdt-bench-") as directory,
        System(Path(directory) / "system", Ports.free(), lambda *_: None) as system,
    ):
        story = Story(system)
        for title, act in story.steps[:10]:
            click.echo(f"{title} : {act()}")
        story.welcome_second_user()
        seconds = [_measure(story, number % 2 == 1) for number in range(decisions)]
    cuts = statistics.quantiles(seconds, n=20)
    click.echo(
        f"decision -> fresh token, {decisions} decisions: p50 {statistics.median(seconds) * 1000:.0f} ms, "
        f"p95 {cuts[18] * 1000:.0f} ms, max {max(seconds) * 1000:.0f} ms (log-in for the token included)"
    )


def _measure(story: Story, is_grant: bool) -> float:
    wanted = ["suivi"] if is_grant else []
    began = time.monotonic()
    story.decide("Réactiver" if is_grant else "Désactiver")
    while time.monotonic() - began < PATIENCE_SECONDS:
        if story.token(story.paul, EUS)[1] == wanted:
            return time.monotonic() - began
    raise click.ClickException(f"the decision was not effective after {PATIENCE_SECONDS:.0f} s")


@bench.command()
@click.option("--database", "database_url", default="", help="Of its own and empty; SQLite when not given.")
@click.option("--revocations", default=50, show_default=True)
def bulkheads(database_url: str, revocations: int) -> None:
    """Revocation -> Keycloak is told, while mail, letters, strangers or bad rows are in the way.

    A worker with the product's targets and threads and no breaker; Keycloak is a witness that takes 20 ms.
    The database is emptied of deliveries between the troubles.
    """
    with tempfile.TemporaryDirectory(prefix="bdt-bench-") as directory:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        url = database_url or f"sqlite:///{Path(directory, 'bench.db')}"
        migrate(url)
        database = Database(url)
        click.echo(f"{url.partition(':')[0]}, {revocations} revocations each: p50, p95, max in ms")
        for trouble in Trouble:
            found = measure(database, trouble, revocations)
            p50, p95, most = (f"{1000 * each:6.0f}" for each in (found.p50, found.p95, max(found.seconds)))
            click.echo(f"{p50} {p95} {most}  {trouble}")
            _empty(database)
        database.engine.dispose()


def _empty(database: Database) -> None:
    with database.writing() as session:
        session.execute(delete(Delivery))


bench.add_command(bench_command, "policy")
bench.add_command(portal_command)
bench.add_command(sync_command)
bench.add_command(token)
