"""`bdt registry …`, as an operator types it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onboarding_api.cli.registry import registry
from onboarding_api.model.base import Database
from onboarding_api.registry.load import load_register
from onboarding_api.registry.shipped import Entry


@pytest.fixture
def register(database: Database, entries: list[Entry]) -> Database:
    with database.writing() as session:
        load_register(session, [entry for entry in entries if entry.bare_name == "Eus"])
    return database


def run(register: Database, *words: str) -> Result:
    url = register.engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(registry, words, env={"BDT_DATABASE_URL": url})


def test_search_shows_what_tells_homonyms_apart(register: Database) -> None:
    result = run(register, "search", "Eus", "66")
    assert result.exit_code == 0
    assert "216600742  Commune d'Eus (66 Pyrénées-Orientales) · Communauté de communes" in result.output


def test_search_refuses_a_malformed_siren(register: Database) -> None:
    result = run(register, "search", "216600743")
    assert result.exit_code == 1
    assert "siren_malformed" in result.output


def test_import_tells_what_it_changed(register: Database, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text("siren;code_tiers\n216600742;42\n")
    assert run(register, "import-code-tiers", str(file)).output == "changed: 1\nunchanged: 0\n"


def test_import_with_a_fault_fails_and_names_the_line(register: Database, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text("siren;code_tiers\n216600743;42\n")
    result = run(register, "import-code-tiers", str(file))
    assert result.exit_code == 1
    assert "line 2: malformed SIREN" in result.output
    assert "nothing was loaded" in result.output


def test_build_says_that_npm_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(registry, ["build", "--into", str(tmp_path)])
    assert result.exit_code == 1
    assert "npm is needed" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_load_and_bench(whole_register: Database) -> None:
    assert "unchanged: 36,130" in run(whole_register, "load").output
    assert "500 searches: p50" in run(whole_register, "bench-search").output
