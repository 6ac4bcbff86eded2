"""Two revisions compared: a cosmetic rewrite is no change, a slip is told with its case."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from policies.engine.decide import Engine
from policies.engine.journal import journal_record
from policies.engine.revision import read_policies
from policies.review.cases.scenarios import read_scenarios
from policies.review.changes.diff import compare
from policies.review.commands.policy import policy
from tests.policies.conftest import Replace

GUARDS = "rules/9*.cedar"
# Each test reads one or two revisions and asks the solver: seconds, not milliseconds.
pytestmark = pytest.mark.slow


def run(*arguments: Any) -> Any:
    result = CliRunner().invoke(policy, [str(argument) for argument in arguments])
    assert "Traceback" not in result.output
    return result


def test_a_cosmetic_rewrite_is_proved_to_change_nothing(engine: Engine, replace_in: Replace) -> None:
    root = replace_in(
        GUARDS,
        "when { resource.attemptsTotal >= context.limits.tries_in_all };",
        "unless { resource.attemptsTotal < context.limits.tries_in_all };",
    )
    difference = compare(engine.policies, read_policies(root))
    assert difference.changed_rules == ("G-CODE-TRIES-TOTAL",)
    assert difference.changes == ()
    environments = len(engine.policies.model.environments)
    assert f"No change: {environments} environments proved unchanged" in "\n".join(difference.lines())


def test_what_is_newly_allowed_is_told_with_its_case_rules_and_property(
    engine: Engine, replace_in: Replace
) -> None:
    old = "when { resource.membership.user == principal };"
    root = replace_in(GUARDS, old, old.replace("principal }", "principal && context.acr > 1 }"))
    difference = compare(engine.policies, read_policies(root))
    assert difference.newly_allowed
    assert {change.environment.action for change in difference.changes} == {
        "validateHabilitation", "refuseHabilitation", "reactivateHabilitation",
        "renewHabilitation", "setEndDate", "changeLevel",
    }  # fmt: skip
    assert ("P-SELF-DECISION", "PROVED", "REFUTED") in difference.properties
    told = "\n".join(difference.lines())
    assert "before: deny G-SELF-DECISION   after: allow ADMIN-DECIDE" in told
    assert "Newly ALLOWED User validateHabilitation Habilitation" in told


def test_newly_denied_alone_ends_well_and_newly_allowed_does_not(engine: Engine, replace_in: Replace) -> None:
    stricter = replace_in(GUARDS, "attemptsTotal >= context.limits.tries_in_all", "attemptsTotal >= 9")
    assert run("diff", engine.policies.root, stricter).exit_code == 0
    result = run("diff", stricter, engine.policies.root)
    assert result.exit_code == 1
    assert "Newly ALLOWED User redeemCode Letter" in result.output


def test_a_new_service_shows_in_the_difference(engine: Engine, copied_policies: Path) -> None:
    services = copied_policies / "catalogue/services.yaml"
    text = services.read_text(encoding="utf-8")
    services.write_text(text.replace("mes-prets:encours:", "mes-prets:echeancier:"), encoding="utf-8")
    difference = compare(engine.policies, read_policies(copied_policies))
    assert difference.catalogue == (
        "services: mes-prets:echeancier added",
        "services: mes-prets:encours removed",
    )


def test_a_git_revision_compares_with_itself() -> None:
    result = run("diff", "HEAD", "HEAD")
    assert (result.exit_code, "No change" in result.output) == (0, True)


def test_a_revision_that_does_not_exist_is_told() -> None:
    result = run("diff", "no-such-revision", "HEAD")
    assert result.exit_code == 2
    assert "no-such-revision: neither a policies folder nor a git revision" in result.stderr


@pytest.fixture
def journal(engine: Engine, tmp_path: Path) -> Any:
    path = tmp_path / "decisions.jsonl"
    cases = read_scenarios(engine.policies)
    records = [journal_record(case.request, engine.decide(case.request)) for case in cases]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_the_journal_replayed_under_the_same_rules_changes_nothing(engine: Engine, journal: Any) -> None:
    result = run("replay", journal, "--with", engine.policies.root)
    decisions = len(journal.read_text(encoding="utf-8").splitlines())
    assert (result.exit_code, result.output) == (0, f"0 of {decisions} decisions would change\n")


def test_the_journal_replayed_under_other_rules_names_the_people_concerned(
    journal: Any, replace_in: Replace
) -> None:
    result = run(
        "replay",
        journal,
        "--with",
        replace_in(GUARDS, "attemptsInWindow >= context.limits.tries_per_window", "attemptsInWindow >= 4"),
    )
    assert result.exit_code == 1
    assert "chloe redeemCode chloe-letter: allow FIRST-REDEEM -> deny G-CODE-TRIES-WINDOW" in result.output
    assert re.search(r"^1 of \d+ decisions would change\n  chloe: 1$", result.output, re.MULTILINE)


def test_a_journal_with_a_cut_line_is_told(engine: Engine, journal: Any) -> None:
    text = journal.read_text(encoding="utf-8")
    journal.write_text(text[:-40], encoding="utf-8")
    result = run("replay", journal, "--with", engine.policies.root)
    assert result.exit_code == 2
    assert f"decisions.jsonl:{len(text.splitlines())}: not a journalled decision" in result.stderr


def test_why_not_names_the_rule_the_nearest_permit_and_what_was_read() -> None:
    result = run("why-not", "scenarios/20-admin.yaml:20")
    assert "REFUSED: chloe validateHabilitation paul-demande" in result.output
    assert "nearest ADMIN-DECIDE, missing:" in result.output
    assert "ADMIN-DECIDE#1 Vous n'êtes pas administrateur de cette structure." in result.output
    assert "resource.membership.structure.admins = [alice, bob]" in result.output


def test_a_record_whose_facts_are_not_whole_is_explained_without_a_traceback(
    journal: Any, tmp_path: Path
) -> None:
    record = json.loads(journal.read_text(encoding="utf-8").splitlines()[0])
    odd: tuple[dict[str, Any], ...] = ({"facts": {}}, {"action": "becomeKing"})
    for changes in odd:
        path = tmp_path / "one.jsonl"
        path.write_text(json.dumps(record | changes), encoding="utf-8")
        result = run("explain", f"{path}:1")
        assert result.exit_code == 0
        assert "could not decide" in result.output or "no rule speaks of" in result.output


@pytest.mark.parametrize(
    "place",
    [
        "scenarios/20-admin.yaml",
        "nowhere.jsonl:3",
        "scenarios/nope.yaml:4",
        "scenarios/20-admin.yaml:9999",
        "scenarios/10-self.yaml:0",
        "scenarios/10-self.yaml:-1",
        "scenarios/personas.yaml:9",
        "scenarios/../scenarios/10-self.yaml:5",
    ],
)
def test_a_place_without_question_is_told(place: Any) -> None:
    result = run("explain", place)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.strip()


def test_the_last_line_of_a_file_is_of_its_last_scenario_and_the_next_one_of_none(engine: Engine) -> None:
    name = "scenarios/20-admin.yaml"
    last = len((engine.policies.root / name).read_text(encoding="utf-8").splitlines())
    case = [each for each in read_scenarios(engine.policies) if each.file == name][-1]
    assert case.request.action in run("explain", f"{name}:{last}").output
    assert run("explain", f"{name}:{last + 1}").exit_code == 2


def test_the_worked_example_of_the_readme_is_what_the_command_prints(
    engine: Engine, replace_in: Replace
) -> None:
    readme = (engine.policies.root / "README.md").read_text(encoding="utf-8")
    rule = re.search(r"^-(when .*)\n\+(when .*)$", readme, re.MULTILINE)
    assert rule
    removed, added = rule.groups()
    printed = run("diff", engine.policies.root, replace_in(GUARDS, removed, added)).output.splitlines()
    shown = readme.split("$ bdt policy diff main HEAD\n")[1].split("```")[0].splitlines()
    # The solver may choose other values for the facts of the case; everything else is word for word.
    *told, count, refusal = shown
    assert [line for line in told if line[:4].strip() and "…" not in line and line not in printed] == []
    assert printed[-2].startswith(count)
    assert printed[-1].startswith(refusal.partition("…")[0])
