"""A case is told as it is: to the millisecond, where the minute is not all of it."""

from datetime import datetime, timedelta, timezone

import pytest

from policies.engine.facts import told


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2026-11-23T10:00:00+00:00", "2026-11-23 10:00"),
        ("2026-11-23T10:00:59+00:00", "2026-11-23 10:00:59"),
        ("2026-11-23T10:00:00.001+00:00", "2026-11-23 10:00:00.001"),
        ("2026-11-23T10:00:00.999+00:00", "2026-11-23 10:00:00.999"),
        ("1970-01-31T00:00:00.000400+00:00", "1970-01-31 00:00"),
        ("2026-11-23T11:00:00.250+01:00", "2026-11-23 10:00:00.250"),
    ],
)
def test_a_moment_is_true_to_the_millisecond(written: str, shown: str) -> None:
    assert told(datetime.fromisoformat(written)) == shown


def test_two_moments_that_the_engine_tells_apart_are_told_apart() -> None:
    moment = datetime(2026, 11, 23, 10, tzinfo=timezone(timedelta(hours=1)))
    assert len({told(moment + timedelta(milliseconds=each)) for each in range(200)}) == 200
