"""`bdt person`: shut somebody out, and let her in again."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from onboarding_api.acts.act import Office
from onboarding_api.bootstrap import build_office
from onboarding_api.model.disabling import DisabledBy
from onboarding_api.model.refusals import NotFound, NotPossibleNow
from onboarding_api.settings import read_settings
from onboarding_api.usecases.account.shut_out import disable_person, wake_person


@click.group()
def person() -> None:
    """People, by their identifiant."""


@person.command("disable")
@click.argument("identifiant")
def disable_command(identifiant: str) -> None:
    """Shut somebody out: her sessions end, her account is disabled at Keycloak."""
    with _office(identifiant) as office:
        disable_person(office, identifiant, DisabledBy.DESK)
    click.echo(f"{identifiant} is shut out; a worker tells Keycloak.")


@person.command("wake")
@click.argument("identifiant")
def wake_command(identifiant: str) -> None:
    """Let somebody in again, who was shut out here or at Keycloak: nothing else does."""
    with _office(identifiant) as office:
        wake_person(office, identifiant)
    click.echo(f"{identifiant} is let in again; a worker tells Keycloak.")


@contextmanager
def _office(identifiant: str) -> Iterator[Office]:
    office = build_office(read_settings(whole=False))
    try:
        yield office
    except NotFound:
        raise click.ClickException(f"nobody has the identifiant {identifiant}") from None
    except NotPossibleNow:
        raise click.ClickException(f"{identifiant} is not shut out") from None
    finally:
        office.database.engine.dispose()
