"""What commands tell machines: JSON from each, SARIF and annotations where there is a place to point to."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft4Validator

from onboarding_api.cli.policy.commands import policy as live
from policies.catalogue.faults import Fault
from policies.catalogue.loader import POLICIES
from policies.review.commands.policy import policy
from tests.policies.conftest import Replace

# OASIS, SARIF 2.1.0 errata 01, as published; without blanks.
SARIF = Draft4Validator(json.loads((Path(__file__).parent / "sarif-schema-2.1.0.json").read_text("utf-8")))
PLACE = "scenarios/10-self.yaml:1"
# Each command with the words that follow it, and whether it takes long.
COMMANDS: dict[str, tuple[Sequence[str], bool]] = {
    "check": ((), False),
    "format": ((), False),
    "generate": (("--check",), False),
    "matrix": ((), False),
    "controls": ((), False),
    "test": ((), False),
    "prove": ((), True),
    "explain": ((PLACE,), False),
    "why-not": ((PLACE,), False),
    "mutate": ((), True),
    "diff": (("{root}", "{root}"), True),
    "gate": (("--base", "{root}"), False),
    "approve": (("{root}", "--by", "somebody", "--says", "right as it is"), False),
    "replay": (("{tmp}/none.jsonl", "--with", "{root}"), False),
    "who-can": (("invite", "eus"), False),
    "what-can": (("alice",), False),
}
ELSEWHERE = {"engines", "play", "report", "bench"}
"""One needs a Go toolchain, one stays up, two take long and tell little."""
AIMED = ("check", "diff", "gate")
ASKING = 'action == Action::"askDecision",\n  resource is User\n)\nwhen {{ {} }}'


def run(root: Path, *words: str) -> Result:
    result = CliRunner().invoke(policy, ["--root", str(root), *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def sarif_of(result: Result) -> list[dict[str, Any]]:
    """The results of a log that is one."""
    log = json.loads(result.stdout)
    assert [error.message for error in SARIF.iter_errors(log)] == []
    return list(log["runs"][0]["results"])


def test_every_command_speaks_json_and_those_that_point_somewhere_sarif() -> None:
    assert policy.commands.keys() == COMMANDS.keys() | (ELSEWHERE & policy.commands.keys())
    for name, command in {**policy.commands, **live.commands}.items():
        options = {each for parameter in command.params for each in parameter.opts}
        assert "--json" in options or name == "play", name
        assert ("--sarif" in options) is (name in AIMED), name


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if slow else ()) for n, (_, slow) in COMMANDS.items()]
)
def test_a_command_tells_one_json_document(copied_policies: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "none.jsonl").write_text("")
    words = [word.format(root=copied_policies, tmp=tmp_path) for word in COMMANDS[name][0]]

    result = run(copied_policies, name, *words, "--json")

    told = json.loads(result.stdout)
    assert result.stderr == ""
    assert (told["command"], told["exit_code"]) == (name, result.exit_code)
    assert told["findings"] == []


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_a_finding_is_told_at_its_place(replace_in: Replace, form: str) -> None:
    root = replace_in("rules/20*.cedar", "resource.user != principal", "resource.usr != principal")
    result = run(root, "check", "--format", form)

    assert (result.exit_code, result.stderr) == (2, "")
    place, message = f"{root}/rules/20-admin.cedar", "did you mean user?"
    match form:
        case "json":
            finding, *_ = json.loads(result.stdout)["findings"]
            assert (finding["file"], finding["level"], finding["subject"]) == (
                place,
                "error",
                "ADMIN-DISMISS",
            )
            assert message in finding["message"]
        case "sarif":
            finding, *_ = sarif_of(result)
            where = finding["locations"][0]["physicalLocation"]
            assert (where["artifactLocation"]["uri"], finding["ruleId"]) == (
                f"file://{place}",
                "ADMIN-DISMISS",
            )
            assert where["region"]["startLine"] > 1
            assert message in finding["message"]["text"]
        case _:
            line = result.stdout.splitlines()[0]
            assert line.startswith(f"::error file={place},line=")
            assert message in line


def test_in_the_repository_places_are_told_from_where_the_command_runs(
    monkeypatch: pytest.MonkeyPatch, replace_in: Replace
) -> None:
    root = replace_in("rules/20*.cedar", "resource.user != principal", "resource.usr != principal")
    monkeypatch.chdir(root.parent)
    (finding, *_) = sarif_of(run(root, "check", "--sarif"))
    uri = finding["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "policies/rules/20-admin.cedar"


@pytest.mark.parametrize("words", [("check",), ("diff", "{root}", "{root}"), ("test",), ("prove",)])
def test_what_cannot_be_read_is_told_in_the_form_asked_for(replace_in: Replace, words: Sequence[str]) -> None:
    root = replace_in("catalogue/levels.yaml", "saisie: Saisie", "saisie: [")
    words = [word.format(root=root) for word in words]
    forms = [form for form in ("json", "sarif", "github") if form != "sarif" or words[0] in AIMED]
    for form in forms:
        result = run(root, *words, "--format", form)
        assert (result.exit_code, result.stderr) == (2, "")
        assert "catalogue/levels.yaml" in result.stdout
        if form == "sarif":
            assert len(sarif_of(result)) == 1


def test_an_opened_door_is_a_result_at_the_rule_that_opens_it(replace_in: Replace) -> None:
    root = replace_in(
        "rules/10*.cedar", ASKING.format("resource == principal"), ASKING.format("resource.isActive")
    )
    results = sarif_of(run(POLICIES, "diff", str(POLICIES), str(root), "--sarif"))

    opened = next(each for each in results if "newly allowed" in each["message"]["text"])
    assert (opened["level"], opened["ruleId"]) == ("error", "SELF-ASK")
    assert "rules/10-self.cedar" in opened["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_one_form_at_a_time_and_no_other() -> None:
    assert run(POLICIES, "check", "--json", "--sarif").exit_code == 2
    assert run(POLICIES, "check", "--format", "xml").exit_code == 2
    assert run(POLICIES, "controls", "--sarif").exit_code == 2
    assert run(POLICIES, "check", "--json", "--format", "json").exit_code == 0


def test_two_runs_tell_the_same() -> None:
    for words in (("check",), ("what-can", "alice")):
        assert run(POLICIES, *words, "--json").stdout == run(POLICIES, *words, "--json").stdout


def test_what_an_annotation_says_cannot_leave_it(copied_policies: Path) -> None:
    """A line feed, a comma or a colon in a name would begin another command of the workflow."""
    path = copied_policies / "catalogue" / "levels.yaml"
    path.write_text('saisie: Saisie\n"a,b::error 100%\\nx": [1]\n', encoding="utf-8")
    lines = run(copied_policies, "check", "--format", "github").stdout.splitlines()

    assert lines
    assert all(line.startswith("::error file=") for line in lines)
    assert all(line.count("::") == 2 for line in lines)
    assert any("a%2Cb%3A%3Aerror 100%25%0Ax" in line for line in lines)


@pytest.mark.slow
def test_rules_that_never_decide_end_with_1_unless_as_many_are_allowed(copied_policies: Path) -> None:
    (copied_policies / "golden" / "cases.jsonl").unlink()
    red = run(copied_policies, "test", "--coverage", "--json")
    silent = json.loads(red.stdout)["never_decide"]
    assert (red.exit_code, bool(silent)) == (1, True)
    assert all(Fault(**each).line for each in silent)
    assert run(copied_policies, "test").exit_code == 0
    allowed = run(copied_policies, "test", "--coverage", "--silent-at-most", str(len(silent)))
    assert allowed.exit_code == 0
