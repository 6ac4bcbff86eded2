"""The official symbolic compiler beside our encoder: what happens when it is not there."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from policies.catalogue.faults import BadSource
from policies.review.commands.policy import policy
from policies.review.proofs.second_opinion import Opinion, find_cedar


def test_without_the_program_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadSource, match="Second opinion"):
        find_cedar()
    result = CliRunner().invoke(policy, ["prove", "--second-opinion"])
    assert result.exit_code == 2
    assert "is not installed" in result.stderr
    assert "Traceback" not in result.output


def test_a_disagreement_shows() -> None:
    assert "DISAGREE" in str(Opinion("P-X", "PROVED", "REFUTED", 3))
    assert "agree" in str(Opinion("P-X", "PROVED", "PROVED", 3))
