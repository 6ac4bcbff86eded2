import pytest

from onboarding_api.delivery.ledger import Ledger
from onboarding_api.model.base import Database
from tests.builders.deliveries import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def ledger(database: Database, clock: HandClock) -> Ledger:
    """A ledger whose clock is moved by hand and whose waiting times are exact."""
    return Ledger(database, clock, draw=lambda: 1.0, most_tries=5)
