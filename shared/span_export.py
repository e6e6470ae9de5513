"""Spans on their way to a collector (OTLP), in the background: nothing ever waits for it.

Who makes a span says its id. What the collector does not take in time is lost and counted, and so
is what does not fit into the bounded queue. The SDK's own variables (`OTEL_*`) hold, as everywhere;
a slip in one of them costs spans at most, and no process its start.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from importlib import metadata
from threading import Thread

from shared.otel_variables import above_zero, unset_wrong_limits

# isort: split

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)

from shared.contracts import trace_context

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
QUEUED_MAX = 16_384
"""About 60 MB of spans, and a minute of a service under load with every trace kept."""
BATCH_MAX = 512
DELAY_MILLISECONDS = 5_000
CLOSE_SECONDS = 2.0
ERROR_TYPE = "error.type"

Attributes = Mapping[str, str | int | Sequence[str]]


def has_collector(endpoint: str) -> bool:
    """Whether there is anybody to tell."""
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none":
        return False
    return bool(endpoint or any(os.environ.get(name) for name in ENDPOINTS))


def sampled_context(context: str | None) -> SpanContext | None:
    """The context of another span; None for none, and for one of a trace that is not kept."""
    found = trace_context.ids(context)
    if context is None or found is None or not found[2] & TraceFlags.SAMPLED:
        return None
    trace_id, span_id, flags = found
    state = TraceState.from_header([context.partition(" ")[2]])
    return SpanContext(int(trace_id, 16), int(span_id, 16), True, TraceFlags(flags), state)


class DerivedIds(RandomIdGenerator):
    """The SDK asks for an id while it starts a span; what that shall be is said just before."""

    next_span_id = 0

    def generate_span_id(self) -> int:
        derived, self.next_span_id = self.next_span_id, 0
        return derived or super().generate_span_id()

    def is_trace_id_random(self) -> bool:
        """It is; but not all who read a flag of the second version of the recommendation know
        it."""
        return False


class Counted(SpanExporter):
    """Counts what the collector took, and what it did not."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self.taken = 0
        self.failed = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        finally:
            # Also what raised is over: it would count as queued for ever.
            if result is SpanExportResult.SUCCESS:
                self.taken += len(spans)
            else:
                self.failed += len(spans)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class Bounded(SpanProcessor):
    """Queues so many spans and no more; with a full queue the latest are lost."""

    def __init__(self, exporter: SpanExporter, queued_max: int) -> None:
        self._exporter = Counted(exporter)
        self._batches = BatchSpanProcessor(
            self._exporter,
            queued_max,
            above_zero("OTEL_BSP_SCHEDULE_DELAY", DELAY_MILLISECONDS),
            min(above_zero("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", BATCH_MAX), queued_max),
        )
        self._queued_max = queued_max
        self._ended = 0
        self._left_out = 0

    @property
    def queued(self) -> int:
        """Also what is being exported."""
        return self._ended - self._left_out - self._exporter.taken - self._exporter.failed

    @property
    def lost(self) -> int:
        return self._left_out + self._exporter.failed

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is None or not span.context.trace_flags.sampled:
            return
        self._ended += 1
        if self.queued > self._queued_max:
            self._left_out += 1
        else:
            self._batches.on_end(span)

    def shutdown(self) -> None:
        self._batches.shutdown()  # type: ignore[no-untyped-call]


class Root:
    """A root span that has begun."""

    def __init__(self, span: Span) -> None:
        self._span = span

    @property
    def trace(self) -> str | None:
        """The context for what is published; None where the SDK is switched off."""
        context = self._span.get_span_context()
        if not context.is_valid:
            return None
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def end(self, error: str | None = None) -> None:
        if error is not None:
            _mark(self._span, error)
        self._span.end()


def _mark(span: Span, error: str) -> None:
    span.set_attribute(ERROR_TYPE, error)
    span.set_status(Status(StatusCode.ERROR))


class Spans:
    """The spans of one process."""

    def __init__(
        self, service: str, endpoint: str = "", instance: str = "", queued_max: int | None = None
    ) -> None:
        # What is lost is counted; the SDK's own log would tell it again for every batch.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._ids = DerivedIds()
        resource = resource_of(service, instance)
        unset_wrong_limits()
        self._provider = TracerProvider(
            resource=resource, id_generator=self._ids, shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces" if endpoint else None)
        queued_max = queued_max or above_zero("OTEL_BSP_MAX_QUEUE_SIZE", QUEUED_MAX)
        self._processor = Bounded(exporter, queued_max)
        self._provider.add_span_processor(self._processor)
        self._tracer = self._provider.get_tracer("leadops")

    @property
    def lost(self) -> int:
        """How many spans no collector has taken, or will."""
        return self._processor.lost

    @property
    def queued(self) -> int:
        return self._processor.queued

    def root(self, topic: str, type: str, attributes: Attributes) -> "Root":
        """The first span of a new trace, of a command that is about to be published. Whether it is
        kept says the sampler."""
        described = {
            "messaging.system": "kafka",
            "messaging.operation.type": "send",
            "messaging.operation.name": "send",
            "messaging.destination.name": topic,
            "cloudevents.event_type": type,
            **attributes,
        }
        return Root(
            self._tracer.start_span(f"send {topic}", kind=SpanKind.PRODUCER, attributes=described)
        )

    def tell(
        self,
        name: str,
        kind: SpanKind,
        times: tuple[int, int],
        attributes: Attributes,
        *,
        parent: SpanContext | None = None,
        span_id: str = "0",
        links: Sequence[trace.Link] = (),
        error: str | None = None,
    ) -> None:
        """A span that is over; `times` are nanoseconds since the epoch."""
        context = trace.set_span_in_context(NonRecordingSpan(parent)) if parent else None
        self._ids.next_span_id = int(span_id, 16)
        began, ended = times
        span = self._tracer.start_span(
            name, context, kind=kind, links=links, start_time=began, attributes=attributes
        )
        self._ids.next_span_id = 0
        if error is not None:
            _mark(span, error)
        span.end(ended)

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """What is not told within this time is lost, as if the process had been killed."""
        ending = Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(seconds)


def resource_of(service: str, instance: str) -> Resource:
    """The environment has the last word, also on the service's name."""
    ours = {"service.name": service, "service.version": metadata.version("leadops")}
    if instance:
        ours["service.instance.id"] = instance
    return Resource.create(dict(ours)).merge(OTELResourceDetector().detect())
