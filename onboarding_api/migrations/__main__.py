"""For developers: `python -m onboarding_api.migrations NUMBER "what changes"` writes the next migration.

It is what differs between the tables that the migrations make, in a scratch database, and the model.
Read it before committing it.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command

from onboarding_api.migrations import configuration, migrate
from onboarding_api.model.base import Database


def main() -> None:
    """Write `versions/<number>_<what_changes>.py`."""
    number, message = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{Path(directory, 'scratch.db')}"
        migrate(url)
        database = Database(url)
        with database.writing() as session:
            command.revision(configuration(session.connection()), message, autogenerate=True, rev_id=number)
        database.engine.dispose()


if __name__ == "__main__":
    main()
