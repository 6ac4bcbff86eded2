"""`bdt bench decision`: how long from a decision to a fresh token that shows it."""

import statistics
import tempfile
import time
from pathlib import Path

import click

from demo.story import EUS, Story
from demo.system import Ports, System
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


bench.add_command(bench_command, "policy")
