"""What the database holds, read as raw rows."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import create_engine, inspect, text

Row = Mapping[str, Any]
_MOMENT = re.compile(r"(at|_until|due|since)\b")
_JSON = frozenset({"args", "decision", "details", "former_names", "postcodes", "values"})


@dataclass(frozen=True, slots=True)
class Books:
    """Every table as it was at one moment. A table that is not there has no rows."""

    tables: Mapping[str, tuple[Row, ...]]

    def rows(self, table: str) -> tuple[Row, ...]:
        """The rows of a table, in no order."""
        return self.tables.get(table, ())

    def by(self, table: str, column: str = "id") -> dict[Any, Row]:
        """The rows of a table by a column."""
        return {row[column]: row for row in self.rows(table)}


@dataclass(frozen=True, slots=True)
class Holding:
    """A habilitation with whose it is and where."""

    habilitation: Row
    membership: Row
    person: Row

    @property
    def key(self) -> tuple[str, str, str]:
        """Identifiant, SIREN, service."""
        return self.person["identifiant"], self.membership["siren"], self.habilitation["service"]


def read_books(database_url: str) -> Books:
    """Read all of it in one transaction."""
    engine = create_engine(database_url)
    names = inspect(engine).get_table_names()
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        tables = {
            name: tuple(
                {column: _value(column, value) for column, value in row._mapping.items()}
                for row in connection.execute(text(f'SELECT * FROM "{name}"'))  # noqa: S608 - its own names
            )
            for name in names
        }
    engine.dispose()
    return Books(tables)


def holdings(books: Books) -> tuple[Holding, ...]:
    """Every habilitation that there ever was."""
    memberships, people = books.by("membership"), books.by("person")
    return tuple(
        Holding(row, membership, people[membership["person_id"]])
        for row in books.rows("habilitation")
        if (membership := memberships[row["membership_id"]])
    )


def _value(column: str, value: object) -> object:
    if not isinstance(value, str | datetime):
        return value
    if column in _JSON:
        return json.loads(value) if isinstance(value, str) else value
    if not _MOMENT.search(column):
        return value
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
