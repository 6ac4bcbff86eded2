"""The tables through time: `migrate` brings a database to this code, `check_schema` tells if it is there.

A migration is one transaction on both databases: interrupted, it leaves nothing behind. Two processes that
migrate at once queue, and the second finds nothing to do.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from onboarding_api.model.base import Base, Database

HEAD = "head"
_LOCK = 2_180_107_304
"""Of no meaning; the same in every process that migrates a PostgreSQL database."""


class SchemaUnfit(Exception):
    """The tables are not those of this code; `code` is stable, the message tells the operator what to do."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(advice)
        self.code = code


def configuration(connection: Connection | None = None) -> Config:
    """What Alembic needs to know; there is no file of settings."""
    config = Config()
    # Alembic reads % as interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(database_url: str, revision: str = HEAD) -> None:
    """Bring a database, empty or of an earlier version, to this code.

    Args:
        database_url: SQLAlchemy's, as `sqlite:///bdt.db` or `postgresql+psycopg://…`.
        revision: another version than the latest; an earlier one (`base` for none) takes tables back.

    Raises:
        SchemaUnfit: the tables were not made by a migration, or by one that this code does not know.
        sqlalchemy.exc.SQLAlchemyError: the database refused; nothing was changed.
    """
    database = Database(database_url)
    try:
        with database.writing() as session:
            connection = session.connection()
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            _go(connection, revision)
    finally:
        database.engine.dispose()


def latest_revision() -> str:
    """The version of the tables that this code needs."""
    return _scripts().get_current_head() or ""


def check_schema(database: Database) -> None:
    """Refuse to work on tables that are not those of this code; asked when a process starts.

    Raises:
        SchemaUnfit: `not_migrated`, `behind`, `ahead` or `half_made`.
    """
    with database.reading() as session:
        connection = session.connection()
        found, latest = _known_revision(connection), latest_revision()
        if found is None:
            raise SchemaUnfit("not_migrated", "No migration was run on this database: run `bdt migrate`.")
        if found != latest:
            raise SchemaUnfit(
                "behind",
                f"The database is at version {found}, this program needs {latest}: run `bdt migrate`.",
            )
        missing = _missing(connection)
    if missing:
        raise SchemaUnfit(
            "half_made",
            f"The database says version {found} but lacks {', '.join(missing)}: a migration was run "
            "half-way, or tables were changed by hand. Restore the last backup, then run "
            "`bdt migrate`.",
        )


def _go(connection: Connection, revision: str) -> None:
    found = _known_revision(connection)
    if found is None and inspect(connection).has_table("person"):
        raise SchemaUnfit(
            "half_made",
            "The database has tables but no version: they were not made by `bdt migrate`, or a "
            "migration was run half-way. Restore the last backup, or start from an empty database.",
        )
    if revision == HEAD:
        command.upgrade(configuration(connection), revision)
    else:
        command.downgrade(configuration(connection), revision)


def _known_revision(connection: Connection) -> str | None:
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in {script.revision for script in _scripts().walk_revisions()}:
        raise SchemaUnfit(
            "ahead",
            f"The database is at version {found}, which this program does not know: it is too old. "
            "Install the release that last migrated the database.",
        )
    return found


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())


def _missing(connection: Connection) -> list[str]:
    inspector = inspect(connection)
    present = set(inspector.get_table_names())
    missing = []
    for table in Base.metadata.sorted_tables:
        if table.name not in present:
            missing.append(f"table {table.name}")
            continue
        columns = {column["name"] for column in inspector.get_columns(table.name)}
        missing += [f"column {column}" for column in table.columns if column.name not in columns]
    return sorted(missing)
