"""What a finished run leaves behind, for the oracle to judge: records, documents, requests."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Document = dict[str, Any]


def folded(given: str) -> str:
    """As answers are compared: neither case nor blanks count."""
    return " ".join(given.casefold().split())


class Violation(NamedTuple):
    invariant: str
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as it stands in a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes | None]

    def text(self, name: str) -> str:
        return (self.headers.get(name) or b"").decode(errors="replace")

    @property
    def stream(self) -> str:
        return self.text("ce_stream")

    @property
    def number(self) -> int:
        """Of strangers' records it may be anything."""
        text = self.text("ce_number")
        return int(text) if text.isascii() and text.isdigit() else 0

    @property
    def type(self) -> str:
        return self.text("ce_type")

    def data(self) -> Document:
        parsed: Document = json.loads(self.value or b"{}")
        return parsed


@dataclass(frozen=True, slots=True)
class Received:
    """A request that an endpoint got; `taken` if it acted on it, whatever it answered."""

    key: str
    lead: str
    campaign: str
    person: str
    body_sha256: str
    taken: bool


@dataclass(slots=True)
class Evidence:
    records: list[Seen]
    stores: Mapping[str, Mapping[str, Sequence[Document]]]
    received: Sequence[Received]
    drained: str = ""
    """Empty if everything came to rest; else what was left."""
    personal: Sequence[str] = ()
    """Planted personal data, which may stand in values and nowhere else."""
    unresolved: Sequence[Document] = ()
    """What was dead-lettered when all had come to rest and no operator resolved any more of it."""
    ends: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """How far the topics went at that moment."""
    topics: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for record in self.records:
            self.topics[record.topic].append(record)

    def rows(self, service: str, collection: str) -> Sequence[Document]:
        return self.stores[service].get(collection, ())

    def events(self, kind: str) -> dict[str, Seen]:
        """The events of a type, each once, by id."""
        topic = f"{kind.split('.')[1]}.events.v1"
        found: dict[str, Seen] = {}
        for record in self.topics[topic]:
            if record.type == kind:
                found.setdefault(record.text("ce_id"), record)
        return found
