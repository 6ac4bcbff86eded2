"""`bdt sample country`: the whole country, made up, in an empty database."""

import time

import click

from demo.country.fill import NotFillable, fill
from onboarding_api.model.base import Database
from onboarding_api.settings import PRODUCTION


@click.group()
def sample() -> None:
    """Data sets to measure and to look at."""


@sample.command()
@click.option("--scale", type=click.Choice(["1", "0.1", "0.01"]), default="1", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--database-url", envvar="BDT_DATABASE_URL", required=True, show_envvar=True, help="SQLAlchemy URL."
)
@click.option(
    "--environment", envvar="BDT_ENVIRONMENT", default=PRODUCTION, show_envvar=True, help="demo or test."
)
def country(scale: str, seed: int, database_url: str, environment: str) -> None:
    """Fill an empty database: 36,130 structures, 60,000 people and what happened to them."""
    if environment == PRODUCTION:
        raise click.ClickException(
            "Made-up people have no place in production: set BDT_ENVIRONMENT to demo or test."
        )
    began = time.monotonic()
    database = Database(database_url)
    try:
        filled = fill(database, float(scale), seed)
    except NotFillable as error:
        raise click.ClickException(str(error)) from None
    finally:
        database.engine.dispose()
    for name, count in filled.rows.items():
        click.echo(f"{count:9,} {name}")
    click.echo(f"{time.monotonic() - began:.0f} s")
