"""`bdt backup DIR`, `bdt restore DIR`: a copy of the house, and a house of a copy."""

from datetime import UTC, datetime
from pathlib import Path

import click

from onboarding_api.backup.make import make_backup
from onboarding_api.backup.manifest import BackupUnfit, Beside
from onboarding_api.backup.restore import PER_SECOND, Convergence, Restored, restore_backup
from onboarding_api.bootstrap import build_database
from onboarding_api.cli.realm.wanted import REALM_CONFIG
from onboarding_api.settings import Settings, read_settings

_directory = click.argument("directory", type=click.Path(file_okay=False, path_type=Path))


@click.command()
@_directory
def backup(directory: Path) -> None:
    """Write the database, the realm at rest, the names of the keys and the list of the spool to DIRECTORY.

    The house may go on working. Keys and Keycloak's own database are kept elsewhere.
    """
    settings = read_settings(whole=False)
    database = build_database(settings)
    try:
        made = make_backup(database, _beside(settings), directory, datetime.now(UTC))
    except BackupUnfit as error:
        raise click.ClickException(str(error)) from None
    finally:
        database.engine.dispose()
    rows = sum(told["rows"] for told in made.tables.values())
    click.echo(
        f"{rows:,} rows, journal up to row {made.journal['seq']:,}, {len(made.spool)} files in the spool."
    )
    click.echo(f"Keys to keep elsewhere: BDT_CODE_KEYS {', '.join(made.code_keys)}.")


@click.command()
@_directory
@click.option("--lost-key", "lost_keys", multiple=True, help="Id of a key of the codes that is lost.")
@click.option(
    "--new-passwords",
    is_flag=True,
    help="Keycloak's own database was lost: mail everybody a new password link.",
)
@click.option(
    "--per-second",
    default=PER_SECOND,
    show_default=True,
    type=click.IntRange(min=1),
    help="People brought to Keycloak, and mailed, in a second.",
)
def restore(directory: Path, lost_keys: tuple[str, ...], new_passwords: bool, per_second: int) -> None:
    """Read a backup into an empty database, then have the workers bring Keycloak to it."""
    settings = read_settings(whole=False)
    database = build_database(settings)
    try:
        restored = restore_backup(
            database,
            _beside(settings),
            directory,
            datetime.now(UTC),
            lost_keys=lost_keys,
            convergence=Convergence(per_second, new_passwords),
        )
    except BackupUnfit as error:
        raise click.ClickException(str(error)) from None
    finally:
        database.engine.dispose()
    _tell(restored)


def _beside(settings: Settings) -> Beside:
    return Beside(REALM_CONFIG, settings.spool_directory, settings.code_keys)


def _tell(restored: Restored) -> None:
    click.echo(f"{restored.rows:,} rows; {restored.people:,} people are on their way to Keycloak.")
    if restored.until:
        click.echo(f"What was decided after {restored.until.isoformat()} has to be decided again.")
    for name in restored.letters_gone:
        click.echo(f"The letter file {name} is no longer in the spool: it was taken, or it is lost.")
    for name in restored.realm_changed:
        click.echo(f"realm-config/{name} is not what it was: look at `bdt realm plan`.")
