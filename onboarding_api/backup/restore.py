"""Make a house of a backup: an empty database only, all of it or nothing, then Keycloak follows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from onboarding_api.backup.make import listed
from onboarding_api.backup.manifest import (
    BackupUnfit,
    Beside,
    Manifest,
    fingerprints,
    read_manifest,
    table_file,
)
from onboarding_api.backup.rows import filled_tables, kept_tables, load
from onboarding_api.consequences.person import WELCOME_AFTER
from onboarding_api.migrations import latest_revision, migrate
from onboarding_api.model.base import Database, new_id
from onboarding_api.model.journal import GENESIS, JournalEntry, JournalHead, first_broken_link
from onboarding_api.model.ledger.delivery import DeliveryClass
from onboarding_api.model.ledger.kinds import PERSON, WELCOME
from onboarding_api.model.person import Person

PER_SECOND = 20
CONVERGING = "converging"
"""In the key of the deliveries that are added here."""


@dataclass(frozen=True, slots=True)
class Convergence:
    """How Keycloak is brought to what the backup says.

    Args:
        per_second: people a second; other deliveries have to get through as well.
        new_passwords: also the mail by which a person chooses a password, to everybody whose account is
            open: for a Keycloak whose own database was lost.
    """

    per_second: int = PER_SECOND
    new_passwords: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, and what the operator has to look at.

    `until` is the last moment that the journal knows: what was decided later has to be decided again.
    `letters_gone` lay in the spool and do not any more, `realm_changed` are files of the realm at rest that
    are others now.
    """

    rows: int
    people: int
    until: datetime | None
    letters_gone: tuple[str, ...]
    realm_changed: tuple[str, ...]


def restore_backup(
    database: Database,
    beside: Beside,
    directory: Path,
    now: datetime,
    *,
    lost_keys: Iterable[str] = (),
    convergence: Convergence = Convergence(),
) -> Restored:
    """Read a backup into an empty database.

    Args:
        database: without tables, or with tables and no row.
        beside: what else this house has.
        directory: of the backup.
        now: the moment.
        lost_keys: ids of keys that are known to be lost: the letters written under them open nothing.
        convergence: how Keycloak follows.

    Raises:
        BackupUnfit: `no_backup`, `changed`, `other_form`, `other_revision`, `key_missing`, `not_empty`,
            `broken_journal`; nothing was written.
        SchemaUnfit: the database has tables of another program.
    """
    manifest = read_manifest(directory)
    _check_fits(manifest, beside, frozenset(lost_keys))
    migrate(database.engine.url.render_as_string(hide_password=False))
    with database.writing() as session:
        filled = sorted(filled_tables(session))
        if filled:
            raise BackupUnfit(
                "not_empty", f"The database holds rows of {', '.join(filled)}: give an empty one."
            )
        rows = sum(load(session, table, table_file(directory, table.name)) for table in kept_tables())
        _check_journal(session, manifest)
        people = converge(session, convergence, now)
        until = session.scalars(select(JournalEntry.at).order_by(JournalEntry.seq.desc()).limit(1)).first()
    letters_gone = tuple(sorted(manifest.spool.keys() - listed(beside.spool).keys()))
    return Restored(rows, people, until, letters_gone, _changed_files(manifest, beside))


def _changed_files(manifest: Manifest, beside: Beside) -> tuple[str, ...]:
    declared = {name: told["sha256"] for name, told in listed(beside.realm).items()}
    names = sorted(manifest.realm.keys() | declared.keys())
    return tuple(name for name in names if manifest.realm.get(name) != declared.get(name))


def _check_fits(manifest: Manifest, beside: Beside, lost_keys: frozenset[str]) -> None:
    """This program has the backup's tables, this house its keys."""
    latest = latest_revision()
    if manifest.revision != latest:
        raise BackupUnfit(
            "other_revision",
            f"The backup has tables of version {manifest.revision}, this program those of {latest}: install "
            "the release that made it, restore, then run `bdt migrate`.",
        )
    present = fingerprints(beside.code_keys)
    missing = sorted(
        key_id
        for key_id, told in manifest.code_keys.items()
        if present.get(key_id) != told and key_id not in lost_keys
    )
    if missing:
        raise BackupUnfit(
            "key_missing",
            f"BDT_CODE_KEYS has not the key {', '.join(missing)} of the backup, or another of that name: the "
            "letters written under it would open nothing. Bring it back, or say --lost-key.",
        )


def _check_journal(session: Session, manifest: Manifest) -> None:
    head = session.get(JournalHead, 1)
    told = (head.seq, head.hash) if head else (0, GENESIS)
    if told != (manifest.journal["seq"], manifest.journal["hash"]) or first_broken_link(session) is not None:
        raise BackupUnfit("broken_journal", "The journal of the backup is not whole: take another backup.")


def converge(session: Session, convergence: Convergence, now: datetime) -> int:
    """A delivery for each person, by the way of every other; how many people there are.

    They are given what they had: what is taken from somebody meanwhile goes first.
    """
    run = new_id()
    people = session.execute(select(Person.id, Person.is_active).order_by(Person.identifiant)).all()
    for number, (person_id, is_active) in enumerate(people):
        due = now + timedelta(seconds=number / convergence.per_second)
        args = {"person_id": person_id}
        key = f"{PERSON.name}:{person_id}:{CONVERGING}:{run}"
        session.add(PERSON.row(person_id, key=key, args=args, due=due, of_class=DeliveryClass.GIVING))
        if convergence.new_passwords and is_active:
            key = f"{WELCOME.name}:{person_id}:{CONVERGING}:{run}"
            session.add(WELCOME.row(person_id, key=key, args=args, due=due + WELCOME_AFTER))
    return len(people)
