"""Whatever is wrong with the files: file, line, what was expected, exit code 2; never a traceback."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from policies.catalogue.loader import POLICIES
from policies.catalogue.yaml_source import load_rules_of_form
from policies.review.commands.policy import policy

HERE = Path(__file__).parent
BAD = load_rules_of_form(HERE / "bad_inputs.yaml", HERE).data
COMMANDS = (
    "test",
    "controls",
    "explain scenarios/10-self.yaml:1",
    "generate --check",
    "diff {product} {root}",
)
"""One of each way to read the folder; the others read it as one of these, or as `check` and `prove` do."""
EACH = os.environ.get("BDT_POLICY_FAULTS") == "all"
"""`make soak` gives each input to each of them, `make test` to one in turn."""


def broken(folder: Path, spec: dict[str, Any]) -> Path:
    """A copy of the policies with the one thing wrong."""
    root = folder / "policies"
    shutil.copytree(POLICIES, root, ignore=shutil.ignore_patterns("engine", "review", "__pycache__"))
    path = root / spec["in"]
    if "bytes" in spec:
        path.write_bytes(bytes.fromhex(spec["bytes"]) + path.read_bytes())
        return root
    text = path.read_text(encoding="utf-8")
    assert not spec["old"] or text.count(spec["old"]) == 1
    path.write_text(text.replace(spec["old"], spec["new"]) if spec["old"] else spec["new"], encoding="utf-8")
    return root


def run(root: Path, words: str) -> Result:
    told = words.format(root=root, tmp=root.parent, product=POLICIES).split()
    result = CliRunner().invoke(policy, ["--root", str(root), *told])
    assert result.exception is None or isinstance(result.exception, SystemExit), (words, result.exception)
    assert "Traceback" not in result.output
    return result


@pytest.mark.parametrize("spec", BAD.values(), ids=BAD)
def test_it_is_told_with_its_place_and_what_was_expected(tmp_path: Path, spec: dict[str, Any]) -> None:
    result = run(broken(tmp_path, spec), spec.get("by", "check"))

    assert result.exit_code == (1 if spec.get("by") == "prove" else 2)
    told = [line for line in result.output.splitlines() if spec["at"] in line and spec["told"] in line]
    assert told, result.output


def test_there_are_enough_kinds_of_it() -> None:
    assert len(BAD) > 40
    assert {spec["in"].partition("/")[0] for spec in BAD.values()} == {
        "properties", "rules", "model", "catalogue", "scenarios", "golden", "controls.yaml",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("turn", "spec"), list(enumerate(BAD.values())), ids=BAD)
def test_no_command_answers_it_with_a_traceback(tmp_path: Path, turn: int, spec: dict[str, Any]) -> None:
    """A command that does not read the broken file may go on; one that does says where, once it stops."""
    root = broken(tmp_path, spec)
    # What is well-formed goes through everything elsewhere; here it would only take its time.
    commands = COMMANDS if "by" not in spec else COMMANDS[:4]
    for words in commands if EACH else [commands[turn % len(commands)]]:
        result = run(root, words)
        assert result.exit_code in {0, 1, 2}
        assert result.exit_code != 2 or result.stderr.strip(), words
