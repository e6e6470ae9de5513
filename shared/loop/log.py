"""What the loop asks of Kafka: read from chosen positions, publish, and know that it arrived.

Two implementations: `shared.loop.kafka` on FastStream and aiokafka, `shared.testing.log` in memory.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.contracts.envelope import Envelope

Place = tuple[str, int]
"""A topic and one of its partitions."""

CONTROL = "\ud800control"
"""Names the one header of a record that stands for an end of a transaction, or for offsets without
records. No name on a wire has a lone surrogate, so nobody can write this."""
NO_OFFSET = -1
"""Of a record that is not in the log yet."""
UNOPENED = "\ud800unopened"
"""The same for a batch that could not be opened: its beginning as the value, its size as header."""


class Record(Protocol):
    """A record as it came, unparsed; aiokafka's own record type fits."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


@dataclass(frozen=True, slots=True)
class RawRecord:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Outgoing:
    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    envelope: Envelope | None = field(default=None, compare=False, repr=False)
    """What the headers say, where that was written just now."""


def is_marker(record: Record) -> bool:
    """Whether it only stands for offsets without records."""
    return bool(record.headers) and record.headers[0][0] == CONTROL


class Log(Protocol):
    def assigned_places(self) -> set[Place]: ...

    def pause(self, places: Sequence[Place]) -> None: ...

    def resume(self, positions: Mapping[Place, int]) -> None:
        """Reads on from these offsets. Places that are no longer assigned are passed over."""

    async def bounds(self, places: Sequence[Place]) -> dict[Place, tuple[int, int]]:
        """The first offset that still exists, and the one that the next record will get."""

    async def records_at(self, positions: Mapping[Place, int]) -> dict[Place, Record]:
        """The record that stands at each of these offsets, where there is one."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Returns once all are acknowledged. After a failure any of them may be written or not."""

    async def report(self, positions: Mapping[Place, int]) -> None:
        """Commits the group's offsets. Only lag displays read them; a failure is no failure."""


def fingerprint(record: Any) -> str:
    """Tells a record from one that stands at its offset after the topic was made anew."""
    digest = hashlib.blake2b(record.key or b"", digest_size=8)
    digest.update(record.value or b"")
    for name, value in record.headers:
        digest.update(name.encode(errors="surrogatepass"))
        digest.update(value or b"")
    return digest.hexdigest()
