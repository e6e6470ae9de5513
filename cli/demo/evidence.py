"""What a finished run is judged by: what the oracle judges, and beside it what only the main job
knows: what was uploaded and asked for, what the services count, and the spans."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.oracle.claims import Pair
from cli.oracle.evidence import Evidence, Policy, Received
from cli.oracle.wants import Judge

PENDING = {"outbox": "outbox", "set_aside": "dead_letters", "parked": "blocked"}
"""What the summary calls it, and what the services do."""

Row = dict[str, Any]
TAKEN, NO_ANSWER = 200, 0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    evidence: Evidence
    story: Story
    uploaded: Mapping[str, Sequence[str]]
    """By affiliate, the references of the rows that were to be submitted."""
    affiliate_counts: Sequence[Row]
    campaign_counts: Sequence[Row]
    lists: Mapping[str, Sequence[str]]
    """By name, the entries as they were put."""
    deliveries: Sequence[Row]
    never_come: Sequence[str]
    """References that were announced and not uploaded."""
    traces: Mapping[Pair, str | None]
    """For some that were sent: the trace context of the lead's submission."""
    spans: Mapping[str, Sequence[Row]]
    """By trace id."""
    outputs: Mapping[str, str]
    """By what it is called, all else that operators and their tools see: logs and metrics."""

    @property
    def campaigns(self) -> list[Row]:
        """As they are put now."""
        return [campaign.now for campaign in self.evidence.campaigns]

    @property
    def policy(self) -> Policy:
        assert self.evidence.policy is not None
        return self.evidence.policy

    @property
    def answered(self) -> list[Received]:
        """What customers said that they have, each time that they said so."""
        return [one for one in self.evidence.received if one.status == TAKEN]

    @property
    def judge(self) -> Judge:
        return Judge(self.policy, self.lists)


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
