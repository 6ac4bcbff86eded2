"""The figures of the ledger in the words of Prometheus: read from the database at each question."""

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from onboarding_api.delivery.overview import Counters
from onboarding_api.model.ledger.breaker import BreakerState
from onboarding_api.model.ledger.delivery import DeliveryClass


class LedgerMetrics(Collector):
    """Gauges by target and class. Any process may register it: they all tell the same.

    Args:
        read: the counters of the moment.
    """

    def __init__(self, read: Callable[[], Counters]) -> None:
        self._read = read

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The names alone: registering must not ask the database."""
        return iter(_families())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What waits, for how long, what is parked, and which targets are left alone."""
        counters = self._read()
        waiting, age, parked, breakers = _families()
        for place, found in sorted(counters.waiting.items()):
            labels = [place.target, place.of_class.name.lower()]
            waiting.add_metric(labels, found.count)
            age.add_metric(labels, found.age.total_seconds())
        for of_class in DeliveryClass:
            parked.add_metric([of_class.name.lower()], counters.parked.get(of_class, 0))
        for target, state in sorted(counters.breakers.items()):
            breakers.add_metric([target], int(state is not BreakerState.CLOSED))
        yield from (waiting, age, parked, breakers)


def _families() -> tuple[GaugeMetricFamily, ...]:
    place = ("target", "class")
    return (
        GaugeMetricFamily("bdt_deliveries_waiting", "Deliveries that have not left.", labels=place),
        GaugeMetricFamily("bdt_deliveries_age_seconds", "How long the oldest has been due.", labels=place),
        GaugeMetricFamily("bdt_deliveries_parked", "Deliveries that wait for an operator.", labels=place[1:]),
        GaugeMetricFamily("bdt_deliveries_breaker_open", "Whether a target is left alone.", labels=place[:1]),
    )
