"""The cases notice every slip of the pen that changes an answer; what they do not notice is listed."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from policies.engine.decide import Engine
from policies.engine.revision import read_policies
from policies.review.cases.case import golden_cases, run_cases
from policies.review.cases.scenarios import read_scenarios
from policies.review.changes.mutants import mutants_of
from policies.review.changes.mutate import mutate, never_decisive, write_corpus
from policies.review.commands.policy import policy


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
    } <= changes


@pytest.mark.attack(4)
@pytest.mark.slow
def test_at_least_98_percent_of_the_slips_are_noticed(engine: Engine) -> None:
    mutation = mutate(engine.policies)
    assert mutation.score >= 0.98, "\n".join(mutation.lines())


@pytest.mark.slow
def test_every_rule_and_condition_decides_somewhere(engine: Engine) -> None:
    cases = (*read_scenarios(engine.policies), *golden_cases(engine.policies.root))
    assert [str(mutant) for mutant in never_decisive(engine.policies, cases)] == []


@pytest.mark.slow
def test_the_committed_corpus_is_what_the_command_writes(engine: Engine, copied_policies: Path) -> None:
    committed = len(golden_cases(engine.policies.root))
    (copied_policies / "golden/cases.jsonl").unlink()
    assert abs(write_corpus(read_policies(copied_policies)) - committed) <= 3


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
