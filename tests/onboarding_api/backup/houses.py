"""Two houses: what is in one, and whether the other is empty."""

import json
from pathlib import Path

import pytest

from demo.chaos.invariants.books import Books, read_books
from onboarding_api.backup.manifest import BackupUnfit, Beside
from onboarding_api.backup.restore import Restored, restore_backup
from onboarding_api.backup.rows import OF_THE_MOMENT
from onboarding_api.model.base import Database
from tests.builders.portal import MONDAY


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def restore(database: Database, beside: Beside, backup: Path, **more: object) -> Restored:
    return restore_backup(database, beside, backup, MONDAY, **more)  # type: ignore[arg-type]


def kept(books: Books) -> dict[str, list[str]]:
    """What a restore must bring back: all but sessions and the deliveries that it adds."""
    return {
        name: sorted(
            json.dumps(
                {k: v for k, v in row.items() if k not in ("owner", "lease_until")},
                default=str,
                sort_keys=True,
            )
            for row in books.rows(name)
            if ":converging:" not in str(row.get("unique_key"))
        )
        for name in books.tables
        if name not in OF_THE_MOMENT
    }


def refused(database: Database, beside: Beside, backup: Path) -> str:
    with pytest.raises(BackupUnfit) as refusal:
        restore(database, beside, backup)
    assert is_empty(database)
    return refusal.value.code


def is_empty(database: Database) -> bool:
    return all(
        not held for name, held in read_books(url_of(database)).tables.items() if name != "alembic_version"
    )
