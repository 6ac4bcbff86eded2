"""A command that only touches the database asks for its address, and for nothing else."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from onboarding_api.cli import main
from onboarding_api.model.base import Database

NEED_THE_DATABASE_ALONE = (
    ("journal", "verify"),
    ("journal", "export"),
    ("deliveries", "list"),
)


@pytest.mark.parametrize("words", NEED_THE_DATABASE_ALONE)
def test_command_runs_with_the_address_of_the_database_alone(
    database: Database, words: tuple[str, ...]
) -> None:
    url = database.engine.url.render_as_string(hide_password=False)

    told = CliRunner().invoke(main, words, env={"BDT_DATABASE_URL": url})
    asked = CliRunner().invoke(main, words, env={})

    assert told.exit_code == 0, told.output
    assert asked.exit_code != 0
    assert "BDT_DATABASE_URL" in f"{asked.output}{asked.exception}"
    assert "BDT_SMTP_HOST" not in f"{asked.output}{asked.exception}"


def test_migrate_needs_no_more(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bdt.db"

    assert CliRunner().invoke(main, ["migrate"], env={"BDT_DATABASE_URL": url}).exit_code == 0
