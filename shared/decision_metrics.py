"""What the decisions of a service have counted, for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from shared.loop.loop import Loop
from shared.metric_families import counters


class DecisionMetrics(Collector):
    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def collect(self) -> Iterator[Metric]:
        text = "What was decided, once it was committed"
        for name, series in self._loop.counts:
            names = [label for label, _ in next(iter(series))]
            by_values = {tuple(value for _, value in labels): n for labels, n in series.items()}
            yield counters(f"leadops_{name}", text, self._loop.service.name, names, by_values)
