"""`bdt deliveries`: what waits to leave the house, what is parked, and the operator's two commands."""

import sys
from collections.abc import Callable
from datetime import timedelta

import click

from onboarding_api.bootstrap import build_ledger
from onboarding_api.delivery.ledger import Ledger
from onboarding_api.model.delivery import without_address
from onboarding_api.model.refusals import NotFound, NotPossibleNow
from onboarding_api.settings import read_settings

LATE = timedelta(minutes=10)


@click.group()
def deliveries() -> None:
    """What waits to leave the house, and what is parked."""


@deliveries.command("list")
def list_command() -> None:
    """Show the counters and each parked row; ids and error classes only."""
    ledger = _ledger()
    counters = ledger.counters()
    for kind, count in sorted(counters.open_by_kind.items()):
        click.echo(f"{count:6} {kind}")
    click.echo(f"oldest due since {counters.oldest_age.total_seconds():.0f} s, {counters.parked} parked")
    for row in ledger.parked():
        click.echo(
            f"{row.id}  {row.kind}  {without_address(row.args)}  after {row.attempts} tries: {row.last_error}"
        )


@deliveries.command("retry")
@click.argument("delivery_id")
def retry_command(delivery_id: str) -> None:
    """Re-open a parked row."""
    _tell(lambda ledger: ledger.reopen(delivery_id))


@deliveries.command("cancel")
@click.argument("delivery_id")
def cancel_command(delivery_id: str) -> None:
    """Give a row up: it will not leave."""
    _tell(lambda ledger: ledger.cancel(delivery_id))


@deliveries.command("health")
def health_command() -> None:
    """Exit code 1 when a due row has been waiting for more than ten minutes: no worker is running."""
    age = _ledger().counters().oldest_age
    click.echo(f"oldest due since {age.total_seconds():.0f} s")
    sys.exit(1 if age > LATE else 0)


def _ledger() -> Ledger:
    return build_ledger(read_settings())


def _tell(act: Callable[[Ledger], None]) -> None:
    try:
        act(_ledger())
    except NotFound:
        raise click.ClickException("There is no such delivery.") from None
    except NotPossibleNow as error:
        raise click.ClickException(str(error)) from None
    click.echo("Done.")
