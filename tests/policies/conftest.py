"""Pieces of the policy tests: the product's engine, and copies of the rules that a test may break."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from policies.catalogue.loader import POLICIES
from policies.engine.decide import Engine, default_engine

Replace = Callable[[str, str, str], Path]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return default_engine()


@pytest.fixture
def copied_policies(tmp_path: Path) -> Path:
    """A copy of the policies folder without its code."""
    target = tmp_path / "policies"
    shutil.copytree(POLICIES, target, ignore=shutil.ignore_patterns("engine", "__pycache__"))
    return target


@pytest.fixture
def replace_in(copied_policies: Path) -> Replace:
    """Edit the copy: the one occurrence of `old` in the files of a name or pattern becomes `new`."""

    def replace(pattern: str, old: str, new: str) -> Path:
        texts = {path: path.read_text(encoding="utf-8") for path in copied_policies.glob(pattern)}
        found = sum(text.count(old) for text in texts.values())
        assert found == 1, f"{old!r} occurs {found} times in {pattern}"
        for path, text in texts.items():
            path.write_text(text.replace(old, new), encoding="utf-8")
        return copied_policies

    return replace
