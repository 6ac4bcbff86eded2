"""`bdt deliveries`, as an operator types it: classes, breakers, what is parked, and the two commands."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onboarding_api.cli import main
from onboarding_api.delivery.breakers import BreakerRule, Breakers
from onboarding_api.delivery.clock import clock_of
from onboarding_api.delivery.ledger import Ledger
from onboarding_api.migrations import migrate
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.breaker import LONGEST_PAUSE
from onboarding_api.model.ledger.delivery import DeliveryClass, Target
from onboarding_api.model.ledger.kinds import PERSON, RECALL
from tests.builders.deliveries import lease_all, put
from tests.onboarding_api.test_settings import GOOD


@pytest.fixture
def house(tmp_path: Path) -> tuple[str, Database]:
    url = f"sqlite:///{tmp_path / 'bdt.db'}"
    migrate(url)
    return url, Database(url)


def run(url: str, *words: str) -> Result:
    result = CliRunner().invoke(main, ["deliveries", *words], env={**GOOD, "BDT_DATABASE_URL": url})
    assert "Traceback" not in result.output
    return result


def put_all(database: Database) -> tuple[Ledger, str]:
    """A revocation, and two mails due for a quarter of an hour."""
    now = clock_of(database)()
    for number in range(2):
        args = {"address": f"cendrine{number}@eus.example"}
        put(database, RECALL, args=args, due=now - timedelta(minutes=15))
    away = DeliveryClass.TAKING_AWAY
    id_ = put(database, PERSON, args={"person_id": "p"}, due=now - timedelta(seconds=1), of_class=away)
    return Ledger(database, clock_of(database)), id_


def test_the_list_shows_targets_classes_and_breakers_and_no_address(house: tuple[str, Database]) -> None:
    url, database = house
    ledger, _ = put_all(database)
    breakers = Breakers(database, ledger.clock, BreakerRule(1, LONGEST_PAUSE))
    breakers.failed(Target.MAIL)

    shown = run(url, "list").output

    assert re.search(r"mail       breaker open\n     2 courtesy, oldest due since 9\d\d s", shown)
    assert re.search(r"keycloak   answers\n     1 taking away, oldest due since \d+ s", shown)
    assert "cendrine" not in shown


def test_a_parked_revocation_is_an_alarm_until_it_is_tried_again(house: tuple[str, Database]) -> None:
    url, database = house
    ledger, id_ = put_all(database)
    for lease in lease_all(ledger):
        if lease.id == id_:
            ledger.fail(lease, KeyError("person_id"))
        else:
            ledger.finish(lease)

    health = run(url, "health")
    assert (health.exit_code, "1 parked that take a right away" in health.output) == (1, True)
    assert f"{id_}  keycloak.person  taking away  {{'person_id': 'p'}}" in run(url, "list").output
    assert run(url, "retry", id_).output == "Done.\n"
    assert run(url, "health").exit_code == 0
    assert run(url, "cancel", id_).exit_code == 0
    assert run(url, "cancel", id_).exit_code == 1


def test_what_has_been_due_for_long_is_an_alarm(house: tuple[str, Database]) -> None:
    url, database = house
    put_all(database)
    health = run(url, "health")
    assert (health.exit_code, "oldest due since 900 s" in health.output) == (1, True)
