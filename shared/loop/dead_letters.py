"""Records that could not be processed: kept, explained, replayed in the service or skipped.

On topics where the order of a key matters, later records of that key wait behind the first,
as do its deadlines, until a person replays or skips it; then they are decided in order, so many a
step. Nothing here ever goes back through Kafka.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.contracts.envelope import TENANT_DEFAULT
from shared.contracts.operations import ReplayDeadLetter, SkipDeadLetter
from shared.errors import Poison
from shared.loop.item import Disposition, Internal, Item, Lane, Received
from shared.loop.kept_record import document_of
from shared.loop.log import Place, RawRecord, fingerprint
from shared.store import Document, Index, Replace, Transaction
from shared.topics import manifest

COLLECTION = "dead_letters"
INDEXES = [
    Index(COLLECTION, ("_id", "state")),
    Index(COLLECTION, ("shard", "state", "tenant", "key", "order")),
    # However much strangers wrote, up to a megabyte each: by these a store opens a shard, counts
    # and lists without reading all of it.
    Index(COLLECTION, ("shard", "state", "blocks_key")),
    Index(COLLECTION, ("state", "at")),
    Index(COLLECTION, ("state", "code", "shard")),
    Index(COLLECTION, ("at",)),
]

DEAD = "dead"
WAITING = "waiting"
REPLAYED = "replayed"
SKIPPED = "skipped"
STATES = (DEAD, WAITING, REPLAYED, SKIPPED)

RELEASED_AT_ONCE = 100
"""However much waits behind a record, a step stays small."""
RELEASING = ""
"""In the place of the head's id: its lane was freed, and what waits in it is being decided."""


Target = tuple[int, str]
"""The shard that a replay or skip was written to, and the id that it names. Another shard's record
would be decided here without that shard's knowing: its key stayed blocked."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What operators resolve in one batch, and the stored records that it is about."""

    head: Document
    behind: Sequence[Document]
    values: Set[str | None]
    """The corrected values to decide in the place of the head's, and None for its own."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that was dead-lettered as it may be decided in this step, and what waits behind
    it."""

    heads: Mapping[str | None, Item]
    """By the corrected value: two commands of one batch may bring different ones."""
    behind: list[Item]


def new_document(item: Item, order: int, now: datetime, behind: str | None) -> Document:
    """The document of a dead letter, or of what waits behind one; `order` keeps a key's
    sequence."""
    assert item.disposition in (Disposition.DEAD_LETTERED, Disposition.WAITING)
    poison = item.poison or Poison("waiting", "waits behind an earlier record of its key")
    return _document(
        id_of(item),
        item.shard,
        poison,
        now,
        None if isinstance(item, Internal) else document_of(item.record),
        state=WAITING if item.disposition is Disposition.WAITING else DEAD,
        behind=behind,
        order=order,
        tenant=item.lane[0],
        key=item.key,
        stored=item.stored if isinstance(item, Internal) else None,
        blocks_key=blocks_key(item),
    )


def skipped_document(place: Place, offset: int, by: str, reason: str, now: datetime) -> Document:
    """The document of a record that nobody could read, and a person skipped in the log: it says
    where that lies."""
    topic, partition = place
    poison = Poison("unread", "skipped by hand, since it could not be read")
    return _document(
        f"{topic}/{partition}/{offset}/{poison.code}",
        partition,
        poison,
        now,
        document_of(RawRecord(topic, partition, offset, None, None, [])),
        state=SKIPPED,
        resolved={"by": by, "reason": reason, "at": now},
    )


def _document(
    id: str, shard: int, poison: Poison, at: datetime, record: Document | None, **other: Any
) -> Document:
    """The shape of all of them; what is not told is as for a record without key and order."""
    return {
        "_id": id,
        "schema": 1,
        "shard": shard,
        "state": DEAD,
        "behind": None,
        "order": 0,
        "tenant": "",
        "key": "",
        "code": poison.code,
        "text": poison.text,
        "at": at,
        "record": record,
        "stored": None,
        "blocks_key": False,
        "resolved": None,
    } | other


def id_of(item: Item) -> str:
    if isinstance(item, Internal):
        return item.origin
    return f"{item.origin}/{fingerprint(item.record)}"


