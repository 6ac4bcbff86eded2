"""The ground of every table: typed base, instants in UTC, and the two kinds of transaction.

SQLite (embedded default) and PostgreSQL (production) run the same code. On SQLite a transaction that
writes begins IMMEDIATE: a deferred one that turns into a writer fails with "database is locked" at once,
whatever the busy timeout (docs of SQLite, "Write transactions").
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

from sqlalchemy import JSON, DateTime, Engine, MetaData, String, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from onboarding_api.model.refusals import DatabaseBusy

SQLITE_FLOOR = (3, 40, 0)
BUSY_SECONDS = 5
_AWAY = ("locked", "disk I/O error", "disk is full", "readonly", "unable to open")
"""How SQLite says that it cannot work now."""


class Instant(TypeDecorator[datetime]):
    """A moment, aware and in UTC on both sides; a naive datetime is refused when it is written."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: UTC, without zone on SQLite so that text order is time order."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: always aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of the tables; constraint names are stable so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        dict[str, Any]: JSON,
        list[str]: JSON,
        str: String,
    }


def new_id() -> str:
    """A fresh UUID (version 4) in text."""
    return str(uuid4())


class Database:
    """An engine and its two kinds of transaction; one object a process."""

    def __init__(self, url: str) -> None:
        self.engine = _open_engine(url)
        self._writing_engine = self.engine.execution_options(begin="IMMEDIATE")
        # SQLite has one writer: waiting in line here is fair and cheap, polling its lock is neither.
        self._turn = threading.Lock() if self.engine.dialect.name == "sqlite" else None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that changes nothing: always rolled back.

        Raises:
            DatabaseBusy: the database is away.
        """
        with Session(self.engine) as session, _busy_told():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that commits at the end of the block and rolls back on any exception.

        Raises:
            DatabaseBusy: another process held the write lock for more than BUSY_SECONDS, or the database is
                away, its disk full or read-only.
        """
        if self._turn:
            with self._turn, self._committing() as session:
                yield session
        else:
            with self._committing() as session:
                yield session

    @contextmanager
    def _committing(self) -> Iterator[Session]:
        with _busy_told(), Session(self._writing_engine) as session, session.begin():
            yield session


@contextmanager
def _busy_told() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if _is_of_the_moment(error):
            raise DatabaseBusy from error
        raise


def _is_of_the_moment(error: OperationalError) -> bool:
    """The server, its connection or its disk is at fault, not the statement."""
    # SQLite has one class for both; PostgreSQL's driver keeps this one for the moment.
    return not isinstance(error.orig, sqlite3.Error) or any(word in str(error.orig) for word in _AWAY)


def _open_engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    if sqlite3.sqlite_version_info < SQLITE_FLOOR:
        raise RuntimeError(f"SQLite {sqlite3.sqlite_version} is too old: 3.40 or later is needed")
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(
        engine,
        "begin",
        lambda connection: connection.exec_driver_sql(
            f"BEGIN {connection.get_execution_options().get('begin', '')}"
        ),
    )
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # The driver's own BEGIN comes too late and is always deferred: we send ours.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
