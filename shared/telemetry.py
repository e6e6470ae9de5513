"""Metrics of a service process; its traces are in `tracing`, its logs in `logs`.

No label is taken from a record, so none names a person.
"""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.loop.loop import Loop
from shared.loop.pulse import Pulse
from shared.loop.ticker import Ticker
from shared.tracing import Tracing


class LoopMetrics(Collector):
    """The loop's own counters, read when somebody asks."""

    def __init__(
        self, loop: Loop, ticker: Ticker, pulse: Pulse, tracing: Tracing | None = None
    ) -> None:
        self._loop = loop
        self._ticker = ticker
        self._pulse = pulse
        self._tracing = tracing

    def collect(self) -> Iterator[Metric]:
        loop, service = self._loop, self._loop.service.name
        counts = CounterMetricFamily(
            "leadops_loop_events", "What happened in the loop", labels=["service", "event"]
        )
        for name, value in loop.counters.items():
            counts.add_metric([service, name], value)
        yield counts
        lost = CounterMetricFamily(
            "leadops_spans_lost", "Spans that no collector took", labels=["service"]
        )
        lost.add_metric([service], self._tracing.spans.lost if self._tracing else 0)
        yield lost
        states = GaugeMetricFamily(
            "leadops_shards", "Shards of this process", labels=["service", "state"]
        )
        for state in ("open", "closed", "refused"):
            found = sum(shard.state == state for shard in loop.shards.values())
            states.add_metric([service, state], found)
        yield states
        running = GaugeMetricFamily(
            "leadops_effects_running", "Attempts under way", labels=["service"]
        )
        running.add_metric([service], loop.worker.running)
        yield running
        failing = GaugeMetricFamily(
            "leadops_endpoints_failing",
            "Endpoints whose latest attempt came to nothing",
            labels=["service"],
        )
        failing.add_metric([service], len(loop.worker.failing()))
        yield failing
        breakers = GaugeMetricFamily(
            "leadops_breakers_open", "Endpoints whose breaker is open", labels=["service"]
        )
        breakers.add_metric([service], sum(one.is_open for one in loop.worker.failing()))
        yield breakers
        yield from self._ages()

    def _ages(self) -> Iterator[Metric]:
        """What an alert looks at: whatever grows here is not getting on."""
        service, now = self._loop.service.name, self._loop.monotonic()
        waiting = GaugeMetricFamily(
            "leadops_record_waiting_seconds",
            "For how long the next record of a partition has waited to be taken",
            labels=["service", "topic", "partition"],
        )
        for (topic, partition), one in self._ticker.waiting.items():
            waiting.add_metric([service, topic, str(partition)], one.seconds(now))
        yield waiting
        yield from self._by_topic(now)
        silent = GaugeMetricFamily(
            "leadops_silent_seconds",
            "How long ago the store and the broker last answered",
            labels=["service", "part"],
        )
        for name, seconds in self._pulse.silent_seconds().items():
            silent.add_metric([service, name], seconds)
        yield silent
        gaps = GaugeMetricFamily(
            "leadops_gaps", "Streams in which a record is missing", labels=["service"]
        )
        gaps.add_metric([service], sum(len(one.row.gaps) for one in self._loop.shards.values()))
        yield gaps

    def _by_topic(self, now: float) -> Iterator[Metric]:
        """Of this process's shards, as of the last look, which is at most 3 s ago."""
        service, places = self._loop.service.name, self._ticker.waiting.items()
        lag = GaugeMetricFamily(
            "leadops_lag_records", "Records that were not taken yet", labels=["service", "topic"]
        )
        oldest = GaugeMetricFamily(
            "leadops_oldest_record_seconds",
            "For how long the next record of a topic has waited at most",
            labels=["service", "topic"],
        )
        for name in self._loop.topics():
            waiting = [one for (topic, _), one in places if topic == name]
            lag.add_metric([service, name], sum(one.records for one in waiting))
            seconds = max((one.seconds(now) for one in waiting), default=0.0)
            oldest.add_metric([service, name], seconds)
        yield lag
        yield oldest
