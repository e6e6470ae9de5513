"""The one transaction: what was read, what was decided and what must be published, all or nothing.

`commit` has its order, with the price of failing at each line. Only after it are the records
published, and then the attempts begun (`loop.step`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeGuard

from shared.contracts.parsing import Invalid
from shared.errors import Conflict, Fenced
from shared.loop import dead_letters, deadlines, inbox, outbox
from shared.loop.batch import Batch, Endpoints, Inputs, Setup
from shared.loop.bisect import Bisection
from shared.loop.classify import classify, replay_of
from shared.loop.decide import handle, input_of, release, time_of
from shared.loop.early import decide_early, take_published
from shared.loop.item import Decidable, Disposition, Item, Received, Unreadable
from shared.loop.kept_record import record_of
from shared.loop.rows import due_items, effect_ends, retries, stored_item
from shared.loop.shard import Shard
from shared.loop.table import sections
from shared.store import Delete, Document, Insert, Transaction


def prepare(
    setup: Setup,
    shards: Mapping[int, Shard],
    inputs: Inputs,
    bisection: Bisection,
    endpoints: Endpoints,
    now: datetime,
) -> Batch:
    """Classifies the inputs, pure: what the step will take of these open shards."""
    room = bisection.limit - len(inputs.results)
    found = classify(setup.reader, shards, inputs.records, room, now)
    for item in found.items:
        bisection.judge(item)
    for number in inputs.shards():
        found.rows.setdefault(number, shards[number].row.copy())
    for number, row in found.rows.items():
        row.steps = shards[number].row.steps + 1
    at_once = max(0, min(dead_letters.RELEASED_AT_ONCE, bisection.limit - len(found.items)))
    return Batch(
        setup,
        now,
        inputs,
        shards,
        found.rows,
        found.items,
        found.seek_to,
        found.missing,
        {number: dict(shards[number].blocked) for number in found.rows},
        bisection,
        endpoints,
        at_once,
    )


def suspects_of(batch: Batch) -> list[Item]:
    """Which inputs an unexpected error may be of: in the place of a replay or skip, what it would
    have decided."""
    itself = (item for item in batch.items if dead_letters.target_of(item) not in batch.replays)
    return [*itself, *_replays(batch), *batch.decided_early, *batch.deciding_early]


async def commit(batch: Batch) -> None:
    """Commits the step; if it raises (but `UnknownOutcome`), nothing of it has happened."""
    setup = batch.setup
    setup.failpoint("step.begin")
    async with setup.store.transaction() as transaction:
        # 1. What deciding needs. Nothing is written yet: failing costs the time only.
        await _load(batch, transaction)
        setup.failpoint("step.loaded")
        # 2. What came, then what the shards of this process publish to each other and to themselves
        #    (`early`). In memory, so failing costs the time only; who is to blame is found out.
        await _decide(batch, transaction)
        # 3. The shard rows, with what is to be published, guarded by epoch and step: a former owner
        #    fails here, before it writes anything.
        await _claim(batch, transaction)
        setup.failpoint("step.claimed")
        # 4. State, inbox, deadlines, effects, dead letters, and what the rows have no room for:
        #    undone with the transaction.
        await _save(batch, transaction)
        setup.failpoint("step.saved")
        # 5. The commit. If its result is unknown, the shards are opened anew: their rows tell.
    setup.failpoint("step.committed")


async def _claim(batch: Batch, transaction: Transaction) -> None:
    """Writes the row of every shard that takes part, with all that it publishes, if it is still
    ours and as we know it."""
    for number, row in batch.rows.items():
        for document in outbox.keep(row, batch.outgoing.get(number, ())):
            batch.write(outbox.COLLECTION, Insert(document))
            batch.documents.setdefault(number, []).append(document["_id"])
        for id in batch.shards[number].confirmed:
            batch.write(outbox.COLLECTION, Delete(id))
    known = {number: batch.shards[number].row for number in batch.rows}
    try:
        await transaction.write(
            "shards",
            [
                row.guarded_write(epoch=known[number].epoch, steps=known[number].steps)
                for number, row in batch.rows.items()
            ],
        )
    except Conflict as conflict:
        raise Fenced(str(conflict)) from conflict


async def _load(batch: Batch, transaction: Transaction) -> None:
    """Reads all that deciding needs; ends of effects join the items before the records, deadlines
    behind them."""
    ends = [*await effect_ends(batch, transaction), *await retries(batch, transaction)]
    due = await due_items(batch, transaction)
    commands = _commands(batch, batch.items)
    batch.known = await inbox.load(transaction, (item.envelope for item in commands))
    found = await dead_letters.load_resolutions(transaction, commands, batch.released_at_once)
    for target, resolution in found.items():
        batch.replays[target] = _waiting_of(batch, resolution)
    for shard, lane in batch.inputs.lanes:
        waiting = await dead_letters.behind(transaction, shard, lane, batch.released_at_once)
        batch.releases[shard, lane] = [_replay_item(batch, row, None) for row in waiting]
    batch.items = [*ends, *batch.items, *due]
    poisoned = [
        dead_letters.id_of(item)
        for item in batch.items
        if item.disposition is Disposition.DEAD_LETTERED
    ]
    batch.known_dead_letters = await dead_letters.known_ids(transaction, poisoned)
    replays = _replays(batch)
    # Judged once for each replay: the next may come after the mistake was mended.
    for item in replays:
        batch.bisection.suspects.pop(item.origin, None)
    for command in (*commands, *_commands(batch, replays)):
        _date(batch, command)
    if batch.items or batch.releases:
        await batch.setup.service.memory.refresh(transaction)


async def _decide(batch: Batch, transaction: Transaction) -> None:
    """Reads are made for all inputs together, as far as none of them changes what others read."""
    for section in sections(batch.items, lambda item: _cuts(batch, item)):
        await _read(batch, transaction, [*section, *_replays_by(batch, section)])
        for item in section:
            handle(batch, item)
    await _read(batch, transaction, _release_items(batch))
    for (shard, lane), waiting in batch.releases.items():
        release(batch, shard, lane, waiting, "")
    take_published(batch)
    while batch.deciding_early:
        for early in sections(batch.deciding_early, lambda item: _cuts(batch, item)):
            await _read(batch, transaction, early)
            for item in early:
                decide_early(batch, item)
        take_published(batch)


async def _read(batch: Batch, transaction: Transaction, items: Sequence[Item]) -> None:
    inputs = [input_of(batch, item) for item in items if _is_decided(item)]
    if inputs:
        await batch.setup.service.read(transaction, batch.state, inputs)


def _is_decided(item: Item) -> TypeGuard[Decidable]:
    """By the service: a replay or a skip is the loop's own."""
    if isinstance(item, Unreadable) or item.disposition is not Disposition.HANDLED:
        return False
    is_typed = not isinstance(item.event, Invalid | None)
    return is_typed and dead_letters.target_of(item) is None


