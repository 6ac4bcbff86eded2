"""The country as a data set, filled once a run and copied for each test that writes."""

import shutil
from pathlib import Path

from demo.country.fill import fill
from onboarding_api.model.base import Database
from tests.builders.servers.postgresql_server import PostgreSQLServer


class Countries:
    """Filled databases by kind and scale; each is made when it is first asked for.

    Args:
        directory: where the SQLite files are.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._filled: dict[tuple[str, float], str] = {}

    def sqlite(self, scale: float = 0.1) -> str:
        """URL of the filled file: to be read, or copied."""
        return self._made("sqlite", scale, f"sqlite:///{self._directory / f'country-{scale}.db'}")

    def postgresql(self, server: PostgreSQLServer, scale: float = 0.1) -> str:
        """URL of the filled database: to be read, or copied."""
        known = self._filled.get(("postgresql", scale))
        return known or self._made("postgresql", scale, server.new_database())

    def sqlite_copy(self, directory: Path, scale: float = 0.1) -> str:
        """URL of a copy of one's own."""
        copy = directory / f"country-{scale}.db"
        shutil.copy(self.sqlite(scale).removeprefix("sqlite:///"), copy)
        return f"sqlite:///{copy}"

    def postgresql_copy(self, server: PostgreSQLServer, scale: float = 0.1) -> str:
        """URL of a copy of one's own."""
        return server.new_database(template_url=self.postgresql(server, scale))

    def _made(self, kind: str, scale: float, url: str) -> str:
        if (kind, scale) not in self._filled:
            database = Database(url)
            fill(database, scale)
            database.engine.dispose()
            self._filled[kind, scale] = url
        return self._filled[kind, scale]
