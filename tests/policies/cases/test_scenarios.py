"""Every scenario of the reviewers, one test each, and every way to write one wrong."""

from pathlib import Path
from typing import Any

import pytest

from policies.catalogue.faults import BadSource
from policies.engine.decide import Engine, default_engine
from policies.engine.revision import read_policies
from policies.review.cases.scenarios import read_scenarios

SCENARIOS = read_scenarios(default_engine().policies)


@pytest.mark.parametrize("case", SCENARIOS, ids=lambda case: f"{case.file}:{case.line}")
def test_scenario(engine: Engine, case: Any) -> None:
    assert case.fault(engine.decide(case.request)) is None


def test_every_rule_decides_in_some_scenario(engine: Engine) -> None:
    decided = {rule_id for case in SCENARIOS for rule_id in engine.decide(case.request).rules}
    assert {rule.id for rule in engine.policies.rules} - decided == set()


def test_every_condition_of_a_permit_is_missing_in_some_scenario(engine: Engine) -> None:
    named = {name for case in SCENARIOS for name in case.expected if "#" in name}
    conditions = {
        f"{rule.id}#{note.removeprefix('needs_')}"
        for rule in engine.policies.rules
        for note in rule.template.annotations
        if note.startswith("needs_")
    }
    assert conditions - named == set()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("when: chloe attach paul-before-oms", "when: cloe attach paul-before-oms", "did you mean chloe?"),
        ("when: chloe attach paul-before-oms", "when: chloe atach paul-before-oms", "did you mean attach?"),
        ("when: chloe attach paul-before-oms", "when: chloe attach", "does not match regex"),
        ("then: deny by SELF-ATTACH#2", "then: deny by SELF-ATACH#2", "did you mean SELF-ATTACH?"),
        ("then: deny by SELF-ATTACH#2", "thn: deny by SELF-ATTACH#2", "did you mean then?"),
        ('{ paul: { isActive: "false" } }', '{ paul: { isActve: "false" } }', "did you mean isActive?"),
        ('{ paul: { isActive: "false" } }', '{ paul: { isActive: "NO" } }', "expected a Bool, got NO"),
        ("paul-demande: { state: refused }", "paul-demande: { state: refusd }", "did you mean refused?"),
        ("eus: { type: epci }", "eus: { type: epcii }", "did you mean epci?"),
    ],
)
def test_a_badly_written_scenario_is_told_with_its_line(
    copied_policies: Path, old: str, new: str, message: str
) -> None:
    path = copied_policies / "scenarios/10-self.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadSource, match=r"scenarios/10-self.yaml:[0-9]+: ") as caught:
        read_scenarios(read_policies(copied_policies))
    assert message in str(caught.value)
