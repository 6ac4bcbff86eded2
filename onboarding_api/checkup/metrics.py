"""What was found, in the words of Prometheus; the figures of the ledger are `delivery.metrics`."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from onboarding_api.checkup.examine import Examined

_PLAIN = {
    "letters": ("bdt_spool_letters", "Letters that nobody has taken away."),
    "oldest_letter_seconds": ("bdt_spool_oldest_seconds", "For how long the oldest letter lies there."),
    "free_bytes": ("bdt_spool_free_bytes", "Room left where letters are put."),
    "clock_apart_seconds_database": (
        "bdt_clock_database_seconds",
        "How far our clock is from the database's.",
    ),
    "clock_apart_seconds_keycloak": ("bdt_clock_keycloak_seconds", "How far our clock is from Keycloak's."),
    "realm_differences": ("bdt_realm_differences", "What the realm is and no file says, or the reverse."),
    "plan_age_seconds": ("bdt_plan_age_seconds", "How old the last comparison of everything is."),
    "watch_silent_seconds": (
        "bdt_watch_silent_seconds",
        "Since when nobody has looked at Keycloak's events.",
    ),
}
_BY_KIND = {
    "plan": ("bdt_plan_differences", "What the last comparison of everything saw, by kind."),
    "drift": ("bdt_drift", "What was found changed by hand within a day, by kind."),
}


class CheckupMetrics(Collector):
    """Gauges of one examination.

    Args:
        examined: its parts.
    """

    def __init__(self, examined: tuple[Examined, ...]) -> None:
        self._examined = examined

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Every name there may be."""
        return iter(families().values())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """How each part is, how long the look took, and its figures."""
        told = families()
        for each in self._examined:
            told["bdt_part_health"].add_metric([each.part], each.finding.health)
            told["bdt_part_seconds"].add_metric([each.part], each.seconds)
            for name, value in each.finding.figures.items():
                group, _, kind = name.partition(":")
                if kind:
                    told[_BY_KIND[group][0]].add_metric([kind], value)
                else:
                    told[_PLAIN[name][0]].add_metric([], value)
        yield from (family for family in told.values() if family.samples)


def families() -> dict[str, GaugeMetricFamily]:
    """Every gauge by its name, empty."""
    made = [
        GaugeMetricFamily("bdt_part_health", "0 well, 1 needs somebody, 2 ill.", labels=("part",)),
        GaugeMetricFamily("bdt_part_seconds", "How long the look at a part took.", labels=("part",)),
        *(GaugeMetricFamily(name, words) for name, words in _PLAIN.values()),
        *(GaugeMetricFamily(name, words, labels=("kind",)) for name, words in _BY_KIND.values()),
    ]
    return {family.name: family for family in made}
