"""Metrics of a service process; its traces are in `tracing`, its logs in `logs`.

No label is taken from a record, so none names a person.
"""

from collections.abc import Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from shared.loop.loop import Loop
from shared.loop.pulse import Pulse
from shared.loop.shard import State
from shared.loop.ticker import Ticker
from shared.metric_families import counters, gauge, gauges
from shared.tracing import Tracing

ALERTED = ("deadlines_before_records",)
"""What alerts wait for is told before it has happened: a counter that begins with its first event
has not risen by it, for whoever scrapes."""


class LoopMetrics(Collector):
    """The loop's own counters, read when somebody asks."""

    def __init__(
        self, loop: Loop, ticker: Ticker, pulse: Pulse, tracing: Tracing | None = None
    ) -> None:
        self._service = loop.service.name
        self._loop = loop
        self._ticker = ticker
        self._pulse = pulse
        self._tracing = tracing

    def collect(self) -> Iterator[Metric]:
        loop, service = self._loop, self._service
        events = {(name,): loop.counters[name] for name in (*ALERTED, *loop.counters)}
        text = "What happened in the loop: docs/operating.md has the list"
        yield counters("leadops_loop_events", text, service, ["event"], events)
        lost = self._tracing.spans.lost if self._tracing else 0
        text = "Spans that no collector took"
        yield counters("leadops_spans_lost", text, service, [], {(): lost})
        states = [shard.state for shard in loop.shards.values()]
        by_state = {(state.value,): states.count(state) for state in State}
        text = "Shards of this process"
        yield gauges("leadops_shards", text, service, ["state"], by_state)
        yield from self._endpoints()
        yield from self._ages()

    def _endpoints(self) -> Iterator[Metric]:
        service, worker = self._service, self._loop.worker
        yield gauge("leadops_effects_running", "Attempts under way", service, worker.running)
        failing = worker.failing()
        text = "Endpoints whose latest attempt came to nothing"
        yield gauge("leadops_endpoints_failing", text, service, len(failing))
        text = "Endpoints whose breaker is open"
        yield gauge("leadops_breakers_open", text, service, sum(one.is_open for one in failing))

    def _ages(self) -> Iterator[Metric]:
        """What an alert looks at: whatever grows here is not getting on."""
        service = self._service
        yield from self._waiting()
        silent = {(name,): seconds for name, seconds in self._pulse.silent_seconds().items()}
        text = "How long ago the store and the broker last answered"
        yield gauges("leadops_silent_seconds", text, service, ["part"], silent)
        found = sum(len(shard.row.gaps) for shard in self._loop.shards.values())
        yield gauge("leadops_gaps", "Streams in which a record is missing", service, found)

    def _waiting(self) -> Iterator[Metric]:
        """Of this process's shards, by place and by topic, as of the last look: at most 3 s ago,
        and the time that the broker took to answer. The store is not asked."""
        service, now = self._service, self._loop.monotonic()
        seconds = {place: one.seconds(now) for place, one in self._ticker.waiting.items()}
        records = {place: one.records for place, one in self._ticker.waiting.items()}
        by_place = {(topic, str(number)): value for (topic, number), value in seconds.items()}
        labels = ["topic", "partition"]
        text = "For how long the next record of a partition has waited to be taken"
        yield gauges("leadops_record_waiting_seconds", text, service, labels, by_place)
        lag, oldest = {}, {}
        for topic in self._loop.topics():
            places = [place for place in records if place[0] == topic]
            lag[topic,] = sum(records[place] for place in places)
            oldest[topic,] = max((seconds[place] for place in places), default=0.0)
        text = "Records that were not taken yet"
        yield gauges("leadops_lag_records", text, service, ["topic"], lag)
        text = "For how long the next record of a topic has waited at most"
        yield gauges("leadops_oldest_record_seconds", text, service, ["topic"], oldest)
