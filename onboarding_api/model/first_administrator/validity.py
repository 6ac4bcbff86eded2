"""How long an activation code is good: so many days, to the end of the day printed on the letter.

"Thirty days" is ambiguous when clocks change and across the overseas territories, so the printed day is
reckoned in the structure's own zone and its end is stored as one instant in UTC (guide G-71, security §6).
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from policies.catalogue.loader import load_catalogue

DAYS = load_catalogue().limits.code_life.days


def last_day(issued_at: datetime, zone: str) -> date:
    """The last day of a code, in the structure's zone: so many days after the day of issue.

    Args:
        issued_at: when the code was made; aware.
        zone: IANA name, as "Europe/Paris" or "Pacific/Tahiti".

    Raises:
        ValueError: `issued_at` has no time zone.
        zoneinfo.ZoneInfoNotFoundError: no such zone.
    """
    if issued_at.tzinfo is None:
        raise ValueError("a moment without time zone")
    return issued_at.astimezone(ZoneInfo(zone)).date() + timedelta(days=DAYS)


def expires_at(issued_at: datetime, zone: str) -> datetime:
    """The instant (UTC) at which the last day ends there; from it on, the code is refused."""
    day_after = last_day(issued_at, zone) + timedelta(days=1)
    return datetime.combine(day_after, time.min, ZoneInfo(zone)).astimezone(UTC)


def is_expired(end: datetime | None, now: datetime) -> bool:
    """Whether a code that ends at `end` is dead at `now`. No date means expired."""
    return end is None or now >= end
