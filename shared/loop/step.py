"""The one transaction: what was read, what was decided and what must be published, all or nothing.

In this order, with the price of failing there:
1. the shard rows, guarded by epoch and step: a former owner fails here, before it does anything
2. load and decide: pure, so failing costs nothing but the time
3. state, inbox, deadlines, effects, dead letters, outbox: undone with the transaction
4. commit: if its result is unknown, the shards are opened anew, which settles it
Only after that are the attempts begun and the records published.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from shared.errors import Conflict, Fenced, Poison
from shared.ids import derived
from shared.loop import dead_letters, deadlines, effects, inbox, outbox
from shared.loop.classify import Disposition, Item, Lane, classify, replayed
from shared.loop.decide import handle, input_of, release, time_of
from shared.loop.decision import Cause, DueReached, EffectFinished, Outcome
from shared.loop.effects import Result
from shared.loop.kept_record import record_of
from shared.loop.log import Outgoing, Place, Record
from shared.loop.shard import Shard, ShardRow
from shared.loop.working_set import WorkingSet
from shared.store import Delete, Document, Insert, Replace, Transaction, Write

if TYPE_CHECKING:
    from shared.loop.loop import Loop


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a step is given: records, effect results, and rows whose time has come."""

    records: Sequence[Record] = ()
    results: Sequence[Result] = ()
    due: Sequence[Document] = ()
    retries: Sequence[Document] = ()
    lanes: Sequence[tuple[int, Lane]] = ()
    """Lanes by shard whose head was resolved while much waited behind it."""
    leftovers: Sequence[int] = ()
    """Shards whose outbox holds confirmed documents: these take part even without an input."""

    def __bool__(self) -> bool:
        return bool(
            self.records or self.results or self.due or self.retries or self.lanes or self.leftovers
        )

    def shards(self) -> set[int]:
        """The shards that take part for another reason than records."""
        rows = {row["shard"] for row in (*self.due, *self.retries)}
        lanes = {shard for shard, _ in self.lanes}
        return rows | {result.shard for result in self.results} | lanes | set(self.leftovers)


@dataclass(slots=True)
class Step:
    """What one step gathers; written at its end, forgotten if it fails."""

    loop: "Loop"
    now: datetime
    inputs: Inputs
    shards: Mapping[int, Shard]
    rows: dict[int, ShardRow]
    items: list[Item]
    seek_to: Mapping[Place, int]
    blocked: dict[int, dict[Lane, str]]
    released_at_once: int
    """How many of what waits in a lane: while an input is hunted, no more than of others."""
    state: WorkingSet = field(default_factory=WorkingSet)
    known: dict[str, Document] = field(default_factory=dict)
    replays: dict[dead_letters.ClaimRecord, dead_letters.Waiting] = field(default_factory=dict)
    releases: dict[tuple[int, Lane], list[Item]] = field(default_factory=dict)
    due: dict[str, Document | None] = field(default_factory=dict)
    attempts: list[Document] = field(default_factory=list)
    outgoing: dict[int, list[Outgoing]] = field(default_factory=dict)
    documents: dict[int, list[str]] = field(default_factory=dict)
    writes: dict[str, list[Write]] = field(default_factory=dict)
    reserved: Counter[str] = field(default_factory=Counter)
    aside: set[str] = field(default_factory=set)
    """Ids of dead letters that exist already: these records are read a second time."""
    order: int = 0
    replaying: Item | None = None
    """What was dead-lettered and is being decided now: if the step fails here, it is to blame."""

    def write(self, collection: str, write: Write) -> None:
        self.writes.setdefault(collection, []).append(write)

    def rewrite(self, write: Replace) -> None:
        """Replaces a dead letter, which may be new in this very step."""
        key, writes = write.document["_id"], self.writes.setdefault(dead_letters.COLLECTION, [])
        for at, other in enumerate(writes):
            if not isinstance(other, Delete) and other.document["_id"] == key:
                writes[at] = replace(other, document=write.document)
                return
        writes.append(write)

    def publish(self, item: Item, record: Outgoing) -> None:
        self.outgoing.setdefault(item.shard, []).append(record)

    def has_room(self, endpoint: str) -> bool:
        return self.loop.worker.has_room(endpoint, self.reserved[endpoint])

    def effect(self, row: Document) -> None:
        self.write(effects.COLLECTION, Insert(row))
        if row["state"] == effects.IN_FLIGHT:
            self.attempt(row)

    def attempt(self, row: Document) -> None:
        """Noted to be executed, but only once the step is committed."""
        self.reserved[row["endpoint"]] += 1
        self.attempts.append(row)

    def next_order(self, shard: int) -> int:
        """Keeps dead letters of a shard in the order in which they came."""
        self.order += 1
        return self.rows[shard].steps * 1_000_000 + self.order


