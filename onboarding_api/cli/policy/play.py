"""`bdt policy play --live`: the playground of the rules, on the people of the database."""

import click

from onboarding_api.access.scene import RealPeople
from onboarding_api.cli.policy.live import opened_database
from onboarding_api.delivery.clock import clock_of
from policies.review.commands.play import serve


def play_live(ctx: click.Context, database_url: str, port: int) -> None:
    """Serve until interrupted; the database is read, never written."""
    with opened_database(database_url) as database:
        serve(ctx, port, RealPeople(database, clock_of(database)))
