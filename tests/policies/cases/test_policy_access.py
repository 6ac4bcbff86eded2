"""Who can, what can: enumerated by the engine over facts."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from policies.engine.decide import Engine
from policies.engine.journal import journal_record
from policies.review.cases.scenarios import read_scenarios
from policies.review.commands.policy import policy


def run(*arguments: Any) -> Any:
    result = CliRunner().invoke(policy, [str(argument) for argument in arguments])
    assert "Traceback" not in result.output
    return result


def test_the_administrators_can_decide_and_nobody_else() -> None:
    result = run("who-can", "validateHabilitation", "paul-demande")
    assert result.output.splitlines() == ["User alice", "User bob"]


def test_the_desks_can_with_a_second_factor() -> None:
    assert run("who-can", "freezeStructure", "eus").output == ""
    assert run("who-can", "freezeStructure", "eus", "--acr", "2").output == "Staff sofia\n"


def test_what_a_member_can_do_is_listed() -> None:
    lines = run("what-can", "paul").output.splitlines()
    assert "withdrawRequest Habilitation paul-demande" in lines
    assert not any("validateHabilitation" in line for line in lines)


def test_the_facts_may_come_from_the_journal(engine: Engine, tmp_path: Path) -> None:
    case = next(each for each in read_scenarios(engine.policies) if each.expected == ("ADMIN-DEACTIVATE",))
    facts = journal_record(case.request, engine.decide(case.request))["facts"]
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(facts), encoding="utf-8")
    result = run("who-can", "deactivateHabilitation", "paul-demande", "--facts", path)
    assert result.output == "User alice\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("who-can", "invite", "nowhere"),
        ("what-can", "paul", "--at", "tomorrow"),
        ("what-can", "paul", "--at", "2026-01-01"),
        ("what-can", "paul", "--facts", "no-such-file.json"),
    ],
)
def test_what_cannot_be_read_is_told(arguments: Any) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.strip()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nosuch", "eus"), "nosuch: the rules know no such action"),
        (("invit", "eus"), "invit: the rules know no such action, did you mean invite?"),
        (("INVITE", "eus"), "INVITE: the rules know no such action"),
        (("administering", "eus"), "administering: the rules know no such action"),
        (("invite", "paul"), "invite: paul is a User: this action is done on a Structure"),
        (("viewRecord", "chloe-letter"), "is a Letter: this action is done on a Claim or Habilitation or"),
        (("invite", "signature"), "invite: signature is a Service: this action is done on a Structure"),
    ],
)
def test_what_nobody_can_ask_for_is_a_fault_and_no_empty_list(arguments: Any, told: str) -> None:
    result = run("who-can", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in result.stderr


def test_nobody_is_an_answer_where_the_question_can_be_asked() -> None:
    result = run("who-can", "unfreezeStructure", "eus", "--acr", "2")
    assert (result.exit_code, result.output) == (0, "")
