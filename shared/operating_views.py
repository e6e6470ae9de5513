"""What every service tells operators of itself, as models: `/openapi.json` is made of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.loop.quietness import Standing
from shared.loop.shard import Shard, State
from shared.read_api import View


class Live(View):
    live: bool


class Ready(View):
    ready: bool
    not_ready: list[str]
    """What is in its way."""


class ShardView(View):
    shard: int
    state: State
    error: str | None

    @classmethod
    def of(cls, shard: Shard) -> "ShardView":
        return cls(shard=shard.number, state=shard.state, error=shard.error)


class WaitingView(View):
    """A place at which records wait."""

    topic: str
    partition: int
    offset: int
    records: int
    seconds: float
    stuck: bool
    help: str | None


class GapView(View):
    """What is missing in a stream."""

    topic: str
    partition: int
    stream: str
    expected: int
    found: int
    offset: int
    since: datetime
    alert: bool
    help: str


class Duplicate(View):
    place: str
    stream: str
    number: int
    at: datetime

    @classmethod
    def of(cls, dropped: tuple[str, str, int, datetime]) -> "Duplicate":
        place, stream, number, at = dropped
        return cls(place=place, stream=stream, number=number, at=at)


class EffectsStanding(View):
    in_flight: int | None
    waiting: int | None
    next_at: datetime | None
    latest_at: datetime | None
    attempt_at: datetime | None


class DueStanding(View):
    now: int | None
    next_at: datetime | None
    waiting_for_records: list[int] = []
    """The shards whose deadlines wait until the records are taken that came before them."""


class EndpointsCounted(View):
    failing: int
    breakers_open: int


class Status(View):
    service: str
    instance: int
    ready: bool
    not_ready: list[str]
    topics: Sequence[str]
    shards: list[ShardView]
    lag: int | None
    waiting: list[WaitingView]
    oldest_seconds: float | None
    silent_seconds: Mapping[str, float]
    gaps: list[GapView]
    duplicates: list[Duplicate]
    outbox: int | None
    effects: EffectsStanding
    due: DueStanding
    dead_letters: int | None
    blocked: int | None
    endpoints: EndpointsCounted
    progress: int
    counters: Mapping[str, int]
    now: datetime


class Quiet(View):
    service: str
    instance: int
    under_way: Sequence[str]
    """What keeps it from being quiet; empty if nothing does."""
    shards: Sequence[int]
    """Those that are open."""
    positions: Mapping[str, int]
    """By topic and partition, how far its open shards have read."""
    next_at: datetime | None
    """When it will have something to do by itself; told only if nothing is under way."""

    @classmethod
    def of(cls, service: str, instance: int, standing: Standing) -> "Quiet":
        positions = {f"{topic}/{number}": at for (topic, number), at in standing.positions.items()}
        return cls(
            service=service,
            instance=instance,
            under_way=standing.under_way,
            shards=standing.open_shards,
            positions=positions,
            next_at=standing.next_at,
        )


class EndpointView(View):
    endpoint: str
    failures: int
    breaker_open: bool
    waiting: int


class Endpoints(View):
    items: list[EndpointView]
