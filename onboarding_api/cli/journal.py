"""`bdt journal …`: is the chain whole, and the decisions that `bdt policy replay` asks again."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.orm import Session

from onboarding_api.bootstrap import build_database
from onboarding_api.cli.moment import moment_of
from onboarding_api.model.journal import decisions_since, first_broken_link
from onboarding_api.settings import read_settings


@click.group()
def journal() -> None:
    """Who did what, under which rules."""


@journal.command()
def verify() -> None:
    """Read the whole chain; exit code 1 names the first row that does not fit."""
    with _reading() as session:
        broken = first_broken_link(session)
    click.echo("The journal is whole." if broken is None else f"The journal is broken at row {broken}.")
    sys.exit(0 if broken is None else 1)


@journal.command()
@click.option("--since", help="From this moment on, ISO 8601 with zone; else from the beginning.")
def export(since: str | None) -> None:
    """Write the decisions, one JSON document a line, as `bdt policy replay FILE --with REV` reads them."""
    beginning = moment_of(since) if since else None
    with _reading() as session:
        for decision in decisions_since(session, beginning):
            click.echo(json.dumps(decision))


@contextmanager
def _reading() -> Iterator[Session]:
    database = build_database(read_settings(whole=False))
    try:
        with database.reading() as session:
            yield session
    finally:
        database.engine.dispose()
