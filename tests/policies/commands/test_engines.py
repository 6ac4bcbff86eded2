"""cedar-go beside our engine; without a Go toolchain the command says so by name."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from policies.catalogue.faults import BadSource
from policies.engine.decide import Engine
from policies.review.commands.policy import policy
from policies.review.engines.cedar_go import compare_engines


def test_without_a_toolchain_the_command_names_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = CliRunner().invoke(policy, ["engines", "--decisions", "10"])
    assert result.exit_code == 2
    assert result.stderr.startswith("go: is not installed: cedar-go needs a Go toolchain")


@pytest.mark.slow
def test_a_short_round_agrees_and_a_changed_rule_shows(engine: Engine) -> None:
    if shutil.which("go") is None:
        with pytest.raises(BadSource, match="Go toolchain"):
            compare_engines(engine.policies, 1, seed=1)
        return
    agreed = compare_engines(engine.policies, 3_000, seed=1)
    assert (agreed.disagreements, agreed.decisions >= 3_000, agreed.allowed > 100) == (0, True, True)

    rules = tuple(each for each in engine.policies.rules if each.id != "G-ATTACHED")
    differs = compare_engines(engine.policies, 3_000, seed=1, theirs=engine.policies.with_rules(rules))
    assert differs.disagreements > 0
    assert "G-ATTACHED" in differs.differences[0]
