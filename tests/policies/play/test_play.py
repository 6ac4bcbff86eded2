"""`bdt policy play`, asked by a client: it answers as the engine, and writes only what passes the test."""

import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from werkzeug.test import Client, TestResponse

from policies.catalogue.loader import POLICIES
from policies.engine.decide import Engine
from policies.engine.revision import read_policies
from policies.review.cases.case import run_cases
from policies.review.cases.scenarios import read_scenarios
from policies.review.commands.policy import policy
from policies.review.play.saved import length_of
from policies.review.play.served import LARGEST, Play
from policies.review.play.stage import Personas

HOST = "127.0.0.1:8765"
BOB = {"who": "bob", "act": "validateHabilitation", "what": "Habilitation::paul-demande"}
STATE = "f.Habilitation::paul-demande.state"
EXPIRES = "f.Habilitation::paul-demande.expiresAt"
ADMINS = "f.Structure::eus.admins"


class Visitor:
    """A browser of the page."""

    def __init__(self, root: Path) -> None:
        policies = read_policies(root)
        self.root = root
        self.play = Play(policies, Personas(policies), [HOST])
        self._client = Client(self.play)

    def get(self, path: str = "/", host: str = HOST, **fields: Any) -> TestResponse:
        query = urlencode({name.replace("__", "::"): value for name, value in fields.items()}, doseq=True)
        return self._client.get(f"{path}?{query}", headers={"Host": host})

    def ask(self, fields: dict[str, Any]) -> TestResponse:
        return self._client.get(f"/?{urlencode(fields, doseq=True)}", headers={"Host": HOST})

    def save(
        self, fields: dict[str, Any], headers: dict[str, str] | None = None, **given: Any
    ) -> TestResponse:
        data = {"token": self.play.token, "chapter": "20-admin.yaml", **fields, **given}
        return self._client.post("/scenario", data=data, headers={"Host": HOST, **(headers or {})})

    def follow(self, answer: TestResponse) -> TestResponse:
        return self._client.get(answer.headers["Location"], headers={"Host": HOST})

    def request(self, method: str, path: str) -> TestResponse:
        return self._client.open(path, method=method, headers={"Host": HOST})


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Visitor:
    """Reads only: one for all."""
    return Visitor(POLICIES)


@pytest.fixture
def writer(tmp_path: Path) -> Visitor:
    """On a copy of the rules, which it may write."""
    root = tmp_path / "policies"
    shutil.copytree(POLICIES, root, ignore=shutil.ignore_patterns("engine", "review", "__pycache__"))
    return Visitor(root)


def words(answer: TestResponse) -> str:
    text = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(text.replace("\u00a0", " ").split())


def test_the_decision_its_rule_and_what_is_missing_are_told(visitor: Visitor) -> None:
    allowed = words(visitor.ask(BOB))
    assert "Réponse : permis" in allowed
    assert "Vous pouvez décider de cette demande. » ADMIN-DECIDE" in allowed
    refused = words(visitor.ask({**BOB, "who": "chloe"}))
    assert "Réponse : refusé" in refused
    assert "Il manque : Vous n’êtes pas administrateur de cette structure." in refused


def test_a_changed_fact_shows_both_answers(visitor: Visitor) -> None:
    told = words(visitor.ask({**BOB, STATE: "refused"}))
    assert "Avec les faits tels qu’ils sont : permis" in told
    assert "Avec les faits changés : refusé" in told
    assert "Cette demande n’attend pas de décision." in told
    assert "changé ; c’était : En cours de validation" in told


def test_a_set_a_moment_and_a_level_may_be_changed(visitor: Visitor) -> None:
    assert "changés : refusé" in words(visitor.ask({**BOB, ADMINS: ["absent", "alice"]}))
    assert "changés : refusé" in words(visitor.ask({**BOB, ADMINS: ["absent"]}))
    assert "Réponse : refusé" in words(visitor.ask({**BOB, "acr": "0"}))
    redeem = {"who": "chloe", "act": "redeemCode", "what": "Letter::chloe-letter"}
    assert "Réponse : permis" in words(visitor.ask(redeem))
    assert "Réponse : refusé" in words(visitor.ask({**redeem, "at": "2027-01-01T00:00"}))


