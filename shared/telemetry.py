"""Traces, metrics and logs of a service process.

One consumer span per batch, linked to its causes, and for each sampled input a span in the trace
that it came with, so one trace follows one lead from upload to delivery. Events carry their cause's
trace context unchanged. Attribute names stand here and nowhere else; no attribute holds personal
data.
"""

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.loop.classify import Internal, Item, Received, Unreadable
from shared.loop.loop import Loop
from shared.loop.pulse import Pulse
from shared.loop.ticker import Ticker
from shared.store import Document

SYSTEM = {"messaging.system": "kafka"}
OPERATION = "messaging.operation.type"
DESTINATION = "messaging.destination.name"
BATCH = "messaging.batch.message_count"
FATE = "leadops.disposition"
VERDICT = "leadops.verdict"
LINKS_MAX = 128

LOG_FIELDS = frozenset(
    ("event", "level", "timestamp", "at", "code", "endpoint", "error", "errors", "id", "inputs")
    + ("number", "place", "reason", "role", "shard", "shards", "stream", "type")
)
ADDRESS = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+")


def context_of(traceparent: str | None) -> SpanContext | None:
    """The W3C trace context of a header; None for none, a broken one, or one that isn't sampled."""
    parts = (traceparent or "").split("-")
    if len(parts) != 4 or [len(part) for part in parts] != [2, 32, 16, 2]:
        return None
    try:
        trace_id, span_id, flags = (int(part, 16) for part in parts[1:])
    except ValueError:
        return None
    if not (trace_id and span_id and flags & TraceFlags.SAMPLED):
        return None
    return SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))


class Tracing:
    """Tells OTLP what happened, after it happened: spans are made once their step is committed."""

    def __init__(self, service: str, endpoint: str) -> None:
        provider = TracerProvider(resource=Resource.create({"service.name": service}))
        exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=5)
        provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=65_536))
        self._provider = provider
        self._tracer = provider.get_tracer("leadops")

    def step(self, items: Sequence[Item], started: int, ended: int) -> None:
        """`started` and `ended` are nanoseconds since the epoch."""
        sampled = list(_with_context(items))
        if not sampled:
            return
        links = [Link(context) for context, _ in sampled[:LINKS_MAX]]
        span = self._tracer.start_span(
            "process batch",
            kind=SpanKind.CONSUMER,
            links=links,
            start_time=started,
            attributes={**SYSTEM, OPERATION: "process", BATCH: len(items)},
        )
        span.end(ended)
        for context, item in sampled:
            self._in_trace(context, f"process {_name(item)}", _attributes(item), started, ended)

    def attempt(self, row: Document, verdict: str, started: int, ended: int) -> None:
        context = context_of(row["cause"]["trace"])
        if context is not None:
            attributes = {VERDICT: verdict, "leadops.effect": row["kind"]}
            self._in_trace(context, f"deliver {row['kind']}", attributes, started, ended)

    def _in_trace(
        self, parent: SpanContext, name: str, attributes: dict[str, str], started: int, ended: int
    ) -> None:
        context = trace.set_span_in_context(NonRecordingSpan(parent))
        kind = SpanKind.CLIENT if name.startswith("deliver") else SpanKind.CONSUMER
        self._tracer.start_span(
            name, context, kind=kind, start_time=started, attributes=attributes
        ).end(ended)

    def close(self) -> None:
        self._provider.shutdown()


def _with_context(items: Sequence[Item]) -> Iterator[tuple[SpanContext, Item]]:
    for item in items:
        context = None if isinstance(item, Unreadable) else context_of(item.cause.trace)
        if context is not None:
            yield context, item


def _name(item: Item) -> str:
    """A type that nobody here knows is a stranger's text: no name of a span is made of it."""
    if isinstance(item, Received) and item.event is not None:
        return item.envelope.type
    return item.origin.split("/")[0]


def _attributes(item: Item) -> dict[str, str]:
    topic = "" if isinstance(item, Internal) else item.record.topic
    return {**SYSTEM, OPERATION: "process", DESTINATION: topic, FATE: item.disposition}


class LoopMetrics(Collector):
    """The loop's own counters, read when somebody asks."""

    def __init__(self, loop: Loop, ticker: Ticker, pulse: Pulse) -> None:
        self._loop = loop
        self._ticker = ticker
        self._pulse = pulse

    def collect(self) -> Iterator[Metric]:
        loop, service = self._loop, self._loop.service.name
        counts = CounterMetricFamily(
            "leadops_loop_events", "What happened in the loop", labels=["service", "event"]
        )
        for name, value in loop.counters.items():
            counts.add_metric([service, name], value)
        yield counts
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


def redact(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> dict[str, Any]:
    """Lets through the fields that are known to name no person, and nothing that looks like an
    address in them. What a later log call adds has to be named here first."""
    return {
        name: _without_addresses(value) if name in LOG_FIELDS else "[not allowed]"
        for name, value in entry.items()
    }


def _without_addresses(value: Any) -> Any:
    match value:
        case str():
            return ADDRESS.sub("[address]", value)
        case dict():
            return {name: _without_addresses(one) for name, one in value.items()}
        case list() | tuple() | set():
            return [_without_addresses(one) for one in value]
        case int() | float() | None:
            return value
        case other:
            return _without_addresses(str(other))


def configure_logs(level: str) -> None:
    """JSON lines on standard error. Libraries speak up only from warnings on."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, format="%(name)s %(levelname)s %(message)s")
    for name in ("aiokafka", "opentelemetry"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
