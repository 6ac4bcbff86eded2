"""`bdt serve`, `bdt worker`, `bdt migrate`: the processes of a running installation."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from idp_extension.gateway import GatewayError
from idp_extension.server import ServerError
from onboarding_api import bootstrap
from onboarding_api.migrations import SchemaUnfit
from onboarding_api.migrations import migrate as migrate_database
from onboarding_api.settings import BadSettings, Settings, read_settings


def _settings() -> Settings:
    try:
        return read_settings()
    except BadSettings as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _told() -> Iterator[None]:
    """A database without our tables, or a Keycloak without our provider, is told in a sentence."""
    try:
        yield
    except (SchemaUnfit, ServerError) as error:
        raise click.ClickException(str(error)) from None


@click.command()
def migrate() -> None:
    """Bring the database to the present tables; safe to run again."""
    with _told():
        migrate_database(_settings().database_url)
    click.echo("The database is up to date.")


@click.command()
def worker() -> None:
    """Carry out the deliveries until SIGTERM or Ctrl-C."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    settings = _settings()
    with _told():
        try:
            bootstrap.check_keycloak(settings)
        except GatewayError as error:
            click.echo(
                f"Keycloak does not answer yet ({type(error).__name__}): deliveries to it will wait.",
                err=True,
            )
        bootstrap.build_worker(settings).run(stop)


@click.command()
@click.option("--bind", default="127.0.0.1:8400", show_default=True, help="Address and port.")
@click.option("--threads", default=8, show_default=True, help="Requests served at once.")
def serve(bind: str, threads: int) -> None:
    """Serve the portal with gunicorn, one process (several: run gunicorn yourself)."""
    _settings()  # bad settings are told here, not in a worker's traceback
    os.execvp(  # noqa: S606 - gunicorn takes the place of this process and its signals
        "gunicorn", ["gunicorn", "--bind", bind, "--threads", str(threads), "onboarding_api:create_app()"]
    )