async def known_ids(transaction: Transaction, ids: Sequence[str]) -> set[str]:
    """Which of these were dead-lettered before. A topic that is read again, because a person said
    so, must not dead-letter its records a second time, whatever became of them."""
    if not ids:
        return set()
    rows = await transaction.find(COLLECTION, {"_id": {"$in": list(ids)}}, fields=["_id"])
    return {row["_id"] for row in rows}


def blocks_key(item: Item) -> bool:
    """Whether later records of this item's key must wait behind it."""
    return isinstance(item, Received) and item.in_order and bool(item.key)


def is_blocking(document: Document) -> bool:
    """Whether its key waits behind it; documents of an earlier version do not say."""
    topic = (document.get("record") or {}).get("topic")
    was = bool(document["key"]) and manifest().is_ordered(topic or "")
    return bool(document.get("blocks_key", was))


def tenant_of(document: Document) -> str:
    """Documents of an earlier version do not say; there was one tenant."""
    return str(document.get("tenant", TENANT_DEFAULT))


def lane_of(document: Document) -> Lane:
    return tenant_of(document), document["key"]


def target_of(item: Item) -> Target | None:
    """Which record an operator's command is about."""
    if isinstance(item, Received) and isinstance(item.event, ReplayDeadLetter | SkipDeadLetter):
        return item.shard, item.event.id
    return None


async def load_resolutions(
    transaction: Transaction, items: Iterable[Received], at_once: int
) -> dict[Target, Resolution]:
    """The stored records that this batch's replays and skips are about."""
    targets: dict[Target, set[str | None]] = {}
    for item in items:
        if isinstance(item.event, ReplayDeadLetter | SkipDeadLetter):
            targets.setdefault((item.shard, item.event.id), set()).add(value_of(item.event))
    if not targets:
        return {}
    ids = sorted({id for _, id in targets})
    heads = await transaction.find(COLLECTION, {"_id": {"$in": ids}, "state": DEAD})
    return {
        (head["shard"], head["_id"]): Resolution(
            head,
            await behind(transaction, head["shard"], lane_of(head), at_once)
            if is_blocking(head)
            else [],
            targets[head["shard"], head["_id"]],
        )
        for head in heads
        if (head["shard"], head["_id"]) in targets
    }


def value_of(command: ReplayDeadLetter | SkipDeadLetter) -> str | None:
    """The corrected value that it brings."""
    return command.value if isinstance(command, ReplayDeadLetter) else None


async def behind(transaction: Transaction, shard: int, lane: Lane, at_once: int) -> list[Document]:
    """What waits in a lane, in order: those that are decided in one step, and one more if there
    are any."""
    tenant, key = lane
    tenants = [tenant, None] if tenant == TENANT_DEFAULT else [tenant]
    where = {"shard": shard, "tenant": {"$in": tenants}, "key": key, "state": WAITING}
    return await transaction.find(COLLECTION, where, sort=[("order", 1)], limit=at_once + 1)


def resolution_of(document: Document, state: str, by: str, reason: str, now: datetime) -> Replace:
    """The document once it is dealt with; it is kept, with who did it and why."""
    after = document | {"state": state, "resolved": {"by": by, "reason": reason, "at": now}}
    return Replace(after, {"state": document["state"]})


def again(document: Document, poison: Poison) -> Replace:
    """The document after a replay that failed: dead-lettered still, with the newest reason."""
    after = document | {
        "state": DEAD,
        "behind": None,
        "code": poison.code,
        "text": poison.text,
    }
    return Replace(after, {"state": document["state"]})


async def blocked_lanes(store: Any, shards: Sequence[int]) -> dict[int, dict[Lane, str]]:
    """Which lanes wait behind which record, by shard: read when shards are opened. A lane whose
    head was resolved while much was behind it is being released."""
    fields = ["shard", "tenant", "key", "blocks_key", "record.topic"]
    mine = {"shard": {"$in": list(shards)}}
    found: dict[int, dict[Lane, str]] = {shard: {} for shard in shards}
    for row in await store.find(COLLECTION, {**mine, "state": WAITING}, fields=fields):
        found[row["shard"]][lane_of(row)] = RELEASING
    heads = {**mine, "state": DEAD, "blocks_key": {"$ne": False}}
    for row in filter(is_blocking, await store.find(COLLECTION, heads, fields=fields)):
        found[row["shard"]][lane_of(row)] = row["_id"]
    return found
