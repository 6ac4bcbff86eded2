"""Thirty days, to the end of the printed day where the structure is."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding_api.model.first_administrator.validity import expires_at, is_expired, last_day

ZONES = (
    "Europe/Paris",
    "America/Guadeloupe",
    "America/Martinique",
    "America/Cayenne",
    "America/Miquelon",
    "Indian/Reunion",
    "Indian/Mayotte",
    "Pacific/Tahiti",
    "Pacific/Noumea",
    "Pacific/Wallis",
)


@pytest.mark.parametrize(
    ("issued_at", "zone", "day", "end"),
    [
        # Winter to winter: 30 times 24 hours after the end of the day of issue.
        ("2026-11-23T14:00", "Europe/Paris", "2026-12-23", "2026-12-23T23:00"),
        # Across the change to summer time of 29 March 2026: the last day is an hour nearer.
        ("2026-03-10T10:00", "Europe/Paris", "2026-04-09", "2026-04-09T22:00"),
        # Across the change to winter time of 25 October 2026.
        ("2026-10-01T10:00", "Europe/Paris", "2026-10-31", "2026-10-31T23:00"),
        # The last day is itself the day on which clocks change.
        ("2026-09-25T10:00", "Europe/Paris", "2026-10-25", "2026-10-25T23:00"),
        ("2026-02-27T10:00", "Europe/Paris", "2026-03-29", "2026-03-29T22:00"),
        # 23:30 UTC is already the next day in Paris, and still the same in Tahiti.
        ("2026-11-23T23:30", "Europe/Paris", "2026-12-24", "2026-12-24T23:00"),
        ("2026-11-23T23:30", "Pacific/Tahiti", "2026-12-23", "2026-12-24T10:00"),
        ("2026-11-23T14:00", "Indian/Reunion", "2026-12-23", "2026-12-23T20:00"),
        ("2026-11-23T14:00", "Pacific/Noumea", "2026-12-24", "2026-12-24T13:00"),
        ("2026-02-20T04:30", "America/Miquelon", "2026-03-22", "2026-03-23T02:00"),
    ],
)
def test_the_last_day_and_its_end(issued_at: str, zone: str, day: str, end: str) -> None:
    issued = datetime.fromisoformat(issued_at).replace(tzinfo=UTC)
    assert last_day(issued, zone) == date.fromisoformat(day)
    assert expires_at(issued, zone) == datetime.fromisoformat(end).replace(tzinfo=UTC)


@given(st.integers(0, 10 * 365 * 24 * 60), st.sampled_from(ZONES))
def test_the_code_dies_with_the_printed_day(minute: int, zone: str) -> None:
    issued = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    end = expires_at(issued, zone)
    assert end.utcoffset() == timedelta(0)
    assert (end - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() == last_day(issued, zone)
    assert end.astimezone(ZoneInfo(zone)).date() == last_day(issued, zone) + timedelta(days=1)
    assert timedelta(days=30) - timedelta(hours=1) <= end - issued <= timedelta(days=31, hours=1)


@pytest.mark.attack(8)
def test_expired_from_the_end_on() -> None:
    end = datetime(2026, 12, 23, 23, tzinfo=UTC)
    assert not is_expired(end, end - timedelta(microseconds=1))
    assert is_expired(end, end)


def test_no_date_means_expired() -> None:
    assert is_expired(None, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_moment_without_zone_and_an_unknown_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="without time zone"):
        last_day(datetime.fromisoformat("2026-01-01"), "Europe/Paris")
    with pytest.raises(ZoneInfoNotFoundError):
        last_day(datetime(2026, 1, 1, tzinfo=UTC), "Europe/Eus")