def prepare(loop: "Loop", shards: Mapping[int, Shard], inputs: Inputs) -> Step:
    """Sorts the inputs out, pure: what the step will take of these open shards."""
    room = loop.limit - len(inputs.results)
    now = loop.clock.now()
    found = classify(loop.reader, shards, inputs.records, room, now)
    for item in found.items:
        _blame(loop, item)
    for number in inputs.shards():
        found.rows.setdefault(number, shards[number].row.copy())
    for number, row in found.rows.items():
        row.steps = shards[number].row.steps + 1
    mine = {number: shards[number] for number in found.rows}
    blocked = {number: dict(shard.blocked) for number, shard in mine.items()}
    at_once = max(0, min(dead_letters.RELEASED_AT_ONCE, loop.limit - len(found.items)))
    return Step(loop, now, inputs, mine, found.rows, found.items, found.seek_to, blocked, at_once)


def suspected(step: Step) -> list[Item]:
    """Which inputs an unexpected error may be of: in the place of a replay or skip, what it would
    have decided."""
    itself = (item for item in step.items if dead_letters.asked_by(item) not in step.replays)
    return [*itself, *_replays(step)]


def _blame(loop: "Loop", item: Item) -> None:
    """An input that failed alone with an error that nobody expected is dead-lettered now."""
    reason = loop.suspects.get(item.origin)
    if reason is not None and item.disposition is Disposition.HANDLED:
        item.disposition, item.poison = Disposition.DEAD_LETTERED, Poison("unexpected", reason)


async def commit(step: Step) -> None:
    """Commits the step; if it raises (but `UnknownOutcome`), nothing of it has happened."""
    loop = step.loop
    loop.failpoint("step.begin")
    async with loop.store.transaction() as transaction:
        await _claim(step, transaction)
        loop.failpoint("step.claimed")
        await _load(step, transaction)
        loop.failpoint("step.loaded")
        for item in step.items:
            handle(step, item)
        for (shard, lane), waiting in step.releases.items():
            release(step, shard, lane, waiting, "")
        await _save(step, transaction)
        loop.failpoint("step.saved")
    loop.failpoint("step.committed")


async def _claim(step: Step, transaction: Transaction) -> None:
    """Raises the step of every shard that takes part, if it is still ours and as we know it."""
    writes: list[Write] = []
    for number, row in step.rows.items():
        known = step.shards[number].row
        claimed = known.copy()
        claimed.steps = row.steps
        writes.append(claimed.guarded(epoch=known.epoch, steps=known.steps))
    try:
        await transaction.write("shards", writes)
    except Conflict as conflict:
        raise Fenced(str(conflict)) from conflict


