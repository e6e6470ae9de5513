"""What a service tells of its steps and its attempts, as spans, after they happened.

One span for each input that was decided, in the trace that it came with and with an id that
follows from its place: what it published names that id as its parent, so all spans of a lead are
one tree, and what is read again is the same span. One span for a batch, linked to its causes. No
attribute holds personal data: ids of what the service knows, and closed codes.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.trace import Link, SpanContext, SpanKind
from pydantic import BaseModel

from shared.contracts import trace_context
from shared.loop.decision import EffectFinished, Verdict
from shared.loop.effects import attempt_trace
from shared.loop.item import READ_OVER, Decidable, Disposition, Internal, Item, Received, Unreadable
from shared.loop.log import NO_OFFSET
from shared.span_export import Attributes, Spans, sampled_context
from shared.store import Document
from shared.topics import manifest

BATCH = "messaging.batch.message_count"
CHECK = "leadops.check"
DESTINATION = "messaging.destination.name"
DISPOSITION = "leadops.disposition"
EVENT_TYPE = "cloudevents.event_type"
KIND = "leadops.kind"
MESSAGE = "messaging.message.id"
OFFSET = "messaging.kafka.offset"
OUTCOME = "leadops.outcome"
PARTITION = "messaging.destination.partition.id"
REFUSED = "leadops.refused"
VERDICT = "leadops.verdict"

PROCESS = {"messaging.operation.type": "process", "messaging.operation.name": "process"}
KAFKA = {"messaging.system": "kafka"}
IDS = ("lead", "campaign", "affiliate")
"""Fields of contracts, deadlines and purposes: a lead's are pseudonyms, the others names of
business."""
EACH_MAX = 32
"""Of the ids of a kind, so many: a step may free a page of leads."""
LINKS_MAX = 128
NO_SPAN = (Disposition.DUPLICATE, Disposition.GAP, *READ_OVER)
"""The one has its span, the other comes again."""


class Tracing:
    def __init__(self, service: str, endpoint: str = "", instance: str = "") -> None:
        self._service = service
        self.spans = Spans(service, endpoint, instance)

    def step(self, items: Sequence[Item], started: int, ended: int) -> None:
        """`started` and `ended` are nanoseconds since the epoch."""
        found = list(_in_traces(items))
        if not found:
            return
        times = (started, ended)
        links = [Link(parent) for parent, _ in found[:LINKS_MAX]]
        attributes: Attributes = {**KAFKA, **PROCESS, BATCH: len(items)}
        self.spans.tell("process batch", SpanKind.CONSUMER, times, attributes, links=links)
        for parent, item in found:
            self._tell_decision(parent, item, times)

    def _tell_decision(self, parent: SpanContext, item: Decidable, times: tuple[int, int]) -> None:
        where = item.record.topic if isinstance(item, Received) else item.origin.split("/")[0]
        self.spans.tell(
            f"process {where}",
            SpanKind.CONSUMER if isinstance(item, Received) else SpanKind.INTERNAL,
            times,
            {**_attributes_of_place(item, self._service), **_attributes_of_decision(item)},
            parent=parent,
            span_id=_span_id(item.cause.trace),
            error=item.poison.code if item.poison else None,
        )

    def attempt(self, row: Document, verdict: str, started: int, ended: int) -> None:
        parent = sampled_context(row["cause"]["trace"])
        if parent is None:
            return
        url = urlsplit(row["request"]["url"])
        self.spans.tell(
            f"send {url.scheme}",
            SpanKind.CLIENT,
            (started, ended),
            _attributes_of_attempt(row, verdict, url.hostname or ""),
            parent=parent,
            span_id=_span_id(attempt_trace(row)),
            error=None if verdict == Verdict.DONE else verdict,
        )

    def close(self) -> None:
        self.spans.close()


def parent_of(item: Item) -> str | None:
    """The context with which it came."""
    match item:
        case Received():
            return item.envelope.trace
        case Internal():
            return str(trace) if (trace := item.stored["cause"]["trace"]) else None
        case Unreadable():
            return None


def _in_traces(items: Sequence[Item]) -> Iterator[tuple[SpanContext, Decidable]]:
    for item in items:
        if isinstance(item, Unreadable) or item.disposition in NO_SPAN:
            continue
        parent = sampled_context(parent_of(item))
        if parent is not None:
            yield parent, item


def _span_id(context: str | None) -> str:
    found = trace_context.ids(context)
    return found[1] if found else "0"


def _attributes_of_place(item: Decidable, service: str) -> Attributes:
    """A type that nobody here knows is a stranger's text, and so is the id of what anybody may
    have written."""
    attributes: dict[str, str | int] = {DISPOSITION: item.disposition}
    if isinstance(item, Internal):
        return attributes | {KIND: item.stored["kind"]}
    record, envelope = item.record, item.envelope
    attributes |= {**KAFKA, **PROCESS, "messaging.consumer.group.name": service}
    attributes |= {DESTINATION: record.topic, PARTITION: str(record.partition)}
    if record.offset != NO_OFFSET:
        attributes[OFFSET] = record.offset
    if item.event is not None:
        attributes[EVENT_TYPE] = envelope.type
    if not manifest().is_open(record.topic):
        attributes[MESSAGE] = envelope.id
    return attributes


def _attributes_of_decision(item: Decidable) -> Attributes:
    """Of a command that was refused only why: what it names need not exist."""
    if item.refused is not None:
        return {REFUSED: item.refused}
    if item.decision is None or item.disposition is not Disposition.HANDLED:
        return {}
    found: dict[str, list[str]] = {}
    decision, answer = item.decision, item.decision.answer
    for about in (item.event, *(each.event for each in decision.publish)):
        _find(about, item.cause.tenant, found)
    if answer is not None:
        found.setdefault(OUTCOME, []).append(answer.code)
        _note(found, "leadops.lead", answer.details.get("lead"))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _find(about: Any, tenant: str, found: dict[str, list[str]]) -> None:
    """The ids that an event, a deadline or the end of an effect tells, also those of a lead that
    it holds whole."""
    if isinstance(about, EffectFinished):
        _note(found, VERDICT, about.outcome)
        about = about.purpose
    for name in IDS:
        value = getattr(about, name, None)
        if isinstance(value, BaseModel):
            _find(value, tenant, found)
        else:
            _note(found, f"leadops.{name}", value, f"{tenant}/")
    _note(found, OUTCOME, getattr(about, "outcome", None))
    for code in (
        *(each.code for each in getattr(about, "failing", ())),
        *getattr(about, "codes", ()),
    ):
        _note(found, CHECK, code)


def _note(found: dict[str, list[str]], name: str, value: object, prefix: str = "") -> None:
    if not isinstance(value, str):
        return
    values, text = found.setdefault(name, []), str(value).removeprefix(prefix)
    if text not in values and len(values) < EACH_MAX:
        values.append(text)


def _attributes_of_attempt(row: Document, verdict: str, host: str) -> Attributes:
    attributes = {KIND: row["kind"], "leadops.send": row["_id"], VERDICT: verdict}
    if host:
        attributes["server.address"] = host
    if isinstance(campaign := row["data"].get("campaign"), str):
        attributes["leadops.campaign"] = campaign.removeprefix(f"{row['cause']['tenant']}/")
    return {**attributes, "leadops.attempt": row["attempt"]}
