"""Rows of the tables as lines of JSON, the same for SQLite and PostgreSQL."""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

import onboarding_api.model  # noqa: F401 - fills the metadata with every table
from onboarding_api.model.base import Base, Instant

ROWS_AT_A_TIME = 1000
OF_THE_MOMENT = frozenset({"breaker", "limit_window", "web_session"})
"""Tables that are not kept: who was logged in logs in again; limits and breakers count from the start."""
_LEASE = ("owner", "lease_until")


def kept_tables() -> tuple[Table, ...]:
    """The tables of a backup, those first to which others refer."""
    return tuple(table for table in Base.metadata.sorted_tables if table.name not in OF_THE_MOMENT)


def dump(session: Session, table: Table, file: Path) -> int:
    """Write the rows of a table, in the order of its key; how many there were."""
    rows = session.execute(
        select(table).order_by(*table.primary_key).execution_options(yield_per=ROWS_AT_A_TIME)
    )
    count = 0
    # Without its own name and moment in it, so that the same rows are the same bytes.
    with file.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
        for row in rows.mappings():
            packed.write(json.dumps(_written(row), ensure_ascii=False).encode() + b"\n")
            count += 1
    return count


def load(session: Session, table: Table, file: Path) -> int:
    """Write the lines of a file into an empty table; how many there were."""
    moments = [column.name for column in table.columns if isinstance(column.type, Instant)]
    count = 0
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        while batch := [_read(json.loads(line), moments) for line in islice(lines, ROWS_AT_A_TIME)]:
            session.execute(insert(table), batch)
            count += len(batch)
    _count_on(session, table)
    return count


def filled_tables(session: Session) -> Iterator[str]:
    """The names of the tables that hold something."""
    for table in kept_tables():
        if session.execute(select(table).limit(1)).first() is not None:
            yield table.name


def digest_of(file: Path) -> str:
    """SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _written(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in _LEASE  # the worker that held it is of the other house
    }


def _read(line: dict[str, Any], moments: list[str]) -> dict[str, Any]:
    told = {name: datetime.fromisoformat(line[name]) for name in moments if line.get(name) is not None}
    return line | told


def _count_on(session: Session, table: Table) -> None:
    """PostgreSQL numbers the next row from a counter of its own."""
    column = table.autoincrement_column
    if column is None or session.connection().dialect.name != "postgresql":
        return
    highest = session.scalar(select(func.max(column)))
    if highest is not None:
        session.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"),
            {"table": table.name, "column": column.name, "highest": highest},
        )