async def _load(step: Step, transaction: Transaction) -> None:
    """Reads all that deciding needs; deadlines and results join the items, before the records."""
    rows = [
        *await _finished(step, transaction),
        *await _retry(step, transaction),
        *await _due(step, transaction),
    ]
    commands = [item for item in step.items if _is_command(step, item)]
    step.known = await inbox.load(
        transaction, (item.envelope for item in commands if item.envelope)
    )
    found = await dead_letters.load_resolutions(transaction, commands, step.released_at_once)
    for asked, resolution in found.items():
        step.replays[asked] = _waiting(step, resolution)
    for shard, lane in step.inputs.lanes:
        waiting = await dead_letters.behind(transaction, shard, lane, step.released_at_once)
        step.releases[shard, lane] = [_replay_item(step, row, None) for row in waiting]
    step.items = [*rows, *step.items]
    poisoned = [
        dead_letters.id_of(item)
        for item in step.items
        if item.disposition is Disposition.DEAD_LETTERED
    ]
    step.aside = await dead_letters.known(transaction, poisoned)
    replays = _replays(step)
    # Blamed once for each time that it is asked: the next may be after the mistake was mended.
    for item in replays:
        step.loop.suspects.pop(item.origin, None)
    for item in (*commands, *(item for item in replays if _is_command(step, item))):
        _date(step, item)
    step.state = await step.loop.service.store.load_many(
        transaction,
        [
            input_of(step, item)
            for item in (*step.items, *replays)
            if item.disposition is Disposition.HANDLED and item.event is not None
        ],
    )


def _waiting(step: Step, found: dead_letters.Resolution) -> dead_letters.Waiting:
    heads = {value: _replay_item(step, found.head, value) for value in found.values}
    return dead_letters.Waiting(heads, [_replay_item(step, row, None) for row in found.behind])


def _replays(step: Step) -> list[Item]:
    """All records that were dead-lettered and may be decided in this step."""
    asked = [
        item
        for waiting in step.replays.values()
        for item in (*waiting.heads.values(), *waiting.behind[: step.released_at_once])
    ]
    released = step.releases.values()
    return asked + [item for items in released for item in items[: step.released_at_once]]


def _is_command(step: Step, item: Item) -> bool:
    return (
        item.disposition is Disposition.HANDLED
        and item.record is not None
        and item.record.topic == step.loop.reader.commands
    )


def _date(step: Step, item: Item) -> None:
    """Before anything is loaded, since what is loaded may depend on it."""
    dated = time_of(step, item)
    if isinstance(dated, datetime):
        assert item.cause is not None
        item.cause = replace(item.cause, time=dated)


def _replay_item(step: Step, document: Document, value: str | None) -> Item:
    if document["record"] is None:
        item = _stored_item(document["stored"])
        item.document = document
    else:
        record = record_of(document["record"], value)
        item = replayed(step.loop.reader, document["shard"], record, document)
    _blame(step.loop, item)
    return item


def _stored_item(stored: Document) -> Item:
    """The input that a deadline or an effect's end is, now or when it is replayed."""
    event: DueReached | EffectFinished
    if stored["is"] == "due":
        event = DueReached(stored["kind"], stored["key"], stored["data"])
    else:
        event = EffectFinished(
            stored["_id"],
            stored["kind"],
            Outcome(stored["outcome"]),
            stored["text"],
            stored["attempt"],
            stored["data"],
            effects.tried_of(stored),
        )
    cause = _cause_of(stored)
    return Item(
        f"{stored['is']}/{stored['_id']}",
        stored["shard"],
        Disposition.HANDLED,
        event=event,
        cause=cause,
        stored=stored,
    )


def _cause_of(stored: Document) -> Cause:
    """A deadline that is set anew fires again, and what it publishes then is another event: so its
    id tells when it was due, and by what it was set."""
    cause = effects.cause_of(stored, stored["at"], stored["is"])
    if stored["is"] != "due":
        return cause
    return replace(cause, id=derived(cause.id, stored["at"].isoformat(), stored["cause"]["id"]))


