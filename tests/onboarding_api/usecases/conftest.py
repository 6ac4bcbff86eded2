"""The portal of a test, once on SQLite and once on PostgreSQL."""

import pytest

from onboarding_api.model.base import Database
from tests.builders.portal import Portal


@pytest.fixture
def portal(database: Database) -> Portal:
    """An empty portal; it is Monday, 23 November 2026, 9:00 UTC."""
    return Portal(database)
