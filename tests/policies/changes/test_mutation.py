"""The cases notice every slip of the pen that changes an answer; what they do not notice is listed."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from policies.engine.decide import Engine
from policies.review.cases.case import golden_cases, run_cases
from policies.review.cases.scenarios import read_scenarios
from policies.review.changes.mutants import mutants_of, regrouped, retold
from policies.review.changes.mutate import mutate, never_decisive
from policies.review.commands.policy import policy
from tests.policies.conftest import Replace

SLIPS = [
    ("rules/20*.cedar", 'State::"deactivated"', 'State::"refused"', "scenarios/20-admin"),
    ("rules/95*.cedar", ">= context.limits.tries_in_all", "> context.limits.tries_in_all", "30-first"),
    ("rules/93*.cedar", "expiresAt <= context.now", "expiresAt < context.now", "10-self"),
    ("rules/90*.cedar", "acr < context.limits.staff_acr", "acr == 0", "P-STAFF-LEVEL: REFUTED"),
    ("rules/92*.cedar", "resource is Membership && resource.isSuspended", "false", "SUSPENDED"),
]


def test_the_golden_cases_answer_as_they_were_written(engine: Engine) -> None:
    golden = golden_cases(engine.policies.root)
    assert golden
    assert run_cases(engine, golden) == []


def test_every_kind_of_slip_is_made(engine: Engine) -> None:
    changes = {
        mutant.change.partition(":")[0]
        for rule in engine.policies.rules
        for mutant in mutants_of(rule, engine.policies.model)
    }
    assert {
        "rule dropped",
        "when and unless swapped",
        "side dropped",
        "eq made not_eq",
        "less_eq made less",
        "greater_eq made greater",
        "contains negated",
        "contains_any negated",
        "is_empty negated",
        "! dropped",
        "3 made 4",
        "3 made 2",
        "24h made one day longer",
        "pending made awaiting_letter",
        "action viewMembers dropped",
        "24h made 1 ms longer",
        "deactivated or refused",
        "security or support",
        "path without membership",
        "24h made 1 ms shorter",
    } <= changes
    outside = [*regrouped(engine.policies.model), *retold(engine.policies.catalogue)]
    assert {
        "enterService: out of the group holding",
        "withdrawRequest: into the group belonging",
        "mes-prets:encours: requires_fonction True made False",
        "mes-prets:encours: structure_types without epci",
        "mes-prets:encours: levels with saisie",
        "mes-prets:encours: conflicts with mes-prets:suivi",
        "mes-prets: terms 2022-02 made None",
    } <= {str(each) for each in outside}


@pytest.mark.attack(4)
@pytest.mark.slow
def test_at_least_99_percent_of_the_slips_are_noticed(engine: Engine) -> None:
    mutation = mutate(engine.policies)
    assert min(mutation.score, mutation.pairs) >= 0.99, "\n".join(mutation.lines())


@pytest.mark.slow
def test_every_rule_and_condition_decides_somewhere(engine: Engine) -> None:
    cases = (*read_scenarios(engine.policies), *golden_cases(engine.policies.root))
    assert [str(mutant) for mutant in never_decisive(engine.policies, cases)] == []


@pytest.mark.slow
def test_the_committed_corpus_is_what_the_command_writes_byte_for_byte(
    engine: Engine, copied_policies: Path
) -> None:
    """In another process with another seed of its hashes; no line holds a digest of the rules."""
    corpus = copied_policies / "golden/cases.jsonl"
    committed = corpus.read_bytes()
    corpus.unlink()
    command = [sys.executable, "-m", "policies.review.commands.policy", "--root", str(copied_policies)]
    done = subprocess.run(
        [*command, "mutate", "--write"], check=False, capture_output=True, env={"PYTHONHASHSEED": "11"}
    )
    assert done.returncode == 0, done.stderr
    assert corpus.read_bytes() == committed
    assert b"digest" not in committed


@pytest.mark.slow
@pytest.mark.parametrize("slip", SLIPS, ids=lambda each: each[3])
def test_the_corpus_is_not_written_over_a_red_test(
    replace_in: Replace, slip: tuple[str, str, str, str]
) -> None:
    *change, told = slip
    root = replace_in(*change)
    corpus = root / "golden/cases.jsonl"
    before = corpus.read_bytes()
    result = CliRunner().invoke(policy, ["--root", str(root), "mutate", "--write"])
    assert result.exit_code == 2
    assert told in result.stderr
    assert corpus.read_bytes() == before


def test_the_corpus_is_not_written_over_a_golden_case_that_answers_otherwise(copied_policies: Path) -> None:
    corpus = copied_policies / "golden/cases.jsonl"
    text = corpus.read_text(encoding="utf-8")
    changed = text.replace('"allowed": true', '"allowed": false', 1)
    corpus.write_text(changed, encoding="utf-8")
    result = CliRunner().invoke(policy, ["--root", str(copied_policies), "mutate", "--write"])
    assert (result.exit_code, changed != text) == (2, True)
    assert "golden/cases.jsonl:1: " in result.stderr
    assert corpus.read_text(encoding="utf-8") == changed


@pytest.mark.slow
def test_a_rule_that_no_case_needs_is_listed(engine: Engine) -> None:
    cases = [case for case in read_scenarios(engine.policies) if "G-TERMS" not in case.expected]
    silent = {mutant.rule.id for mutant in never_decisive(engine.policies, cases)}
    assert "G-TERMS" in silent


def test_a_corpus_with_a_cut_line_is_told(copied_policies: Path) -> None:
    corpus = copied_policies / "golden/cases.jsonl"
    corpus.write_text(corpus.read_text(encoding="utf-8")[:-30], encoding="utf-8")
    result = CliRunner().invoke(policy, ["--root", str(copied_policies), "test"])
    assert result.exit_code == 2
    assert "golden/cases.jsonl:" in result.stderr
