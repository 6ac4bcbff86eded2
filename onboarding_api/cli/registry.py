"""`bdt registry …`: the structures of France, from the open data to the table."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from onboarding_api.model.base import Database
from onboarding_api.registry.bench import bench_search
from onboarding_api.registry.build import BuildRefused, build_register
from onboarding_api.registry.code_tiers import import_code_tiers
from onboarding_api.registry.load import load_register
from onboarding_api.registry.search import MalformedSiren, MalformedSiret, NotHeld, search
from onboarding_api.registry.shipped import DATA
from onboarding_api.registry.town_halls import import_addresses

_database = click.option(
    "--database-url", envvar="BDT_DATABASE_URL", required=True, show_envvar=True, help="SQLAlchemy URL."
)


@click.group()
def registry() -> None:
    """The communes and EPCI of France."""


@registry.command("build")
@click.option("--into", default=DATA, show_default=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--addresses", type=click.File("rb"), help="La Poste's file: makes the town halls again too.")
def build_command(into: Path, addresses: BinaryIO | None) -> None:
    """Make the shipped register again from the open data (needs npm)."""
    try:
        provenance = build_register(into, addresses.read() if addresses else None)
    except BuildRefused as error:
        raise click.ClickException(str(error)) from None
    for kind, count in provenance["counts"].items():
        click.echo(f"{kind}: {count:,}")
    click.echo(f"register sha256: {provenance['register_sha256']}")


@registry.command("load")
@_database
def load_command(database_url: str) -> None:
    """Write the shipped register into the database; again after each new vintage."""
    with _opened(database_url) as database, database.writing() as session:
        report = load_register(session)
    for word, count in report._asdict().items():
        click.echo(f"{word}: {count:,}")


@registry.command("import-code-tiers")
@click.argument("file", type=click.File("rb"))
@_database
def import_code_tiers_command(file: BinaryIO, database_url: str) -> None:
    """Give their code tiers to structures, from a CSV file; all of it or nothing."""
    with _opened(database_url) as database, database.writing() as session:
        report = import_code_tiers(session, file)
    for line, fault in report.faults:
        click.echo(f"line {line}: {fault}", err=True)
    if report.faults:
        count = len(report.faults)
        raise click.ClickException(f"{count} fault{'' if count == 1 else 's'}, nothing was loaded")
    click.echo(f"changed: {report.changed:,}\nunchanged: {report.unchanged:,}")


@registry.command("import-addresses")
@click.argument("file", type=click.File("rb"))
@_database
def import_addresses_command(file: BinaryIO, database_url: str) -> None:
    """Take the town halls' postcodes from La Poste's file of postcodes (CSV, Licence Ouverte)."""
    with _opened(database_url) as database, database.writing() as session:
        report = import_addresses(session, file)
    if report.fault:
        raise click.ClickException(report.fault)
    for line in report.at_odds:
        click.echo(f"unknown to the register: {line}", err=True)
    click.echo(f"changed: {report.changed:,}\nunchanged: {report.unchanged:,}")
    click.echo(f"asked before a letter leaves: {report.untold:,}")


@registry.command("search")
@click.argument("text", nargs=-1, required=True)
@_database
def search_command(text: tuple[str, ...], database_url: str) -> None:
    """Find a structure by name, postcode, SIREN, SIRET, INSEE code or code tiers."""
    try:
        with _opened(database_url) as database, database.reading() as session:
            hits = search(session, " ".join(text))
    except (MalformedSiren, MalformedSiret, NotHeld) as error:
        raise click.ClickException(error.reason) from None
    for hit in hits:
        epci = f" · {hit.epci_name}" if hit.epci_name else ""
        click.echo(f"{hit.siren}  {hit.name} ({hit.departement} {hit.departement_name}){epci}")
    click.echo(f"{len(hits)} found")


@registry.command("bench-search")
@_database
def bench_search_command(database_url: str) -> None:
    """Time 500 searches drawn from the register (goal: p95 of at most 50 ms)."""
    with _opened(database_url) as database, database.reading() as session:
        bench = bench_search(session)
    click.echo(f"{bench.searches} searches: p50 {bench.p50:.1f} ms, p95 {bench.p95:.1f} ms, ", nl=False)
    click.echo(f"slowest {bench.slowest:.1f} ms (« {bench.slowest_text} »)")


@contextmanager
def _opened(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    try:
        yield database
    finally:
        database.engine.dispose()
