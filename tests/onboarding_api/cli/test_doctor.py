"""`bdt doctor` beside neighbours that say nothing: a page all the same."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from idp_extension.relying_party.client_key import write_new_key
from onboarding_api.cli import main
from onboarding_api.delivery.clock import clock_of
from onboarding_api.migrations import migrate
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.kinds import RECALL
from tests.builders.deliveries import put
from tests.builders.servers.silence import silence
from tests.onboarding_api.test_settings import GOOD


@pytest.fixture
def house(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A house whose mail server and Keycloak accept connections and say nothing."""
    url, spool = f"sqlite:///{tmp_path / 'bdt.db'}", tmp_path / "letters"
    migrate(url)
    spool.mkdir()
    write_new_key(tmp_path / "bdt-sync.pem", tmp_path / "bdt-sync.public.pem")
    with silence() as port:
        yield GOOD | {
            "BDT_DATABASE_URL": url,
            "BDT_ENVIRONMENT": "test",
            "BDT_SPOOL_DIRECTORY": str(spool),
            "BDT_KEYCLOAK_URL": f"http://127.0.0.1:{port}",
            "BDT_SYNC_KEY": str(tmp_path / "bdt-sync.pem"),
            "BDT_SMTP_HOST": "127.0.0.1",
            "BDT_SMTP_PORT": str(port),
        }


def run(house: dict[str, str], *words: str) -> Result:
    result = CliRunner().invoke(main, ["doctor", "--seconds", "1", *words], env=house)
    assert "Traceback" not in result.output
    return result


def test_dead_neighbours_are_told_and_the_rest_of_the_house_too(house: dict[str, str]) -> None:
    result = run(house, "--json")
    told = json.loads(result.output)

    assert (result.exit_code, told["health"]) == (2, "ill")
    assert {part: each["health"] for part, each in told["parts"].items()} == {
        "database": "well", "keycloak": "ill", "realm": "ill", "mail": "ill", "spool": "well", "clock": "ill",
        "ledger": "well", "plan": "poor", "drift": "poor",
    }  # fmt: skip
    assert told["parts"]["mail"]["words"] == "no answer after 1 s"
    assert "BDT_READER_KEY is not set" in told["parts"]["realm"]["words"]
    assert max(each["seconds"] for each in told["parts"].values()) < 2


def test_prometheus_gets_the_same_figures_and_the_ledgers(house: dict[str, str]) -> None:
    database = Database(house["BDT_DATABASE_URL"])
    put(database, RECALL, args={"address": "cendrine@eus.example"}, due=clock_of(database)())

    result = run(house, "--metrics")

    assert result.exit_code == 0, "the collector reads what it is given"
    assert 'bdt_part_health{part="mail"} 2.0' in result.output
    assert 'bdt_deliveries_waiting{class="courtesy",target="mail"} 1.0' in result.output
    assert 'bdt_deliveries_breaker_open{target="keycloak"} 0.0' in result.output
    assert "cendrine" not in result.output


def test_the_page_names_each_part_once(house: dict[str, str]) -> None:
    lines = run(house).output.splitlines()
    assert [line.split()[1] for line in lines[:-1]] == [
        "database", "keycloak", "realm", "mail", "spool", "clock", "ledger", "plan", "drift",
    ]  # fmt: skip
    assert lines[-1] == "the house is ill"
