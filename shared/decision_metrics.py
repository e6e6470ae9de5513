"""What the decisions of a service have counted, for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.loop.loop import Loop


class DecisionMetrics(Collector):
    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def collect(self) -> Iterator[Metric]:
        for name, series in self._loop.counts:
            names = [label for label, _ in next(iter(series))]
            family = CounterMetricFamily(
                f"leadops_{name}",
                "What was decided, once it was committed",
                labels=["service", *names],
            )
            for labels, number in series.items():
                family.add_metric([self._loop.service.name, *(text for _, text in labels)], number)
            yield family
