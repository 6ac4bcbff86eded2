"""Which Java is taken, and what is said when none will do."""

from pathlib import Path

import pytest

from idp_extension.server import ServerError
from idp_extension.server.java import find_java, java_major


def java_saying(path: Path, said: str) -> Path:
    """A program that answers `-version` as such a Java does: on its standard error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def java_11(tmp_path: Path) -> Path:
    return java_saying(tmp_path / "11" / "java", 'openjdk version "11.0.22" 2024-01-16')


@pytest.fixture
def java_21(tmp_path: Path) -> Path:
    return java_saying(tmp_path / "21" / "java", 'openjdk version "21" 2023-09-19')


def test_a_too_old_java_is_passed_over(java_11: Path, java_21: Path) -> None:
    found = find_java([java_11, java_21])
    assert (found.executable, found.major) == (java_21, 21)


def test_javac_counts_only_when_it_stands_beside(java_21: Path) -> None:
    assert find_java([java_21]).javac is None
    compiler = java_21.with_name("javac")
    compiler.touch()
    assert find_java([java_21]).javac == compiler


def test_too_old_is_said_with_what_was_found(java_11: Path, tmp_path: Path) -> None:
    broken = tmp_path / "gone" / "java"
    with pytest.raises(ServerError) as refused:
        find_java([java_11, broken])
    assert f"{java_11} is Java 11" in str(refused.value)
    assert f"{broken} is no working Java" in str(refused.value)
    assert "17 or newer" in str(refused.value)


def test_no_java_at_all_is_said() -> None:
    with pytest.raises(ServerError, match="no Java was found"):
        find_java([])


def test_java_8_says_its_version_in_the_old_way(tmp_path: Path) -> None:
    assert java_major(java_saying(tmp_path / "java", 'java version "1.8.0_402"')) == 8
