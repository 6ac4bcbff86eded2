"""What a request asks of the database: its statements, and the plan of each."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, event

from onboarding_api.model.base import Base

SMALL = frozenset({"journal_head"})
"""Tables that do not grow with the country; every other one does."""
_GROWING = {table.name for table in Base.metadata.sorted_tables} - SMALL
_TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "EXPLAIN", "SET ", "SAVEPOINT", "RELEASE")
_SCAN = re.compile(r"^SCAN (?!CONSTANT)(?!\(subquery)(?P<name>[\w-]+)")
_BY_INDEX = frozenset({"Index Scan", "Index Only Scan", "Bitmap Index Scan"})
_ALIAS = re.compile(r"\b(\w+) AS (\w+)\b")


class Statement(NamedTuple):
    """A statement as it went to the database."""

    sql: str
    parameters: Any


@contextmanager
def watching(engine: Engine) -> Iterator[list[Statement]]:
    """The statements that go through an engine meanwhile; the words around a transaction do not count."""
    seen: list[Statement] = []

    def note(_connection: object, _cursor: object, sql: str, parameters: Any, *_more: object) -> None:
        if not sql.lstrip().upper().startswith(_TRANSACTION):
            seen.append(Statement(sql, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def scans(connection: Connection, statement: Statement) -> list[str]:
    """The tables that grow with the country and that the plan of a statement reads from end to end.

    PostgreSQL is told to avoid it where it can: what is scanned then has no index that serves. (A table of
    three pages is scanned or merged in life, and rightly so.)
    """
    if not statement.sql.lstrip().upper().startswith(("SELECT", "WITH")):
        return []
    if connection.dialect.name == "sqlite":
        return _of_sqlite(connection, statement)
    for way in ("seqscan", "hashjoin", "mergejoin"):
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    rows = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement.sql}", statement.parameters)
    found = rows.scalar_one()
    plans = json.loads(found) if isinstance(found, str) else found
    return sorted(set(_of_postgresql(plans[0]["Plan"])))


def _of_sqlite(connection: Connection, statement: Statement) -> list[str]:
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters)
    named = {alias: table for table, alias in _ALIAS.findall(statement.sql)}
    lines = [str(row[3]) for row in rows]
    tables = [str(match["name"]) for line in lines if (match := _SCAN.match(line))]
    return sorted({str(named.get(name, name)) for name in tables} & _GROWING)


def _of_postgresql(node: dict[str, Any], above: str = "") -> Iterator[str]:
    """An index read without a condition is its whole table in another order."""
    table = str(node.get("Relation Name", above))  # the index of a bitmap names no table: the node above does
    is_whole = node["Node Type"] == "Seq Scan" or (
        node["Node Type"] in _BY_INDEX and "Index Cond" not in node
    )
    if is_whole and table in _GROWING:
        yield table
    for below in node.get("Plans", ()):
        yield from _of_postgresql(below, table)
