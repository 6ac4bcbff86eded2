"""What comes from outside is pinned to its bytes (security threat 57)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def packages(lock: Path) -> dict[str, str]:
    """Each pinned package of a lock file with what follows its version."""
    text = lock.read_text("utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {line.split()[0]: line for line in lines}


@pytest.mark.attack(57)
@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_package_is_pinned_to_its_hashes(lock: Path) -> None:
    found = packages(lock)
    assert len(found) > 10
    loose = [
        name
        for name, line in found.items()
        if "==" not in name or not re.search(r"--hash=sha256:[0-9a-f]{64}", line)
    ]
    assert loose == []


@pytest.mark.attack(57)
def test_whoever_installs_asks_for_the_hashes() -> None:
    installers = [ROOT / "Makefile", *sorted((ROOT / "docker").glob("*Dockerfile"))]
    installing = [path for path in installers if "pip install" in path.read_text("utf-8")]
    assert installing
    for path in installing:
        for line in path.read_text("utf-8").splitlines():
            if "pip install" in line and "-r " in line:
                assert "--require-hashes" in line, path