def _cuts(batch: Batch, item: Item) -> bool:
    """A replay may be of anything."""
    if dead_letters.target_of(item) is not None:
        return True
    return _is_decided(item) and batch.setup.service.table.cuts(input_of(batch, item).event)


def _waiting_of(batch: Batch, found: dead_letters.Resolution) -> dead_letters.Waiting:
    heads = {value: _replay_item(batch, found.head, value) for value in found.values}
    return dead_letters.Waiting(heads, [_replay_item(batch, row, None) for row in found.behind])


def _replays(batch: Batch) -> list[Item]:
    """All records that were dead-lettered and may be decided in this step."""
    resolved = [item for target in batch.replays for item in _waiting_at(batch, target)]
    return [*resolved, *_release_items(batch)]


def _release_items(batch: Batch) -> list[Item]:
    waiting = batch.releases.values()
    return [item for items in waiting for item in items[: batch.released_at_once]]


def _waiting_at(batch: Batch, target: dead_letters.Target) -> list[Item]:
    """What a command that resolves this dead letter may decide: its head, and those behind it."""
    waiting = batch.replays.get(target)
    if waiting is None:
        return []
    return [*waiting.heads.values(), *waiting.behind[: batch.released_at_once]]


def _replays_by(batch: Batch, items: Iterable[Item]) -> list[Item]:
    targets = [dead_letters.target_of(item) for item in items]
    return [item for target in targets if target for item in _waiting_at(batch, target)]


def _commands(batch: Batch, items: Iterable[Item]) -> list[Received]:
    return [
        item
        for item in items
        if isinstance(item, Received)
        and item.disposition is Disposition.HANDLED
        and item.record.topic == batch.setup.reader.commands
    ]


def _date(batch: Batch, item: Received) -> None:
    """Before anything is loaded, since what is loaded may depend on it."""
    dated = time_of(batch, item)
    if isinstance(dated, datetime):
        item.cause = replace(item.cause, time=dated)


def _replay_item(batch: Batch, document: Document, value: str | None) -> Item:
    item: Item
    if document["record"] is None:
        item = stored_item(batch, document["stored"])
        item.document = document
    else:
        record = record_of(document["record"], value)
        shard, is_corrected = document["shard"], value is not None
        item = replay_of(batch.setup.reader, shard, record, document, is_corrected=is_corrected)
    batch.bisection.judge(item)
    return item


async def _keep_once(batch: Batch, transaction: Transaction) -> None:
    """Leaves out what a handler called poison when the same record was read before."""
    writes = batch.writes.get(dead_letters.COLLECTION, [])
    new = [write.document["_id"] for write in writes if isinstance(write, Insert)]
    before = await dead_letters.known_ids(transaction, new)
    batch.writes[dead_letters.COLLECTION] = [
        write
        for write in writes
        if not (isinstance(write, Insert) and write.document["_id"] in before)
    ]


async def _save(batch: Batch, transaction: Transaction) -> None:
    await batch.setup.service.save(transaction, batch.state)
    await _keep_once(batch, transaction)
    for write in deadlines.changes(batch.due):
        batch.write(deadlines.COLLECTION, write)
    for collection, writes in batch.writes.items():
        await transaction.write(collection, writes)
