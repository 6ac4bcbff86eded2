"""Pieces of the policy tests: the product's engine, and copies of the rules that a test may break."""

import shutil
from pathlib import Path

import pytest

from policies.catalogue.loader import POLICIES
from policies.engine.decide import Engine, default_engine


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
def replace_in(copied_policies: Path):
    """Edit one file of the copy: exactly one occurrence of `old` becomes `new`."""

    def replace(name: str, old: str, new: str) -> Path:
        path = copied_policies / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return copied_policies

    return replace
