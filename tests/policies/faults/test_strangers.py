"""Faults of strangers' kinds: each is noticed by a command of the reviewers, and each shows in the diff.

`make test` plants one of four kinds; `make soak` all of them (BDT_POLICY_FAULTS=all).
"""

import os
from pathlib import Path
from typing import Any

import pytest

from policies.catalogue.yaml_source import load_yaml
from policies.engine.revision import read_policies
from tests.policies.faults.planting import noticed_by, plant

HERE = Path(__file__).parent
FAULTS = load_yaml(HERE / "strangers.yaml", HERE).data
IN_EACH_RUN = ("guard", "group", "catalogue", "pair")
NIGHTLY = os.environ.get("BDT_POLICY_FAULTS") == "all"
# What is shown, a number, and two edits that agree: nothing but the comparison can see them.
BY_THE_DIFF_ALONE = load_yaml(HERE / "by_the_diff_alone.yaml", HERE).data
PLANTED = [
    pytest.param(kind, *fault, id=f"{kind}: {fault[0]}")
    for kind, faults in FAULTS.items()
    for fault in (faults if NIGHTLY else faults[:1] if kind in IN_EACH_RUN else ())
]


def test_there_are_a_hundred_of_all_kinds_and_each_has_a_name_of_its_own() -> None:
    names = [name for faults in FAULTS.values() for name, _ in faults]
    assert (len(names) >= 100, len(names)) == (True, len(set(names)))
    assert set(BY_THE_DIFF_ALONE) < set(names)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "what", "edits"), PLANTED)
def test_a_fault_is_noticed_and_shows_in_the_diff(
    copied_policies: Path, kind: Any, what: Any, edits: Any
) -> None:
    before = read_policies(copied_policies)
    plant(copied_policies, edits)
    command, told, shown = noticed_by(copied_policies, before)
    assert shown, (kind, what)
    assert bool(told) is (what not in BY_THE_DIFF_ALONE), (command, told)
