"""The guard against slow tests: it counts work, not time."""

import pytest
from sqlalchemy import create_engine, text

from tests.builders.guard import TooSlow, watched


def test_a_test_that_burns_is_refused_and_one_that_sleeps_is_not() -> None:
    with watched() as spent:
        while spent.cpu_seconds < 0.05:
            sum(range(1000))
    with pytest.raises(TooSlow, match=r"s of CPU: 0\.01 are allowed without `slow`"):
        spent.check(most_cpu_seconds=0.01)


def test_a_test_that_asks_row_by_row_is_refused() -> None:
    engine = create_engine("sqlite://")
    with watched() as spent, engine.connect() as connection:
        for _ in range(12):
            connection.execute(text("SELECT 1"))
    engine.dispose()
    with pytest.raises(TooSlow, match="12 SQL statements: 10 are allowed"):
        spent.check(most_statements=10)
    spent.check()
