"""The clock of the workers: the database's where several machines share one."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.sql.functions import func

from onboarding_api.model.base import Database, Instant


def clock_of(database: Database) -> Callable[[], datetime]:
    """The moment by PostgreSQL's clock, so that machines agree on leases; this machine's with SQLite."""

    def by_server() -> datetime:
        with database.reading() as session:
            return session.execute(select(func.clock_timestamp(type_=Instant()))).scalar_one()

    return by_server if database.engine.dialect.name == "postgresql" else lambda: datetime.now(UTC)
