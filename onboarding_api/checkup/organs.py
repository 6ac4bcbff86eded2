"""The parts of our own: the ledger, the last full plan, what was found changed by hand."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select

from onboarding_api.checkup.examine import Finding, Health
from onboarding_api.delivery.overview import Counters
from onboarding_api.model.base import Database
from onboarding_api.model.ledger.breaker import BreakerState
from onboarding_api.model.projection.drift import WATCH_ID, Drift, DriftWatch

LATE = timedelta(minutes=10)
PLAN_OLD = timedelta(hours=26)
"""A plan is made each night; a night missed shows in the morning."""
WATCH_SILENT = timedelta(minutes=1)
LATELY = timedelta(days=1)


def ledger(read: Callable[[], Counters]) -> Finding:
    """What waits, and what an operator has to look at."""
    found = read()
    parked = sum(found.parked.values())
    closed = [target for target, state in found.breakers.items() if state is not BreakerState.CLOSED]
    words = f"oldest due since {found.oldest_age.total_seconds():.0f} s, {parked} parked"
    if closed:
        words += f", no answer from {', '.join(sorted(closed))}"
    if found.are_rights_stuck:
        return Finding(Health.ILL, f"{words}; a right that should be gone is not")
    if found.oldest_age > LATE:
        return Finding(Health.ILL, f"{words}: is a worker running?")
    return Finding(Health.POOR if parked or closed else Health.WELL, words)


def last_plan(database: Database, now: Callable[[], datetime]) -> Finding:
    """How old the last comparison of everything is, and what it saw."""
    with database.reading() as session:
        watch = session.get(DriftWatch, WATCH_ID)
        planned_at, seen = (watch.planned_at, dict(watch.plan)) if watch else (None, {})
    if planned_at is None:
        return Finding(Health.POOR, "no full plan was made yet; a worker makes one each night")
    age = now() - planned_at
    figures = {"plan_age_seconds": age.total_seconds()} | {f"plan:{kind}": n for kind, n in seen.items()}
    words = f"{age.total_seconds() / 3600:.0f} h old, {_told(seen) or '0 differences'}"
    is_well = age <= PLAN_OLD and not sum(seen.values())
    return Finding(Health.WELL if is_well else Health.POOR, words, figures)


def drift(database: Database, now: Callable[[], datetime]) -> Finding:
    """Whether somebody watches, and what was found changed by hand within a day."""
    moment = now()
    since = Drift.found_at > moment - LATELY
    kinds = select(Drift.kind, func.count()).where(since).group_by(Drift.kind)
    alarms = select(func.count()).where(since, Drift.answer == "alarm")
    with database.reading() as session:
        found = {kind: count for kind, count in session.execute(kinds)}
        watch = session.get(DriftWatch, WATCH_ID)
        alarmed = session.scalar(alarms) or 0
        looked_at = watch.looked_at if watch else None
    figures: dict[str, float] = {f"drift:{kind}": count for kind, count in found.items()}
    words = f"within a day: {_told(found) or 'nothing'}"
    if looked_at is None:
        return Finding(Health.POOR, f"nobody watches yet; {words}", figures)
    silent = moment - looked_at
    figures["watch_silent_seconds"] = silent.total_seconds()
    if silent > WATCH_SILENT:
        return Finding(Health.ILL, f"nobody watches since {silent.total_seconds():.0f} s; {words}", figures)
    return Finding(Health.POOR if alarmed else Health.WELL, words, figures)


def _told(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{count:.0f} {kind}" for kind, count in sorted(counts.items()) if count)
