"""`bdt journal verify`: the chain of the journal, whole or broken, and where."""

import sys

import click

from onboarding_api.bootstrap import build_database
from onboarding_api.model.journal import first_broken_link
from onboarding_api.settings import read_settings


@click.group()
def journal() -> None:
    """Who did what, under which rules."""


@journal.command()
def verify() -> None:
    """Read the whole chain; exit code 1 names the first row that does not fit."""
    with build_database(read_settings()).reading() as session:
        broken = first_broken_link(session)
    click.echo("The journal is whole." if broken is None else f"The journal is broken at row {broken}.")
    sys.exit(0 if broken is None else 1)
