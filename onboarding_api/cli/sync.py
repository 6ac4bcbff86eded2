"""`bdt sync plan|apply`: Keycloak against the database, the whole country or one of it."""

import csv
import io
import json
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from idp_extension.gateway import KeycloakGateway
from idp_extension.keep_alive import KeepAliveAPI
from idp_extension.sync.applying.apply import Applied, Apply
from idp_extension.sync.applying.guard import NotOurs, TooManyRemovals, check_marker, check_removals
from idp_extension.sync.applying.load import Loader
from idp_extension.sync.applying.patience import Patience
from idp_extension.sync.applying.plan_file import About, Plan, PlanRefused, check_plan, read_plan, write_plan
from idp_extension.sync.difference import Difference
from idp_extension.sync.kinds import Kind
from idp_extension.sync.look import look_at_person, look_at_structure, look_everywhere, read_state
from onboarding_api.acts.act import Office
from onboarding_api.bootstrap import (
    SYNC_ACCOUNT,
    build_database,
    build_gateway,
    build_office,
    build_watch,
)
from onboarding_api.cli.moment import moment_of
from onboarding_api.delivery.house import DatabaseHouse
from onboarding_api.model.projection.drift import found_since
from onboarding_api.settings import Settings, client_key, read_settings
from policies.catalogue.loader import load_catalogue

FORMATS = ("text", "json", "csv")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
THREADS = 4
PATIENCE_SECONDS = 300.0
LATELY = timedelta(days=7)
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of the comparison, open, and what is looked at: all, one person or one structure."""

    settings: Settings
    office: Office
    house: DatabaseHouse
    api: KeepAliveAPI
    gateway: KeycloakGateway
    person: str | None
    structure: str | None

    def plan(self, path: Path) -> Plan:
        """Look, and write down what was found."""
        settings, made_at = self.settings, self.office.clock()
        size, found = 0, self._one()
        if found is None:
            state = read_state(self.api)
            size, found = state.size, look_everywhere(self.house, state, self.api.realm, _catalogue())
        about = About(settings.keycloak_realm, settings.public_url, made_at, size)
        return write_plan(path, about, found, _seal_key(settings))

    def _one(self) -> Iterator[Difference] | None:
        if self.person:
            return look_at_person(self.house, self.api, self.person.lower())
        if self.structure:
            return look_at_structure(self.house, self.api, self.structure, _catalogue())
        return None


@click.group()
def sync() -> None:
    """Keycloak against the database: what differs, and its repair."""


@sync.command("plan")
@click.option("--out", type=click.Path(path_type=Path), help="Keep the plan in this file, for apply.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--person", help="This identifiant only.")
@click.option("--structure", help="This SIREN only.")
def plan_command(out: Path | None, format_: str, **only: str | None) -> None:
    """Show what differs; nothing is written to Keycloak. Exit code 1 when there is something."""
    with _sides(**only) as sides, _place(out) as path:
        plan = sides.plan(path)
        show(plan, format_)
        if out and format_ == "text":
            click.echo(f"{out}, sealed {plan.digest[:16]}, good for an hour")
        sys.exit(1 if plan.counts else 0)


@sync.command("apply")
@click.argument("plan_file", required=False, type=click.Path(path_type=Path, exists=True))
@click.option("--yes-remove", type=int, help="The exact number of removals that were read and are meant.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--threads", default=THREADS, show_default=True, type=click.IntRange(1, 32))
@click.option("--person", help="This identifiant only.")
@click.option("--structure", help="This SIREN only.")
def apply_command(
    plan_file: Path | None, yes_remove: int | None, dry_run: bool, threads: int, **only: str | None
) -> None:
    """Make Keycloak what the database says; with PLAN_FILE, only what that plan found and is still so.

    May be interrupted and run again at any moment: what was done is found done.
    """
    with _sides(**only) as sides, _place(None) as path:
        try:
            check_marker(sides.api, sides.settings.public_url)
            approved = None if plan_file is None else _approved(sides, plan_file)
            found = sides.plan(path)
            if approved is not None:
                found = _still(sides, found, approved)
            check_removals(found, yes_remove)
        except (NotOurs, PlanRefused, TooManyRemovals) as error:
            raise click.ClickException(str(error)) from None
        if dry_run:
            show(found, "text")
            return
        applied = _apply(sides, found, threads)
    _tell(applied)


@sync.command("watch")
def watch_command() -> None:
    """Watch what is changed at Keycloak until SIGTERM or Ctrl-C, as workers do unless BDT_WATCH=false."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    parts = [threading.Thread(target=part.run, args=(stop,)) for part in build_watch(read_settings())]
    for part in parts:
        part.start()
    for part in parts:
        part.join()


