"""`bdt policy who-can --live`, `what-can --live`, as a reviewer types them."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onboarding_api.cli import main
from onboarding_api.migrations import migrate
from onboarding_api.model.base import Database
from onboarding_api.model.habilitation import Habilitation
from policies.review.commands.policy import policy as reviewers
from tests.builders.portal import EUS, Portal

LOAN, OPEN_TO_ALL = "mes-prets:demande", "dataviz-coeur-de-ville:acces"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A migrated database: Anne administers Eus, Paul waits for a loan service and holds another."""
    address = f"sqlite:///{tmp_path_factory.mktemp('live')}/bdt.db"
    migrate(address)
    database = Database(address)
    portal = Portal(database)
    eus = portal.a_structure("Eus")
    portal.a_person("Anne", "Roca").attached_to(eus).administrator_of(eus)
    paul = portal.a_person("Paul", "Durand").attached_to(eus).holding(eus, LOAN, state="pending")
    paul.holding(eus, OPEN_TO_ALL)
    with portal.writing() as session:
        held = session.get_one(Habilitation, paul.habilitation(eus, OPEN_TO_ALL))
        held.expires_at = portal.now + timedelta(microseconds=400)
    database.engine.dispose()
    return address


def run(url: str, *words: str) -> Result:
    result = CliRunner().invoke(main, ["policy", *words], env={"BDT_DATABASE_URL": url})
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def ask(url: str, person: str, action: str) -> str:
    """The first thing on which a person may do something, as it is typed."""
    lines = run(url, "what-can", person, "--live").output.splitlines()
    return next(thing for word, thing in map(str.split, lines) if word == action)


def test_who_can_names_the_administrator(url: str) -> None:
    request = ask(url, "paul003", "withdrawRequest")
    result = run(url, "who-can", "validateHabilitation", request, "--live")
    assert (result.exit_code, result.output.split()[0]) == (0, "anne002")
    told = json.loads(run(url, "who-can", "validateHabilitation", request, "--live", "--json").output)
    assert [(each["identifiant"], each["resource"]) for each in told] == [("anne002", request)]


def test_what_can_answers_by_identifiant_and_by_id(url: str) -> None:
    (anne,) = json.loads(run(url, "who-can", "viewQueue", f"Structure:{EUS}", "--live", "--json").output)
    by_id = run(url, "what-can", anne["person_id"], "--live").output
    assert f"viewQueue Structure:{EUS}" in by_id.splitlines()
    assert run(url, "what-can", anne["identifiant"], "--live").output == by_id


def test_a_contradiction_is_told_and_not_listed(url: str) -> None:
    # The habilitation ends within the millisecond asked about: over for the engine, not yet in SQL.
    result = run(url, "what-can", "paul003", "--live", "--at", "2026-11-23T09:00:00+00:00")
    assert result.exit_code == 1
    assert "enterService" not in result.stdout
    assert "the engine refuses" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("who-can", "fly", f"Structure:{EUS}", "--live"),
        ("who-can", "freezeStructure", f"Structure:{EUS}", "--live"),
        ("who-can", "invite", "Structure:216600999", "--live"),
        ("who-can", "invite", "Castle:1", "--live"),
        ("who-can", "invite", EUS, "--live"),
        ("what-can", "nobody", "--live"),
        ("what-can", "anne002", "--live", "--at", "tomorrow"),
        ("what-can", "anne002", "--live", "--at", "2026-11-23"),
        ("what-can", "anne002", "--live", "--facts", "facts.json"),
        ("what-can", "anne002", "--live", "--database-url", "nonsense"),
    ],
)
def test_what_cannot_be_answered_is_told(url: str, words: tuple[str, ...]) -> None:
    result = run(url, *words)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    result = run(f"sqlite:///{tmp_path}/empty.db", "what-can", "anne002", "--live")
    assert result.exit_code == 1
    assert "bdt migrate" in result.stderr


def test_without_live_it_is_the_command_of_reviewers(url: str) -> None:
    words = ["who-can", "validateHabilitation", "paul-demande"]
    assert run(url, *words).output == CliRunner().invoke(reviewers, words).output == "User alice\nUser bob\n"
    assert "--live" not in CliRunner().invoke(reviewers, ["who-can", "--help"]).output
