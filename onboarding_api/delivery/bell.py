"""Wakes the worker: a commit on PostgreSQL rings at once, SQLite is looked at ten times a second."""

import threading
from types import TracebackType
from typing import Any, Self

import structlog
from sqlalchemy.exc import SQLAlchemyError

from onboarding_api.model.base import Database
from onboarding_api.model.ledger.delivery import CHANNEL

LISTENING_SECONDS = 0.2
POLLING_SECONDS = 0.1
FALLBACK_SECONDS = 0.5

log = structlog.get_logger()


class Bell:
    """Rung by whoever knows of new work; one listener a process, since each poller costs CPU for nothing.

    A ring may be lost (the connection to PostgreSQL breaks), so `wait` soon ends all the same.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rung = threading.Event()
        self._is_closing = threading.Event()
        self._listener = threading.Thread(target=self._listen, name="delivery-bell", daemon=True)
        self._can_listen = database.engine.dialect.name == "postgresql"
        self._patience = FALLBACK_SECONDS if self._can_listen else POLLING_SECONDS

    def __enter__(self) -> Self:
        if self._can_listen:
            self._listener.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_closing.set()
        if self._can_listen:
            self._listener.join()

    def ring(self) -> None:
        """Something may be due."""
        self._rung.set()

    def wait(self) -> None:
        """Returns when rung since the last wait, and after the patience at the latest."""
        self._rung.wait(self._patience)
        self._rung.clear()

    def _listen(self) -> None:
        dropped = (SQLAlchemyError, self._database.engine.dialect.loaded_dbapi.Error)
        while not self._is_closing.is_set():
            try:
                self._listen_on_one_connection()
            except dropped as error:
                log.warning("delivery_bell_silent", error=type(error).__name__)
                self._is_closing.wait(FALLBACK_SECONDS)

    def _listen_on_one_connection(self) -> None:
        with self._database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql(f"LISTEN {CHANNEL}")
            driver: Any = connection.connection.driver_connection
            connection.detach()  # a connection that listens must not go back to the pool
            self.ring()  # for what was committed before we listened
            while not self._is_closing.is_set():
                for _ in driver.notifies(timeout=LISTENING_SECONDS, stop_after=1):
                    self.ring()
