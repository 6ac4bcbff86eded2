"""The dashboard asks for figures that exist, and every figure is on it."""

import json
import re
from pathlib import Path

from onboarding_api.checkup.examine import Examined, Finding, Health
from onboarding_api.checkup.metrics import CheckupMetrics, families
from onboarding_api.delivery.metrics import LedgerMetrics
from onboarding_api.delivery.overview import Counters

DASHBOARD = Path(__file__).parents[3] / "docs/monitoring/grafana.json"


def expressions(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["expr"]] if "expr" in node else []
        return own + [found for value in node.values() for found in expressions(value)]
    if isinstance(node, list):
        return [found for value in node for found in expressions(value)]
    return []


def test_each_figure_is_on_the_dashboard_and_nothing_else_is() -> None:
    nothing = Counters(waiting={}, parked={}, open_by_kind={}, breakers={})
    told = set(families()) | {family.name for family in LedgerMetrics(lambda: nothing).describe()}
    asked = expressions(json.loads(DASHBOARD.read_text("utf-8")))
    assert {name for each in asked for name in re.findall(r"bdt_\w+", each)} == told


def test_the_labels_it_asks_for_exist() -> None:
    shown = json.loads(DASHBOARD.read_text("utf-8"))
    labels = {"part", "kind", "target", "class"}
    used = {label for each in expressions(shown) for label in re.findall(r"by \((\w+)\)", each)}
    assert used
    assert used <= labels


def test_every_figure_of_a_part_has_a_name_there() -> None:
    figures = {"letters": 2.0, "realm_differences": 0.0, "plan:person_missing": 3.0, "drift:email": 1.0}
    examined = (Examined("spool", Finding(Health.POOR, "", figures), 0.5),)
    told = {
        (sample.name, *sample.labels.values()): sample.value
        for family in CheckupMetrics(examined).collect()
        for sample in family.samples
    }
    assert told == {
        ("bdt_part_health", "spool"): 1, ("bdt_part_seconds", "spool"): 0.5, ("bdt_spool_letters",): 2,
        ("bdt_realm_differences",): 0, ("bdt_plan_differences", "person_missing"): 3,
        ("bdt_drift", "email"): 1,
    }  # fmt: skip
