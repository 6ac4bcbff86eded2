"""`bdt demo`: start everything, walk the story, stay up."""

import signal
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from demo.browser import NotOnPage
from demo.cluster.measure import measure_decisions, measure_log_ins
from demo.cluster.system import Cluster
from demo.cluster.walk import walk as walk_cluster
from demo.story import CENDRINE, PASSWORD, PAUL, Story
from demo.system import ENVIRONMENT_FILE, CannotStart, Ports, System
from demo.witness import NotSeen
from idp_extension.gateway import GatewayError
from idp_extension.server import ServerError

console = Console(highlight=False)
DECISIONS = 40
LONGEST_P95_SECONDS = 1.0
"""From a decision to the tokens of every node."""


@click.command()
@click.option("--walk", is_flag=True, help="Walk the guide's story.")
@click.option("--once", is_flag=True, help="Exit after the story: 0 when every step held.")
@click.option("--cluster", is_flag=True, help="Two nodes of Keycloak, two portals, three workers; then exit.")
@click.option("--directory", type=click.Path(path_type=Path), default=Path("var/demo"), show_default=True)
def demo(walk: bool, once: bool, cluster: bool, directory: Path) -> None:
    """Run the whole system on this machine: Keycloak, portal, worker, mailbox, a sample service."""
    began = time.monotonic()
    _on_stop(_stop_once)
    try:
        if cluster:
            sys.exit(0 if _walk_cluster(directory.resolve()) else 1)
        with System(directory.resolve(), Ports(), _Progress()) as system:
            story = Story(system)
            held = not walk or _walk(story)
            console.print(f"[bold]{time.monotonic() - began:.0f} s[/bold]")
            if once or not held:
                sys.exit(0 if held else 1)
            _tell_addresses(system, story)
            signal.pause()
    except (CannotStart, ServerError, GatewayError) as error:
        console.print(f"[red]{error}[/red]")
        sys.exit(2)
    except KeyboardInterrupt:
        console.print("Everything is stopped.")


def _on_stop(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    # A shell's background job ignores Ctrl-C, and a supervisor sends SIGTERM: both stop all we started.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, handler)


def _stop_once(_number: int, _frame: FrameType | None) -> None:
    _on_stop(signal.SIG_IGN)  # an impatient second Ctrl-C must not interrupt the stopping
    raise KeyboardInterrupt


class _Progress:
    """Prints each new step, and each tenth of a download."""

    def __init__(self) -> None:
        self._last = ("", -1)

    def __call__(self, what: str, done: int, total: int) -> None:
        step = (what, done * 10 // total if total else -1)
        if step != self._last:
            self._last = step
            console.print(f"[dim]{what}{f' {done * 100 // total} %' if total else ''}[/dim]")


def _walk(story: Story) -> bool:
    for number, (title, act) in enumerate(story.steps, 1):
        began = time.monotonic()
        try:
            proof = act()
        except Exception as error:
            console.print(
                f"[red]✘ {number:2}/12 {title}[/red]\n      {type(error).__name__}: {error}", soft_wrap=True
            )
            return False
        console.print(f"[green]✔[/green] {number:2}/12 {title} [dim]({time.monotonic() - began:.1f} s)[/dim]")
        console.print(f"        {proof}", style="cyan", soft_wrap=True)
    return True


def _walk_cluster(directory: Path) -> bool:
    """The story while one of each is killed, then how long decisions take to reach both nodes."""
    with Cluster(directory, _Progress()) as system:
        story = Story(system)
        try:
            walk_cluster(system, story, lambda line: console.print(line, soft_wrap=True))
            decided, entered = measure_decisions(system, story, DECISIONS), measure_log_ins(system, story)
        except (NotSeen, NotOnPage) as error:
            console.print(f"[red]✘ {type(error).__name__}: {error}[/red]", soft_wrap=True)
            return False
    p95 = statistics.quantiles(decided.seconds, n=20)[18]
    console.print(
        f"decision -> fresh token of both nodes, {DECISIONS} decisions: "
        f"p50 {statistics.median(decided.seconds) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, "
        f"max {decided.seconds[-1] * 1000:.0f} ms; {decided.bytes_each:.0f} bytes stay of each\n"
        f"log-ins with a password: {entered.per_second:.1f} a second, "
        f"{entered.cpu_seconds_each * 1000:.0f} ms of Keycloak's CPU and {entered.bytes_each:.0f} bytes each",
        soft_wrap=True,
    )
    return p95 <= LONGEST_P95_SECONDS


def _tell_addresses(system: System, story: Story) -> None:
    console.print("\n[bold]The system is up; Ctrl-C stops it.[/bold]")
    for name, url in (
        ("Portail", system.portal_url),
        ("Mes prêts en ligne", system.mes_prets_url),
        ("E-mails reçus", system.mailbox_url),
        ("Keycloak", system.keycloak_url),
    ):
        console.print(f"  {name:20} {url}")
    console.print(f"  {'Courriers':20} {system.spool}")
    environment = system.directory / ENVIRONMENT_FILE
    console.print(f"  {'Commandes bdt':20} set -a; . {environment}; set +a", soft_wrap=True)
    for email in (CENDRINE, PAUL):
        if email in story.identifiants:
            console.print(f"  {'Se connecter':20} {story.identifiants[email]} / {PASSWORD}  ({email})")
