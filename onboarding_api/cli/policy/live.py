"""`bdt policy who-can --live`, `what-can --live`: who may do what in the database, now or at a moment."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime

import click
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from onboarding_api.access.who_can import Right, Rights, UnknownQuestion, what_can, who_can
from onboarding_api.cli.moment import moment_of
from onboarding_api.delivery.clock import clock_of
from onboarding_api.migrations import check_schema
from onboarding_api.model.base import Database
from onboarding_api.model.refusals import NotFound
from policies.engine.request import EntityRef


def _who_can(
    database_url: str, is_json: bool, *, action: str, resource: str, moment: str | None, acr: int
) -> None:
    kind, _, name = resource.partition(":")
    if not name:
        raise click.UsageError(f"{resource}: expected a thing, as Habilitation:<id> or Structure:<siren>.")
    with opened(database_url, moment) as (session, now):
        try:
            rights = who_can(session, action, EntityRef(kind, name), now, acr)
        except UnknownQuestion as error:
            raise click.UsageError(f"{error}.") from None
        except NotFound:
            raise click.UsageError(f"{resource}: there is no such thing.") from None
    _tell(rights, is_json, lambda right: f"{right.identifiant} {right.person_id}")


def _what_can(database_url: str, is_json: bool, *, person: str, moment: str | None, acr: int) -> None:
    with opened(database_url, moment) as (session, now):
        try:
            rights = what_can(session, person, now, acr)
        except NotFound:
            raise click.UsageError(f"{person}: there is no such person.") from None
    _tell(rights, is_json, lambda right: f"{right.action} {right.resource}")


@contextmanager
def opened_database(database_url: str) -> Iterator[Database]:
    """The database, once its tables are those of this program.

    Raises:
        UsageError: it is no address of a database.
    """
    try:
        database = Database(database_url)
    except ArgumentError:
        raise click.UsageError("--database-url: not the address of a database.") from None
    try:
        check_schema(database)
        yield database
    finally:
        database.engine.dispose()


@contextmanager
def opened(database_url: str, moment: str | None) -> Iterator[tuple[Session, datetime]]:
    """The database, read at a moment; else now.

    Raises:
        UsageError: it is no address of a database, or no moment.
    """
    with opened_database(database_url) as database:
        now = moment_of(moment) if moment else clock_of(database)()
        with database.reading() as session:
            yield session, now


def _tell(rights: Rights, is_json: bool, line: Callable[[Right], str]) -> None:
    """Print what is held; what SQL alone lists is told as the fault that it is, with exit code 1."""
    if is_json:
        click.echo(json.dumps([asdict(right) for right in rights.held], indent=1))
    else:
        for right in rights.held:
            click.echo(line(right))
    for right in rights.refuted:
        act = f"{right.person_id} {right.action} {right.resource}"
        click.echo(f"not listed: {act}: SQL allows it, the engine refuses", err=True)
    sys.exit(1 if rights.refuted else 0)


ANSWERS: Mapping[str, Callable[..., None]] = {"who-can": _who_can, "what-can": _what_can}
