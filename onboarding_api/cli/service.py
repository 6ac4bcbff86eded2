"""`bdt serve`, `bdt worker`, `bdt migrate`: the processes of a running installation."""

import os
import signal
import threading

import click

from idp_extension.gateway import GatewayError
from onboarding_api import bootstrap
from onboarding_api.migrations import migrate as migrate_database
from onboarding_api.settings import read_settings


@click.command()
def migrate() -> None:
    """Bring the database to the present tables; safe to run again."""
    migrate_database(read_settings(whole=False).database_url)
    click.echo("The database is up to date.")


@click.command()
def worker() -> None:
    """Carry out the deliveries, and watch what is changed at Keycloak, until SIGTERM or Ctrl-C."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    settings = read_settings()
    try:
        bootstrap.check_keycloak(settings)
    except GatewayError as error:
        click.echo(
            f"Keycloak does not answer yet ({type(error).__name__}): deliveries to it will wait.",
            err=True,
        )
    delivering = bootstrap.build_worker(settings)
    if settings.watch:
        for part in bootstrap.build_watch(settings):
            threading.Thread(target=part.run, args=(stop,), daemon=True).start()
    delivering.run(stop)


@click.command()
@click.option("--bind", default="127.0.0.1:8400", show_default=True, help="Address and port.")
@click.option("--threads", default=8, show_default=True, help="Requests served at once.")
def serve(bind: str, threads: int) -> None:
    """Serve the portal with gunicorn, one process (several: run gunicorn yourself)."""
    read_settings()  # bad settings are told here, not in a worker's traceback
    os.execvp(  # noqa: S606 - gunicorn takes the place of this process and its signals
        "gunicorn", ["gunicorn", "--bind", bind, "--threads", str(threads), "onboarding_api:create_app()"]
    )
