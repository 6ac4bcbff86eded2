"""Make a backup: one snapshot of the database, the realm at rest, and lists of what is kept elsewhere.

Keys are named, never copied: a backup without them opens no letter. The spool is listed, since its letters
are for the printer to take once, not twice. Accounts and passwords are Keycloak's own, in its database.
"""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from onboarding_api.backup.manifest import (
    FORM,
    REALM,
    TABLES,
    BackupUnfit,
    Beside,
    Manifest,
    fingerprints,
    table_file,
    write_manifest,
)
from onboarding_api.backup.rows import digest_of, dump, kept_tables
from onboarding_api.migrations import check_schema, latest_revision
from onboarding_api.model.base import Database
from onboarding_api.model.journal import GENESIS, JournalHead

_OWNER_ONLY = 0o700


def make_backup(database: Database, beside: Beside, directory: Path, now: datetime) -> Manifest:
    """Write a backup into a directory that is not there yet.

    It is made under another name and moved at its end: an interrupted one is never taken for a backup.

    Args:
        database: of the house; it may go on working.
        beside: what else the house has.
        directory: of the backup.
        now: the moment that the backup tells.

    Raises:
        BackupUnfit: `taken`, something is there already.
        SchemaUnfit: the tables are not those of this program.
        OSError: the disk is full, or the directory cannot be written.
    """
    if directory.exists():
        raise BackupUnfit("taken", f"{directory} is there already: a backup never writes over another.")
    check_schema(database)
    unfinished = directory.with_name(f".{directory.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        manifest = _fill(unfinished, database, beside, now)
        unfinished.rename(directory)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return manifest


def listed(directory: Path) -> dict[str, dict[str, Any]]:
    """Size and digest of each file below a directory, by its path there; hidden ones are of the moment."""
    files = (
        path for path in sorted(directory.rglob("*")) if path.is_file() and not path.name.startswith(".")
    )
    return {
        path.relative_to(directory).as_posix(): {"size": path.stat().st_size, "sha256": digest_of(path)}
        for path in files
    }


def _fill(directory: Path, database: Database, beside: Beside, now: datetime) -> Manifest:
    directory.mkdir(parents=True, mode=_OWNER_ONLY)
    (directory / TABLES).mkdir()
    tables, journal = _dump_all(database, directory)
    shutil.copytree(beside.realm, directory / REALM)
    manifest = Manifest(
        form=FORM,
        made_at=now.isoformat(),
        revision=latest_revision(),
        journal=journal,
        tables=tables,
        realm={name: told["sha256"] for name, told in listed(directory / REALM).items()},
        code_keys=fingerprints(beside.code_keys),
        spool=listed(beside.spool),
    )
    write_manifest(directory, manifest)
    return manifest


def _dump_all(database: Database, directory: Path) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The rows of all tables as of one moment; what the manifest tells of them, and of the journal."""
    tables = {}
    with database.reading() as session:
        _hold_still(session)
        for table in kept_tables():
            file = table_file(directory, table.name)
            tables[table.name] = {"rows": dump(session, table, file), "sha256": digest_of(file)}
        head = session.get(JournalHead, 1)
        journal = {"seq": head.seq, "hash": head.hash} if head else {"seq": 0, "hash": GENESIS}
    return tables, journal


def _hold_still(session: Session) -> None:
    """What others commit from now on is not seen; SQLite does it by itself (write-ahead log)."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
