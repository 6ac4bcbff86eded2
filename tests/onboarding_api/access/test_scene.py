"""The playground on real people: their names, their facts, and nothing of it written."""

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from werkzeug.test import Client, TestResponse

from onboarding_api.access.scene import RealPeople
from onboarding_api.cli import main
from onboarding_api.model.base import Database
from policies.engine.revision import load_policies
from policies.review.play.served import Play
from tests.builders.portal import EUS, Portal

HOST = "127.0.0.1:8765"
LOAN = "mes-prets:demande"


class Asked:
    """Anne administers Eus; Paul waits there for a loan service."""

    def __init__(self, database: Database) -> None:
        portal = Portal(database)
        eus = portal.a_structure("Eus")
        self.anne = portal.a_person("Anne", "<i>Roca").attached_to(eus).administrator_of(eus)
        self.paul = portal.a_person("Paul", "Durand").attached_to(eus).holding(eus, LOAN, state="pending")
        self.request = f"Habilitation::{self.paul.habilitation(eus, LOAN)}"
        self.play = Play(load_policies(), RealPeople(database, lambda: portal.now), [HOST])
        self._client = Client(self.play)

    def ask(self, **fields: str) -> TestResponse:
        return self._client.get(f"/?{urlencode(fields)}", headers={"Host": HOST})

    def save(self, **fields: str) -> TestResponse:
        data = {"token": self.play.token, "title": "Un essai", "chapter": "20-admin.yaml", **fields}
        return self._client.post("/scenario", data=data, headers={"Host": HOST})


@pytest.fixture
def asked(database: Database) -> Asked:
    return Asked(database)


def words(answer: TestResponse) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(text.replace("\u00a0", " ").split())


def test_a_real_person_is_asked_about_by_her_identifiant(asked: Asked) -> None:
    empty = asked.ask()
    assert "Identifiant de la personne" in words(empty)
    assert "Durand" not in words(empty)
    offered = words(asked.ask(who="ANNE002"))
    assert "Madame Paul Durand (paul003)" in offered
    told = asked.ask(who="anne002", act="validateHabilitation", what=asked.request)
    assert "Réponse : permis" in words(told)
    assert "<i>Roca" not in told.get_data(as_text=True)
    refused = words(asked.ask(who="paul003", act="validateHabilitation", what=asked.request))
    assert "Il manque : Vous n’êtes pas administrateur de cette structure." in refused


def test_a_changed_fact_changes_the_answer_and_not_the_database(asked: Asked, database: Database) -> None:
    fields = {"who": "anne002", "act": "validateHabilitation", "what": asked.request}
    told = words(asked.ask(**fields, **{f"f.Structure::{EUS}.isFrozen": "true"}))
    assert "Avec les faits tels qu’ils sont : permis" in told
    assert "Avec les faits changés : refusé" in told
    assert "Réponse : permis" in words(asked.ask(**fields))


@pytest.mark.parametrize("who", ["nobody", "' OR 1=1 --", "%", "a" * 5000])
def test_nobody_of_that_name_is_told(asked: Asked, who: str) -> None:
    answer = asked.ask(who=who)
    assert answer.status_code == 400
    assert "il n’y a personne de ce nom ici" in words(answer)


def test_a_real_person_is_never_kept_in_a_scenario(asked: Asked) -> None:
    fields = {"who": "anne002", "act": "validateHabilitation", "what": asked.request}
    assert "En faire un scénario" not in words(asked.ask(**fields))
    answer = asked.save(**fields)
    assert answer.status_code == 400
    assert "jamais de personnes réelles" in words(answer)


@pytest.mark.parametrize(
    "words_", [("--live",), ("--live", "--database-url", "nonsense"), ("--port", "70000"), ("--port", "http")]
)
def test_what_cannot_be_served_is_told(words_: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, ["policy", "play", *words_], env={"BDT_DATABASE_URL": ""})
    assert result.exit_code == 2
    assert "Error: " in result.stderr


def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/empty.db"
    result = CliRunner().invoke(main, ["policy", "play", "--live", "--database-url", address, "--port", "0"])
    assert result.exit_code == 1
    assert "bdt migrate" in result.stderr
