"""The voice of the engine's alarms: a line in the log and a counter, without a fact in either."""

import structlog
from prometheus_client import Counter

log = structlog.get_logger()
RAISED = Counter(
    "bdt_policy_alarms_total",
    "Questions that the rules could not answer cleanly: each was refused.",
    ["code"],
)


def tell_alarm(code: str, action: str) -> None:
    """The engine refused because something is wrong with it, or with what it was told."""
    RAISED.labels(code).inc()
    log.error("policy_alarm", code=code, action=action)
