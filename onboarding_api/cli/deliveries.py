"""`bdt deliveries`: what waits to leave the house, what is parked, and the operator's two commands."""

import sys
from collections.abc import Callable
from datetime import timedelta

import click

from onboarding_api.bootstrap import build_ledger
from onboarding_api.delivery.ledger import Ledger
from onboarding_api.delivery.overview import Counters, counters, parked
from onboarding_api.model.ledger.breaker import BreakerState
from onboarding_api.model.ledger.delivery import DeliveryClass
from onboarding_api.model.refusals import NotFound, NotPossibleNow
from onboarding_api.settings import read_settings

LATE = timedelta(minutes=10)


@click.group()
def deliveries() -> None:
    """What waits to leave the house, and what is parked."""


@deliveries.command("list")
def list_command() -> None:
    """Show the targets with their breakers, what waits by class and by kind, and each parked row.

    Ids and error classes only.
    """
    ledger = _ledger()
    found = counters(ledger.database, ledger.clock)
    _show_targets(found)
    for kind, count in sorted(found.open_by_kind.items()):
        click.echo(f"{count:6} {kind}")
    click.echo(f"oldest due since {_seconds(found.oldest_age)}, {sum(found.parked.values())} parked")
    for row in parked(ledger.database):
        click.echo(
            f"{row.id}  {row.kind}  {_words(row.of_class)}  {row.args}  "
            f"after {row.attempts} tries: {row.last_error}"
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
    """Exit code 1 when a row has been due for ten minutes, or what takes a right away is parked."""
    ledger = _ledger()
    found = counters(ledger.database, ledger.clock)
    _show_targets(found)
    click.echo(f"oldest due since {_seconds(found.oldest_age)}")
    if found.are_rights_stuck:
        click.echo(f"{found.parked[DeliveryClass.TAKING_AWAY]} parked that take a right away")
    sys.exit(1 if found.oldest_age > LATE or found.are_rights_stuck else 0)


def _show_targets(found: Counters) -> None:
    for target, breaker in sorted(found.breakers.items()):
        told = "answers" if breaker is BreakerState.CLOSED else f"breaker {_words(breaker)}"
        click.echo(f"{target:10} {told}")
        for place, waiting in sorted(found.waiting.items()):
            if place.target is target:
                name = _words(place.of_class)
                click.echo(f"{waiting.count:6} {name}, oldest due since {_seconds(waiting.age)}")


def _words(value: DeliveryClass | BreakerState) -> str:
    return value.name.lower().replace("_", " ")


def _seconds(age: timedelta) -> str:
    return f"{age.total_seconds():.0f} s"


def _ledger() -> Ledger:
    """Its connections close with the command."""
    ledger = build_ledger(read_settings(whole=False))
    click.get_current_context().call_on_close(ledger.database.engine.dispose)
    return ledger


def _tell(act: Callable[[Ledger], None]) -> None:
    try:
        act(_ledger())
    except NotFound:
        raise click.ClickException("There is no such delivery.") from None
    except NotPossibleNow as error:
        raise click.ClickException(str(error)) from None
    click.echo("Done.")
