"""The catalogue under the rule of the rules: what a service asks for is confirmed, and tested."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from policies.engine.decide import Engine
from policies.engine.revision import read_policies
from policies.review.cases.case import run_cases
from policies.review.cases.confirmed import confirmed_cases
from policies.review.commands.policy import policy


def test_each_service_answers_as_it_was_confirmed(engine: Engine) -> None:
    cases = confirmed_cases(engine.policies)
    assert len(cases) > 70
    assert run_cases(engine, cases) == []


CHANGES = [
    ("mes-prets:encours", 'requires_fonction: "true"', 'requires_fonction: "false"', "without fonction"),
    ("dataviz-coeur-de-ville:acces", "[commune, epci, ", "[epci, ", "in a commune"),
    ("mes-prets:suivi", "requires_fonction", "levels: [saisie]\n  requires_fonction", "without level"),
    ("mes-prets:documents", 'requires_fonction: "true"', 'requires_fonction: "false"', "without fonction"),
]


@pytest.mark.parametrize(("key", "old", "new", "title"), CHANGES)
def test_what_leaves_or_enters_the_catalogue_turns_a_scenario_red(
    copied_policies: Path, key: str, old: str, new: str, title: str
) -> None:
    path = copied_policies / "catalogue/services.yaml"
    text = path.read_text(encoding="utf-8")
    start = text.index(f"{key}:")
    path.write_text(text[:start] + text[start:].replace(old, new, 1), encoding="utf-8")
    policies = read_policies(copied_policies)
    faults = [str(each) for each in run_cases(Engine(policies), confirmed_cases(policies))]
    assert any(f"{key}: {title}" in each for each in faults), faults


def test_terms_that_leave_the_catalogue_turn_scenarios_red(copied_policies: Path) -> None:
    path = copied_policies / "catalogue/espaces.yaml"
    text = path.read_text(encoding="utf-8")
    for changed in (text.replace('  terms: "2022-02"\n', ""), text.replace("2022-02", "2021-01")):
        path.write_text(changed, encoding="utf-8")
        policies = read_policies(copied_policies)
        faults = [str(each) for each in run_cases(Engine(policies), confirmed_cases(policies))]
        assert any("mes-prets:demande: entered with" in each for each in faults), faults


def test_a_service_that_nobody_confirmed_is_a_fault(copied_policies: Path) -> None:
    path = copied_policies / "catalogue/services.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("mes-prets:encours:", "mes-prets:echeancier:"), encoding="utf-8")
    result = CliRunner().invoke(policy, ["--root", str(copied_policies), "test"])
    assert result.exit_code == 2
    assert "mes-prets:echeancier: no reviewer has confirmed this service" in result.stderr
    assert "mes-prets:encours: the catalogue has no such service" in result.stderr
