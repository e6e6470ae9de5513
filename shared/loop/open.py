"""Opening a shard: the one way to recover, whatever happened before.

1. read the rows and kill the sessions of former owners (a dead one's transaction would hold a row)
2. raise the epoch: from here on no former owner can commit
3. publish what the outbox still holds, whole and in order
4. compare the positions with the log: what does not fit is refused, that shard alone
5. read on from the positions
"""

from collections.abc import Mapping, Sequence

import structlog

from shared.errors import NotTaken, ShardRefuses
from shared.loop import dead_letters, effects, outbox
from shared.loop.log import Place, Record, fingerprint
from shared.loop.loop import Loop
from shared.loop.shard import Shard, ShardRow, State, from_document
from shared.loop.within import BROKER_SECONDS_MAX, STORE_SECONDS_MAX, within
from shared.store import Insert, Transaction, Write

log = structlog.get_logger(__name__)

REFUSED_WAIT_SECONDS = 5.0


async def open_shards(loop: Loop, shards: Sequence[Shard]) -> None:
    """Opens those that can be opened; raises `Infrastructure` if none of them could be tried."""
    await _kill_former_owners(loop, shards)
    loop.failpoint("open.killed")
    await _fence(loop, shards)
    loop.failpoint("open.fenced")
    drained = await _drain(loop, shards)
    loop.failpoint("open.drained")
    fitting = await _compare(loop, drained)
    await _restore(loop, fitting)
    loop.failpoint("open.restored")
    for shard in fitting:
        shard.state, shard.error = State.OPEN, None
    loop.log.resume(
        {place: shard.row.next.get(place[0], 0) for shard in fitting for place in shard.places}
    )
    loop.counters["shards_opened"] += len(fitting)
    log.info("shards opened", shards=[shard.number for shard in fitting])


async def _kill_former_owners(loop: Loop, shards: Sequence[Shard]) -> None:
    numbers = [shard.number for shard in shards]
    async with within(STORE_SECONDS_MAX, "the store"):
        rows = await loop.store.find("shards", {"_id": {"$in": numbers}}, fields=["session"])
    sessions = {row["session"] for row in rows} - {None, loop.store.session}
    for session in sessions:
        async with within(STORE_SECONDS_MAX, "the store"):
            await loop.store.kill(session)


async def _fence(loop: Loop, shards: Sequence[Shard]) -> None:
    numbers = [shard.number for shard in shards]
    async with loop.store.transaction() as transaction:
        known = await _read(transaction, numbers)
        taken = [_take_over(known.get(number), number, loop.store.session) for number in numbers]
        await transaction.write("shards", [_write(row, known.get(row.shard)) for row in taken])
    for shard, row in zip(shards, taken, strict=True):
        shard.row = row


async def _read(transaction: Transaction, numbers: Sequence[int]) -> dict[int, ShardRow]:
    rows = await transaction.find("shards", {"_id": {"$in": list(numbers)}})
    return {row["_id"]: from_document(row) for row in rows}


def _take_over(known: ShardRow | None, number: int, session: object) -> ShardRow:
    taken = known.copy() if known else ShardRow(number)
    taken.epoch, taken.session = taken.epoch + 1, session
    return taken


def _write(taken: ShardRow, known: ShardRow | None) -> Write:
    guarded = taken.guarded_write(epoch=taken.epoch - 1, steps=taken.steps)
    return guarded if known else Insert(guarded.document)


async def _drain(loop: Loop, shards: Sequence[Shard]) -> list[Shard]:
    """Those shards whose outboxes are empty now. Each is published by itself: one that holds what
    the broker refuses stays closed, alone. A broker that is away is everybody's failure."""
    drained = []
    for shard in shards:
        try:
            await _drain_one(loop, shard)
            drained.append(shard)
        except NotTaken as refusal:
            shard.error = f"what it has to publish is refused by the broker ({refusal})"
            shard.retry_at = loop.monotonic() + REFUSED_WAIT_SECONDS
            log.error("shard can't publish", shard=shard.number, error=shard.error)
    return drained


async def _drain_one(loop: Loop, shard: Shard) -> None:
    """What was published half is published again, whole; readers drop what they saw."""
    beside = await loop.store.find(outbox.COLLECTION, {"shard": shard.number})
    for records in outbox.batches(shard.row, beside):
        await loop.log.publish(records)
        loop.counters["outbox_drained"] += 1
    shard.confirmed = [row["_id"] for row in beside]


async def _compare(loop: Loop, shards: Sequence[Shard]) -> list[Shard]:
    """Those shards whose positions fit the log; the others are refused with the reason."""
    places = [place for shard in shards for place in shard.places]
    async with within(BROKER_SECONDS_MAX, "the broker"):
        bounds = await loop.log.bounds(places)
    taken: dict[Place, int] = {}
    for shard in shards:
        taken |= last_taken(shard.row, {place: bounds[place] for place in shard.places})
    last = await loop.log.records_at(taken)
    fitting = []
    for shard in shards:
        shard.begins = {topic: bounds[topic, shard.number][0] for topic, _ in shard.places}
        shard.missing_offsets = {}
        try:
            for place in shard.places:
                check_position(shard.row, place, bounds[place], last.get(place))
            fitting.append(shard)
        except ShardRefuses as refusal:
            refuse(loop, shard, str(refusal))
    return fitting


def last_taken(row: ShardRow, bounds: Mapping[Place, tuple[int, int]]) -> dict[Place, int]:
    """Where the last record that was taken of each topic lies, if the log still has it."""
    return {
        place: row.next[place[0]] - 1
        for place, (begin, end) in bounds.items()
        if begin < row.next.get(place[0], 0) <= end
    }


def check_position(
    row: ShardRow, place: Place, bounds: tuple[int, int], last: Record | None
) -> None:
    """Raises `ShardRefuses` if what was read can't be what the log holds."""
    topic, partition = place
    begin, end = bounds
    position = row.next.get(topic, 0)
    where = f"{topic}/{partition}: read up to {position}, the log holds {begin} to {end}"
    if position > end:
        raise ShardRefuses(f"{where}; the topic was made anew or cut")
    if position < begin:
        raise ShardRefuses(f"{where}; retention overtook the reader")
    if (
        last is not None
        and topic in row.fingerprints
        and fingerprint(last) != row.fingerprints[topic]
    ):
        raise ShardRefuses(f"{where}; another record stands where the last one was read")


def refuse(loop: Loop, shard: Shard, reason: str) -> None:
    resolve = f"leadops shards resolve {loop.service.name} {shard.number}"
    error = f"{reason}. To go on: {resolve}"
    if (shard.state, shard.error) != (State.REFUSED, error):
        log.error("shard refused", shard=shard.number, error=error)
    shard.state, shard.error = State.REFUSED, error
    shard.retry_at = loop.monotonic() + REFUSED_WAIT_SECONDS


async def _restore(loop: Loop, shards: Sequence[Shard]) -> None:
    """Reads what only the store knows: blocked keys, and effects that somebody has in flight."""
    numbers = [shard.number for shard in shards]
    blocked = await dead_letters.blocked_lanes(loop.store, numbers)
    for shard in shards:
        shard.blocked = blocked[shard.number]
    loop.worker.start_again(
        await loop.store.find(
            effects.COLLECTION, {"state": effects.IN_FLIGHT, "shard": {"$in": numbers}}
        )
    )
