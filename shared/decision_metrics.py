"""What the decisions of a service have counted, for Prometheus."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from shared.loop.loop import Loop
from shared.metric_families import counters


class DecisionMetrics(Collector):
    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def collect(self) -> Iterator[Metric]:
        for name, series in self._loop.counts:
            names = [label for label, _ in next(iter(series))]
            text = text_of(name, names)
            by_values = {tuple(value for _, value in labels): n for labels, n in series.items()}
            yield counters(f"leadops_{name}", text, self._loop.service.name, names, by_values)


def text_of(name: str, labels: Sequence[str]) -> str:
    """Made of what a decision calls it, so that whoever adds a count need not describe it twice."""
    words = name.replace("_", " ").capitalize()
    return f"{words}, by {' and '.join(labels)}, as decided and committed"
