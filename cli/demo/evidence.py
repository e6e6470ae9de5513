"""What a finished run is judged by: what was uploaded, what the services tell, what stands in the
topics, and what the customers' endpoint and the trace collector got."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.topics import manifest

PENDING = {"outbox": "outbox", "set_aside": "dead_letters", "parked": "blocked"}
"""What the summary calls it, and what the services do."""

Row = dict[str, Any]
TAKEN, NO_ANSWER = 200, 0


class Event(NamedTuple):
    topic: str
    type: str
    id: str
    data: Row


@dataclass(frozen=True, slots=True)
class Story:
    """What only those who were there can tell: what they asked for, and when."""

    before: Row
    """What was counted before a part was imported again, and after, when broken records had come
    too (neither may change anything)."""
    after: Row
    alias: Row
    """What was given, what it now means, and how many leads were held for it."""
    ahead_seconds: float
    """How far the stack's clock was ahead of the customers' during the import."""
    lines_of_the_import: int
    """So many requests had been received when the first import had drained."""
    converted: Sequence[str]
    """References of organic leads."""
    why_not: Sequence[Row]
    by_hand: Sequence[Row]
    watched_at: str
    """When the deliveries of a day before had been looked at."""
    freed: Sequence[Row]
    """By each change that opened something: how many leads were previewed."""
    lines_before_the_send_day: int


@dataclass(frozen=True, slots=True)
class Evidence:
    uploaded: Mapping[str, Sequence[str]]
    """By affiliate, the references of the rows that were to be submitted."""
    story: Story
    leads: Sequence[Row]
    affiliate_counts: Sequence[Row]
    campaign_counts: Sequence[Row]
    campaigns: Sequence[Row]
    rules: Row
    """The house's, as they were put."""
    lists: Mapping[str, Sequence[str]]
    """By name, the entries as they were put."""
    deliveries: Sequence[Row]
    never_come: Sequence[str]
    """References that were announced and not uploaded."""
    held: Sequence[Row]
    events: Sequence[Event]
    received: Sequence[Row]
    """What the customers wrote down: requests, mails and files, in their order."""
    traces: Mapping[tuple[str, str], str | None]
    """By campaign and lead, for some that were sent: the trace context of the lead's submission."""
    spans: Mapping[str, Sequence[Row]]
    """By trace id."""
    pending: Mapping[str, int]

    @property
    def taken(self) -> list[Row]:
        """What customers said that they have, each time that they said so."""
        return [line for line in self.received if line["status"] == TAKEN]

    def of_type(self, kind: str) -> list[Row]:
        return [event.data for event in self.events if event.type == kind]


async def read_events(bootstrap: str, topics: Iterable[str]) -> list[Event]:
    """Everything that was published on these topics, each event once."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none"
    )
    places = [TopicPartition(name, n) for name in topics for n in range(manifest().partitions)]
    found: dict[tuple[str, str], Event] = {}
    try:
        await consumer.start()
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        # Not seek_to_beginning: the client's own reset, if it is under way, would overtake it.
        consumer.assign(places)
        for place, begin in begins.items():
            consumer.seek(place, begin)
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for event in map(event_of, records):
                    found.setdefault((event.topic, event.id), event)
    finally:
        await consumer.stop()
    return list(found.values())


def event_of(record: Any) -> Event:
    headers = {name: (value or b"").decode() for name, value in record.headers}
    return Event(record.topic, headers["ce_type"], headers["ce_id"], json.loads(record.value))


def read_lines(path: Path) -> list[Row]:
    with path.open() as lines:
        return [json.loads(line) for line in lines]


def by_trace(spans: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for span in spans:
        found[span["trace_id"]].append(span)
    return dict(found)


def pending_of(rows: Iterable[Row]) -> dict[str, int]:
    """Lag is each instance's own; the rest every instance says of its whole service."""
    rows = [row for row in rows if row["status"]]
    lag = sum(row["status"]["lag"] for row in rows)
    services = {row["service"]: row["status"] for row in rows}.values()
    effects = [status["effects"] for status in services]
    return {
        "lag": lag,
        **{name: sum(status[field] for status in services) for name, field in PENDING.items()},
        "sends": sum(effect["in_flight"] + effect["waiting"] for effect in effects),
    }