async def _due(step: Step, transaction: Transaction) -> list[Item]:
    """Deadlines whose rows still stand; deciding one deletes its row."""
    rows = await _rows(transaction, deadlines.COLLECTION, [row["_id"] for row in step.inputs.due])
    items = [_stored_item(row | {"is": "due", "at": row["due_at"]}) for row in rows]
    step.due |= dict.fromkeys(row["_id"] for row in rows)
    for item in items:
        _blame(step.loop, item)
    return items


async def _finished(step: Step, transaction: Transaction) -> list[Item]:
    """Effects that came to their end. A result that isn't for the row's current attempt changes
    nothing: the attempt that counts is still under way."""
    results = step.inputs.results
    found = await _rows(transaction, effects.COLLECTION, [result.id for result in results])
    rows = {row["_id"]: row for row in found}
    items = []
    for result in results:
        row = rows.pop(result.id, None)
        if row is None or (row["state"], row["attempt"]) != (effects.IN_FLIGHT, result.attempt):
            step.loop.counters["results_late"] += 1
            continue
        after = effects.after(row, result, step.now)
        if isinstance(after, EffectFinished):
            items.append(_ended(step, row, after))
        else:
            step.write(effects.COLLECTION, Replace(after, {"attempt": row["attempt"]}))
    return items


def _ended(step: Step, row: Document, end: EffectFinished) -> Item:
    step.write(effects.COLLECTION, Delete(row["_id"]))
    item = _stored_item(effects.ended(row, end, step.now))
    _blame(step.loop, item)
    return item


async def _retry(step: Step, transaction: Transaction) -> list[Item]:
    """Waiting effects whose next attempt is due, as far as their endpoints have room; at a dead one
    they end when their time is over, as many as the step may still decide."""
    items: list[Item] = []
    inputs, dead = step.inputs, step.loop.worker.dead()
    may_end = step.loop.limit - len(inputs.results) - len(inputs.due)
    for row in await _rows(transaction, effects.COLLECTION, [row["_id"] for row in inputs.retries]):
        if row["state"] != effects.WAITING:
            continue
        if step.has_room(row["endpoint"]):
            after = effects.next_attempt(row)
            step.write(effects.COLLECTION, Replace(after, {"attempt": row["attempt"]}))
            step.attempt(after)
        elif row["endpoint"] in dead and effects.is_overdue(row, step.now) and len(items) < may_end:
            end = effects.given_up(row, "the endpoint gives no answer")
            items.append(_ended(step, row, end))
    return items


async def _rows(transaction: Transaction, collection: str, ids: Sequence[str]) -> list[Document]:
    if not ids:
        return []
    return await transaction.find(collection, {"_id": {"$in": list(dict.fromkeys(ids))}})


async def _keep_once(step: Step, transaction: Transaction) -> None:
    """Leaves out what a handler called poison when the same record was read before."""
    writes = step.writes.get(dead_letters.COLLECTION, [])
    new = [write.document["_id"] for write in writes if isinstance(write, Insert)]
    before = await dead_letters.known(transaction, new)
    step.writes[dead_letters.COLLECTION] = [
        write
        for write in writes
        if not (isinstance(write, Insert) and write.document["_id"] in before)
    ]


async def _save(step: Step, transaction: Transaction) -> None:
    await step.loop.service.store.save_many(transaction, step.state)
    await _keep_once(step, transaction)
    for write in await deadlines.changes(transaction, step.due):
        step.write(deadlines.COLLECTION, write)
    for number, row in step.rows.items():
        for id in step.shards[number].confirmed:
            step.write(outbox.COLLECTION, Delete(id))
        for document in outbox.documents(row, step.outgoing.get(number, ())):
            step.write(outbox.COLLECTION, Insert(document))
            step.documents.setdefault(number, []).append(document["_id"])
    for collection, writes in step.writes.items():
        await transaction.write(collection, writes)
    await transaction.write(
        "shards", [row.guarded(epoch=row.epoch, steps=row.steps) for row in step.rows.values()]
    )