@sync.command("drift")
@click.option("--since", help="From this moment on, ISO 8601 with zone; a week when not given.")
@click.option("--json", "as_json", is_flag=True, help="One document a line.")
def drift_command(since: str | None, as_json: bool) -> None:
    """Show what was found changed by hand: what, of whom, what was done, and who did it, when, from where."""
    database = build_database(read_settings())
    since_when = moment_of(since) if since else datetime.now(UTC) - LATELY
    with database.reading() as session:
        for row in found_since(session, since_when):
            click.echo(json.dumps(row.document(), ensure_ascii=False) if as_json else str(row))
    database.engine.dispose()


def show(plan: Plan, format_: str) -> None:
    """Print a plan."""
    if format_ == "json":
        head = {"realm": plan.about.realm, "made_at": plan.about.made_at.isoformat(), "digest": plan.digest}
        rows = [asdict(each) | {"words": str(each)} for each in plan.differences()]
        click.echo(
            json.dumps(head | {"counts": plan.counts, "differences": rows}, ensure_ascii=False, indent=1)
        )
    elif format_ == "csv":
        lines = io.StringIO()
        writer = csv.writer(lines)
        writer.writerow(["kind", "subject", "detail", "wanted", "found", "keycloak_id", "remedy", "words"])
        for each in plan.differences():
            # A spreadsheet must not take what somebody planted for a formula.
            row = (*asdict(each).values(), each.meaning.remedy, str(each))
            writer.writerow([f"'{cell}" if str(cell).startswith(FORMULA) else cell for cell in row])
        click.echo(lines.getvalue(), nl=False)
    else:
        for each in plan.differences():
            click.echo(f"{each.meaning.remedy:7} {each}")
        for kind, count in sorted(plan.counts.items()):
            click.echo(f"{count:9,} {kind}")
        click.echo(f"{sum(plan.counts.values())} differences, {plan.removals} removals")


def _approved(sides: Sides, plan_file: Path) -> Plan:
    approved = read_plan(plan_file, _seal_key(sides.settings))
    check_plan(approved, sides.settings.keycloak_realm, sides.settings.public_url, sides.office.clock())
    return approved


def _still(sides: Sides, found: Plan, approved: Plan) -> Plan:
    """What was approved and is still so: a newer difference was read by nobody."""
    keys = {hash(each.key) for each in approved.differences()}
    still = (each for each in found.differences() if hash(each.key) in keys)
    plan = write_plan(found.path.with_suffix(".still"), found.about, still, _seal_key(sides.settings))
    if newer := sum(found.counts.values()) - sum(plan.counts.values()):
        click.echo(f"{newer} differences are newer than the plan, and left")
    return plan


def _apply(sides: Sides, plan: Plan, threads: int) -> Applied:
    if not plan.open_counts:
        return Applied()
    loader = Loader(sides.api)
    missing = (each.detail for each in plan.differences() if each.kind is Kind.SERVICE_GROUP_MISSING)
    loader.read_roles(frozenset(missing))
    run = Apply(sides.house, sides.gateway, loader, Patience(PATIENCE_SECONDS), threads)
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    is_seen = sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not is_seen) as bar:
        task = bar.add_task("sync", rate=0.0)

        def tell(done: int, total: int) -> None:
            speed = bar.tasks[0].speed or 0.0
            bar.update(task, completed=done, total=total, rate=speed)

        return run.run(plan.differences(), tell)


def _tell(applied: Applied) -> None:
    for subject, why in applied.failures:
        click.echo(f"{subject}: {why}", err=True)
    click.echo(
        f"{applied.writes} writes, {applied.kept} ids kept, {applied.done} repaired,"
        f" {len(applied.failures)} failed"
    )
    if applied.is_stopped:
        click.echo("Stopped; run it again to go on.", err=True)
        sys.exit(_INTERRUPTED)
    sys.exit(1 if applied.failures else 0)


@contextmanager
def _sides(person: str | None, structure: str | None) -> Iterator[Sides]:
    settings = read_settings()
    office = build_office(settings)
    key = client_key(SYNC_ACCOUNT, "BDT_SYNC_KEY", settings.sync_key)
    speaking = KeepAliveAPI.speaking(
        settings.keycloak_url, settings.keycloak_realm, key, issuer=settings.issuer, threads=32
    )
    try:
        with closing(speaking) as api, build_gateway(settings) as gateway:
            yield Sides(settings, office, DatabaseHouse(office), api, gateway, person, structure)
    finally:
        office.database.engine.dispose()


@contextmanager
def _place(out: Path | None) -> Iterator[Path]:
    """Where the plan is written: kept, or gone with the command."""
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="bdt-sync-") as directory:
        yield Path(directory, "plan.ndjson")


def _seal_key(settings: Settings) -> bytes:
    return f"sync plan {settings.secret_key}".encode()


def _catalogue() -> frozenset[str]:
    return frozenset(load_catalogue().services)