@pytest.mark.parametrize("case", read_scenarios(read_policies(POLICIES))[::9], ids=lambda case: case.title)
def test_the_page_answers_as_the_engine_does(visitor: Visitor, engine: Engine, case: Any) -> None:
    """The questions of the scenarios, on the personas as they are."""
    resource = case.request.resource
    fields = {"who": case.request.actor.id, "act": case.request.action, "acr": min(case.request.acr, 2)}
    told = words(visitor.ask({**fields, "what": f"{resource.type}::{resource.id}"}))
    scene = Personas(engine.policies).scene(case.request.actor.id, None)
    plain = case.request.__class__(
        case.request.actor,
        case.request.action,
        resource,
        scene.now,
        fields["acr"],
        tuple(scene.entities.values()),
    )
    assert f"Réponse : {'permis' if engine.decide(plain).allowed else 'refusé'}" in told


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"who": "nobody"}, "il n’y a personne de ce nom ici"),
        ({"who": "<script>alert(1)</script>"}, "il n’y a personne de ce nom ici"),
        ({"who": ["bob", "alice"]}, "est donné plusieurs fois"),
        ({**BOB, "act": "fly"}, "les règles ne connaissent pas cet acte"),
        ({**BOB, "what": "Habilitation::none"}, "cette chose n’est pas sur la page"),
        ({**BOB, "what": "nonsense"}, "cette chose n’est pas sur la page"),
        ({**BOB, "what": "Structure::eus"}, "ne se fait pas sur cette chose"),
        ({**BOB, "act": "freezeStructure"}, "ne se fait pas sur cette chose"),
        ({**BOB, "acr": "9"}, "Le niveau de connexion est 0, 1 ou 2"),
        ({**BOB, "acr": "one"}, "Le niveau de connexion est 0, 1 ou 2"),
        ({**BOB, "at": "tomorrow"}, "n’est pas un moment"),
        ({**BOB, "at": "0001-01-01T00:00"}, "entre 1971 et 2099"),
        ({**BOB, "at": "1969-01-01T00:00"}, "entre 1971 et 2099"),
        ({**BOB, STATE: "lost"}, "n’est pas un choix de ce fait"),
        ({**BOB, STATE: ["pending", "refused"]}, "Un fait obligatoire"),
        ({**BOB, "f.Habilitation::paul-demande.nothing": "1"}, "ce fait n’est pas sur la page"),
        ({**BOB, "f.Habilitation::nobody.state": "pending"}, "ce fait n’est pas sur la page"),
        ({**BOB, "f.": "1"}, "ce fait n’est pas sur la page"),
        ({**BOB, ADMINS: ["sam"]}, "n’est pas un choix de ce fait"),
        ({**BOB, "f.User::bob.isActive": "maybe"}, "n’est pas une valeur de ce fait"),
        ({**BOB, "f.Structure::eus.pendingInvitations": "9" * 400}, "n’est pas une valeur de ce fait"),
        ({**BOB, "f.Structure::eus.pendingInvitations": "-1"}, "n’est pas une valeur de ce fait"),
    ],
)
def test_what_is_not_offered_is_told_in_a_sentence(
    visitor: Visitor, fields: dict[str, Any], told: str
) -> None:
    answer = visitor.ask(fields)
    assert answer.status_code == 400
    assert told in words(answer)
    assert "<script>alert" not in answer.get_data(as_text=True)
    assert "Traceback" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "evil.example:8765", "127.0.0.1:80", "", "localhost"]
)
def test_only_its_own_name_is_answered(visitor: Visitor, host: str) -> None:
    """DNS rebinding: a stranger's name that points here."""
    answer = visitor.get(host=host, **BOB)
    assert answer.status_code == 421
    assert "ADMIN-DECIDE" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/etc/passwd", 404),
        ("GET", "/../page.html", 404),
        ("PUT", "/", 405),
        ("GET", "/scenario", 405),
        ("POST", "/", 405),
        ("HEAD", "/", 200),
        ("GET", "/play.js", 200),
        ("GET", "/page.css", 200),
    ],
)
def test_nothing_else_is_served(visitor: Visitor, method: str, path: str, status: int) -> None:
    answer = visitor.request(method, path)
    assert answer.status_code == status
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_question_is_kept_as_a_scenario_that_passes_the_test(writer: Visitor) -> None:
    fields = {**BOB, STATE: "refused", "title": "Bob ne revient pas sur un refus : « non »"}
    answer = writer.save(fields)
    assert answer.status_code == 303
    assert "Scénario enregistré dans scenarios/20-admin.yaml:" in words(writer.follow(answer))
    policies = read_policies(writer.root)
    case = next(each for each in read_scenarios(policies) if each.title == fields["title"])
    assert (case.allowed, case.expected) == (False, ("ADMIN-DECIDE#2",))
    result = CliRunner().invoke(policy, ["--root", str(writer.root), "test"])
    assert result.exit_code == 0


REDEEM = {"who": "chloe", "act": "redeemCode", "what": "Letter::chloe-letter"}
MEMBER = "Membership::paul-at-eus"


