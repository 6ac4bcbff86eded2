"""How long, under which seed, over which database."""

import os
import secrets

import pytest

SHORT_SECONDS = 40


@pytest.fixture(scope="session")
def storm_seconds() -> int:
    """A short round as part of the suite; `make chaos` sets a long one."""
    return int(os.environ.get("BDT_CHAOS_SECONDS", SHORT_SECONDS))


@pytest.fixture(scope="session")
def storm_seed() -> int:
    return int(os.environ.get("BDT_CHAOS_SEED") or secrets.randbelow(10**6))
