"""What a finished run leaves behind, by noun, whoever gathers it.

The simulator and chaos look into the stores, the main job asks the read APIs as anybody may; the
records of the topics and what customers wrote down are the same for all. What no read API tells is
`Inside`: without it, the checks that need it are left out.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

Document = dict[str, Any]
Place = tuple[str, int, int]
"""Topic, partition and offset."""


def fold(text: str) -> str:
    """As answers are compared: neither case nor blanks count."""
    return " ".join(text.casefold().split())


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
    def place(self) -> Place:
        return self.topic, self.partition, self.offset

    @property
    def stream(self) -> str:
        return self.text("ce_stream")

    @property
    def service(self) -> str:
        """Whose stream it is, as far as one believes it."""
        return self.stream.partition("/")[0]

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
    """A request, a mail or a file that a customer got; `taken` if it acted on it, whatever it
    answered."""

    key: str
    lead: str
    campaign: str
    person: str
    body_sha256: str
    taken: bool
    status: int = 200
    at: str = ""
    traceparent: str | None = None
    was_granted: bool = True
    """Whether its grant had been published by then; who can't tell says so."""


class Held(NamedTuple):
    question: str
    given: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """As intake holds it."""

    id: str
    affiliate: str | None
    reference: str
    lead_code: str | None
    source: str
    outcome: str
    reasons: Sequence[str]
    uploaded_at: datetime
    person: str | None
    sent_to: Sequence[str]
    held: Sequence[Held] = ()
    tenant: str = "main"


class Entry(NamedTuple):
    at: datetime
    what: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """As routing holds it."""

    key: str
    lead: str
    campaign: str
    status: str
    history: Sequence[Entry]
    tenant: str = "main"

    @property
    def takes_slot(self) -> bool:
        return self.status in ("reserved", "sent", "uncertain")

    @property
    def reserved_at(self) -> datetime:
        return max(entry.at for entry in self.history if entry.what == "reserved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """As routing holds it: every version as it was put, by its number, oldest first."""

    name: str
    versions: Mapping[int, Document]
    reserved: int = 0
    used: int = 0
    uncertain: int = 0
    tenant: str = "main"

    @property
    def now(self) -> Document:
        return [*self.versions.values()][-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    exclusive_lead_codes: Sequence[str]
    suppressed_titles: Document
    since: datetime
    """Leads that came before were sold as it was then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    service: str
    id: str
    code: str
    text: str
    state: str
    blocks_key: bool
    place: Place | None
    """None for what never was a record."""


class Routed(NamedTuple):
    """A lead as routing holds it."""

    id: str
    accepted_at: datetime
    state: str
    withdrawn: bool
    claims: Sequence[tuple[str, str]]
    """Campaign, and how far it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What only the services' stores tell."""

    positions: Mapping[tuple[str, str, int], int]
    """By service, topic and partition, how far it was read."""
    contacts: Sequence[tuple[str, str]]
    """Tenant, and what each is known by: its email, else its phone."""
    routed: Sequence[Routed]
    watched: Set[str]
    """Leads that will be raised if nobody gets them."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """What was dead-lettered when all had come to rest and no operator resolved any more of it."""

    dead_letters: Sequence[DeadLetter]
    ends: Mapping[tuple[str, int], int]
    """How far the topics went at that moment."""
    noticed: Mapping[str, int]
    """By dead letter, how far its partition went when it was noticed. What was published before
    may have been decided by who published it, who could not know."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    services: Sequence[str]
    records: Sequence[Seen]
    """Of all topics; those of one partition in their order."""
    received: Sequence[Received]
    leads: Sequence[Lead]
    questions: Mapping[str, Set[str]]
    """By tenant and name, what may be answered, folded: allowed answers and aliases."""
    sends: Sequence[Send]
    campaigns: Sequence[Campaign]
    policy: Policy | None
    dead_letters: Sequence[DeadLetter]
    pending: Mapping[str, int]
    """What is still to be done, by its name."""
    sending_later: Set[str] = frozenset()
    """Campaigns that will send what waits for their day."""
    at: datetime | None = None
    """When all had come to rest, by the clock of the services."""
    trusted_sources: Set[str] = frozenset()
    """Entries whose dates are believed, whoever asks."""
    drained: str = ""
    """Empty if everything came to rest; else what was left."""
    personal: Sequence[str] = ()
    """Planted personal data, which may stand in values and nowhere else."""
    unresolved: Unresolved | None = None
    inside: Inside | None = None
    _events: dict[str, dict[str, Document]] = field(default_factory=dict, init=False)

    @cached_property
    def topics(self) -> Mapping[str, Sequence[Seen]]:
        found: dict[str, list[Seen]] = defaultdict(list)
        for record in self.records:
            found[record.topic].append(record)
        return found

    @cached_property
    def published(self) -> Mapping[str, Sequence[Seen]]:
        """By type, what a service published. What strangers write in its name bears its types,
        too."""
        forged = self.dead_places("stream_unknown")
        found: dict[str, list[Seen]] = defaultdict(list)
        for record in self.records:
            if record.service in self.services and record.place not in forged:
                found[record.type].append(record)
        return found

    def by_id(self, kind: str) -> Mapping[str, Document]:
        """What the events of a type say, each once."""
        if kind not in self._events:
            self._events[kind] = found = {}
            for record in self.published.get(kind, ()):
                if record.text("ce_id") not in found:
                    found[record.text("ce_id")] = record.data()
        return self._events[kind]

    def of_type(self, kind: str) -> list[Document]:
        return list(self.by_id(kind).values())

    def dead_places(self, code: str = "", service: str = "") -> set[Place]:
        """Where dead letters stood, of all or of those with one code, or of one service."""
        return {
            letter.place
            for letter in self.dead_letters
            if letter.place and code in ("", letter.code) and service in ("", letter.service)
        }

    @cached_property
    def taken(self) -> Set[str]:
        """The keys on which customers acted."""
        return {one.key for one in self.received if one.taken}