@pytest.mark.parametrize(
    "fields",
    [
        {**REDEEM, "at": "2026-11-25T09:30:00.001"},
        {**REDEEM, "f.Letter::chloe-letter.attemptsTotal": "9"},
        {"who": "sofia", "act": "freezeStructure", "what": "Structure::eus", "acr": "2"},
        {"who": "alice", "act": "approveNomination", "what": MEMBER, f"f.{MEMBER}.nominatedBy": "bob"},
        {**BOB, ADMINS: ["absent", "bob", "chloe"]},
        {**BOB, "act": "renewHabilitation", STATE: "granted", EXPIRES: "2026-12-01T00:00"},
        {**BOB, f"f.{MEMBER}.fonction": "absent"},
    ],
)
def test_whatever_is_kept_answers_as_the_page_did(writer: Visitor, fields: dict[str, Any]) -> None:
    shown = words(writer.ask(fields))
    assert writer.save(fields, title="Un essai").status_code == 303
    policies = read_policies(writer.root)
    case = next(each for each in read_scenarios(policies) if each.title == "Un essai")
    assert run_cases(Engine(policies), [case]) == []
    assert (
        f"{'changés' if 'changés' in shown else 'Réponse'} : {'permis' if case.allowed else 'refusé'}"
        in shown
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"title": "Alice voit les demandes d'Eus"}, "s’appelle déjà"),
        ({"title": "  ALICE voit   les demandes d'Eus "}, "s’appelle déjà"),
        ({"title": ""}, "Le titre du scénario doit avoir"),
        ({"title": "x" * 121}, "Le titre du scénario doit avoir"),
        ({"title": "a\u202eb"}, "Le titre du scénario doit avoir"),
        ({"title": "Un essai", "chapter": "../rules/20-admin.cedar"}, "pas de tel fichier"),
        ({"title": "Un essai", "chapter": "personas.yaml"}, "pas de tel fichier"),
        ({"title": "Un essai", "what": ""}, "Posez d’abord une question entière"),
        ({"title": "Un essai", "who": "nobody"}, "il n’y a personne de ce nom"),
        ({"title": "Un essai", "acr": "7"}, "Le niveau de connexion"),
    ],
)
def test_what_cannot_be_kept_is_told_and_nothing_is_written(
    writer: Visitor, given: dict[str, str], told: str
) -> None:
    before = {path: path.read_bytes() for path in writer.root.rglob("*.yaml")}
    answer = writer.save({**BOB, **given})
    assert answer.status_code == 400
    assert told in words(answer)
    assert {path: path.read_bytes() for path in writer.root.rglob("*.yaml")} == before


@pytest.mark.parametrize(
    ("headers", "given"),
    [
        ({}, {"token": ""}),
        ({}, {"token": "guessed"}),
        ({}, {"token": "é"}),
        ({"Origin": "https://evil.example"}, {}),
        ({"Origin": "null"}, {}),
        ({"Origin": "http://127.0.0.1:9999"}, {}),
        ({"Origin": "https://127.0.0.1:8765"}, {}),
        ({"Sec-Fetch-Site": "cross-site"}, {}),
        ({"Host": "evil.example:8765"}, {}),
    ],
)
def test_a_form_of_a_stranger_writes_nothing(
    writer: Visitor, headers: dict[str, str], given: dict[str, str]
) -> None:
    before = {path: path.read_bytes() for path in writer.root.rglob("*.yaml")}
    answer = writer.save({**BOB, "title": "Un essai"}, headers=headers, **given)
    assert answer.status_code in (403, 421)
    assert {path: path.read_bytes() for path in writer.root.rglob("*.yaml")} == before


def test_its_own_origin_may_write_and_a_flood_may_not(writer: Visitor) -> None:
    own = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
    assert writer.save({**BOB, "title": "x" * LARGEST}, headers=own).status_code == 413
    assert writer.save({**BOB, "title": "Un essai"}, headers=own).status_code == 303


def test_a_scenario_that_would_not_pass_is_taken_back(writer: Visitor) -> None:
    """The file was broken by hand meanwhile: nothing of it is lost, the fault is told."""
    path = writer.root / "scenarios/20-admin.yaml"
    path.write_text(path.read_text("utf-8") + "- title: cut\n", "utf-8")
    before = path.read_bytes()
    answer = writer.save({**BOB, "title": "Un essai"})
    assert answer.status_code == 400
    assert "required field" in words(answer)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("milliseconds", "told"),
    [(0, "+0d"), (1, "+1ms"), (-86_400_000, "-1d"), (90_061_001, "+1d+1h+1m+1s+1ms"), (-3_600_000, "-1h")],
)
def test_a_length_of_time_is_written_as_scenarios_do(milliseconds: int, told: str) -> None:
    from datetime import timedelta

    assert length_of(timedelta(milliseconds=milliseconds)) == told


def test_a_port_that_is_none_is_told() -> None:
    for port in ("-1", "65536", "http"):
        assert CliRunner().invoke(policy, ["play", "--port", port]).exit_code == 2
