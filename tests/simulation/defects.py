"""Mistakes that are easy to make, planted on demand: each must be caught, by name.

A defect replaces functions of the loop or of a service by their wrong twins. Nothing of this is
reachable from production code; only the simulator and chaos builds look at `LEADOPS_DEFECT`.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from services.intake.decisions import questions as held
from services.intake.leads import outcomes as intake_domain
from services.intake.leads.contacts import Contact
from services.routing.campaign import claims as routing_claims
from services.routing.orders.capacity import Capacity
from services.routing.person import leads as routing_leads
from shared.contracts.envelope import Envelope
from shared.contracts.parsing import parse
from shared.errors import Infrastructure
from shared.loop import classify, dead_letters, deadlines, decide, early, inbox
from shared.loop import effects as effects_module
from shared.loop import open as open_module
from shared.loop import step as step_module
from shared.loop.batch import Batch
from shared.loop.decision import Accepted, Decision, Outcome, Verdict
from shared.loop.item import Disposition, Received
from shared.loop.log import RawRecord, Record
from shared.loop.loop import Loop
from shared.loop.rows import stored_item
from shared.loop.shard import Shard, ShardRow
from shared.loop.tally import Counted, Tally
from shared.store import Delete, Insert, Replace, Transaction
from tests.simulation import agency_defects
from tests.simulation.planting import Plant, plant


def publish_before_commit() -> None:
    right, right_step = step_module._save, Loop.step
    log: ContextVar[Any] = ContextVar("log")

    async def step(self: Loop, *arguments: Any) -> None:
        log.set(self.log)
        await right_step(self, *arguments)

    async def save(batch: Batch, transaction: Transaction) -> None:
        await right(batch, transaction)
        await log.get().publish([row for rows in batch.outgoing.values() for row in rows])

    plant(Loop, "step", step)
    plant(step_module, "_save", save)


def position_before_transaction() -> None:
    right = step_module.commit

    async def commit(step: Batch) -> None:
        async with step.setup.store.transaction() as transaction:
            for number, row in step.rows.items():
                ahead = step.shards[number].row.copy()
                ahead.next, ahead.seen, ahead.fingerprints = row.next, row.seen, row.fingerprints
                guarded = ahead.guarded_write(epoch=ahead.epoch, steps=ahead.steps)
                await transaction.write("shards", [guarded])
        await right(step)

    plant(step_module, "commit", commit)
    plant(__import__("shared.loop.loop", fromlist=["loop"]), "commit", commit)


def no_epoch_condition() -> None:
    def unguarded(self: ShardRow, *, epoch: int, steps: int) -> Replace:
        from shared.loop.shard import to_document

        return Replace(to_document(self))

    plant(ShardRow, "guarded_write", unguarded)


def drain_before_epoch() -> None:
    """The outbox is emptied first: nobody publishes what a former owner commits after that."""
    kill, drain = open_module._kill_former_owners, open_module._drain

    async def drain_first(loop: Loop, shards: Sequence[Shard]) -> None:
        await drain(loop, shards)
        await asyncio.sleep(0.2)
        await kill(loop, shards)

    async def nothing(loop: Loop, shards: Sequence[Shard]) -> list[Shard]:
        return list(shards)

    plant(open_module, "_kill_former_owners", drain_first)
    plant(open_module, "_drain", nothing)


def one_seen_per_stream() -> None:
    right = classify._disposition_in_stream

    def disposition(
        shard: Shard, row: ShardRow, record: Record, envelope: Envelope, now: datetime
    ) -> Disposition:
        one = RawRecord("all topics", record.partition, record.offset, None, None, ())
        return right(shard, row, one, envelope, now)

    plant(classify, "_disposition_in_stream", disposition)


def gaps_taken() -> None:
    def disposition(
        shard: Shard, row: ShardRow, record: Record, envelope: Envelope, now: datetime
    ) -> Disposition:
        seen, stream = row.seen.setdefault(record.topic, {}), envelope.stream or ""
        if envelope.number <= seen.get(stream, 0):
            return Disposition.DUPLICATE
        seen[stream] = envelope.number
        return Disposition.HANDLED

    plant(classify, "_disposition_in_stream", disposition)


def compacted_gap_taken_for_a_gap() -> None:
    """What compaction took is waited for."""
    plant(classify, "_has_dense_numbers", lambda _topic: True)


def missing_offsets_believed() -> None:
    """Whatever comes first is what the log has next, also from a client that passed over some."""
    plant(classify, "_is_next", lambda *_: True)


def open_only_once() -> None:
    """A failure is followed by reading on, as if nothing had been under way."""

    def carry_on(self: Loop, shards: Any) -> None:
        positions = {
            place: shard.row.next.get(place[0], 0)
            for number in shards
            if (shard := self.shards.get(number))
            for place in shard.places
        }
        self.log.resume(positions)

    plant(Loop, "back_off", carry_on)


def outbox_forgotten() -> None:
    """What could not be published is confirmed all the same."""

    async def publish(self: Loop, step: Batch) -> bool:
        with suppress(Infrastructure):
            await self.log.publish([row for rows in step.outgoing.values() for row in rows])
        for number, ids in step.documents.items():
            step.shards[number].confirmed = ids
        return True

    plant(Loop, "_publish", publish)


def effect_before_commit() -> None:
    def attempt(self: Batch, row: Any) -> None:
        self.endpoints.has_room.__self__.start([row])  # type: ignore[attr-defined]

    plant(Batch, "attempt", attempt)


def default_parser() -> None:
    """One header that is not UTF-8 costs the whole batch, as with the framework's own parser."""
    right = Loop.on_records

    async def on_records(self: Loop, records: Sequence[Record]) -> None:
        for record in records:
            for _, value in record.headers:
                try:
                    (value or b"").decode()
                except UnicodeDecodeError:
                    return
        await right(self, records)

    plant(Loop, "on_records", on_records)


def random_ids() -> None:
    plant(decide, "derived_id", lambda *parts: str(uuid4()))


def numbers_reset_at_restart() -> None:
    right = open_module._take_over

    def taken(row: ShardRow | None, number: int, session: object) -> Any:
        if row is not None:
            row.published = {}
        return right(row, number, session)

    plant(open_module, "_take_over", taken)


def seen_not_stored() -> None:
    right = ShardRow.guarded_write

    def guarded(self: ShardRow, *, epoch: int, steps: int) -> Replace:
        write = right(self, epoch=epoch, steps=steps)
        write.document["seen"] = []
        return write

    plant(ShardRow, "guarded_write", guarded)


def deadline_fired_twice() -> None:
    """The row of a deadline outlives its effect, the first time."""
    right = deadlines.changes
    survived: set[str] = set()

    def changes(batch: Mapping[str, Any]) -> list[Any]:
        gone = {id for id, row in batch.items() if row is None}
        first = gone - survived
        survived.update(first)
        return [write for write in right(batch) if getattr(write, "id", None) not in first]

    plant(deadlines, "changes", changes)


def due_row_deleted_before_effect() -> None:
    right = deadlines.due_rows

    async def due_rows(store: Any, *arguments: Any) -> list[Any]:
        rows: list[Any] = await right(store, *arguments)
        async with store.transaction() as transaction:
            await transaction.write("due", [Delete(row["_id"]) for row in rows])
        for row in rows:
            row["taken"] = True
        return rows

    async def due(step: Batch, transaction: Transaction) -> list[Any]:
        rows = [row for row in step.inputs.due if row.pop("taken", False)]
        return [stored_item(step, row | {"is": "due", "at": row["due_at"]}) for row in rows]

    plant(deadlines, "due_rows", due_rows)
    plant(step_module, "due_items", due)


def nack_instead_of_seek() -> None:
    """Reading goes on where the client happens to stand."""
    from shared.testing.log import MemoryLog

    def resume(self: MemoryLog, positions: Mapping[Any, int]) -> None:
        mine = {place for place in positions if place in self.places}
        started = {place: at for place, at in positions.items() if self.positions.get(place) == 0}
        self.positions |= {place: started[place] for place in mine if place in started}
        self.paused -= mine

    plant(MemoryLog, "resume", resume)
    plant(classify, "_is_next", lambda *_: True)


def key_seen_apart_from_effect() -> None:
    """A command is marked as seen in a transaction of its own, before its effect."""
    right_load, right_write = inbox.load, Batch.write
    marked: set[str] = set()

    async def load(transaction: Any, envelopes: Any) -> dict[str, Any]:
        wanted = list(envelopes)
        known = await right_load(transaction, wanted)
        new = {inbox.key_of(one): one for one in wanted if inbox.key_of(one) not in known}
        now = transaction._store.database and next(iter(wanted)).time if wanted else None
        async with type(transaction._store)(
            transaction._store.database, transaction._store.gate
        ).transaction() as apart:
            rows = [inbox.entry(one, "", Accepted(), now) for one in new.values() if now]
            await apart.write(inbox.COLLECTION, [Insert(row) for row in rows])
        marked.update(new)
        return known

    def write(self: Batch, collection: str, write: Any) -> None:
        if collection == inbox.COLLECTION and write.document["_id"] in marked:
            return
        right_write(self, collection, write)

    plant(inbox, "load", load)
    plant(Batch, "write", write)


def refused_and_forgotten() -> None:
    """What was refused for its data is new when it comes again, and may be accepted then."""
    right = Batch.write

    def write(self: Batch, collection: str, write: Any) -> None:
        if collection != inbox.COLLECTION or write.document["code"] != "invalid":
            right(self, collection, write)

    plant(Batch, "write", write)


def dead_lettered_for_its_data() -> None:
    """An operator has to skip what only the sender can mend."""
    plant(classify, "read", parse)


def slot_released_on_timeout() -> None:
    right = effects_module.after

    def after(row: Any, result: Any, now: Any) -> Any:
        if result.verdict is Verdict.UNKNOWN:
            return effects_module._end(row, Outcome.REFUSED, result.text)
        return right(row, result, now)

    plant(effects_module, "after", after)


def doubt_forgotten() -> None:
    """An attempt that a former owner may have made counts as if it had not been made."""
    right = effects_module.after

    def after(row: Any, result: Any, now: Any) -> Any:
        return right(row, replace(result, outcome_unknown=False), now)

    plant(effects_module, "after", after)


def cap_counted_on_delivery() -> None:
    """Slots that are reserved and not yet used do not count."""
    plant(Capacity, "taken", property(lambda self: self.used))


def blocked_key_overtaken() -> None:
    """A record that was dead-lettered is forgotten as soon as its shard is opened again."""

    async def nobody(store: Any, shards: Sequence[int]) -> dict[int, dict[str, str]]:
        return {shard: {} for shard in shards}

    plant(dead_letters, "blocked_lanes", nobody)
    plant(decide, "is_blocked", lambda step, item: False)


def recheck_forgotten() -> None:
    """A changed question frees later uploads only, not what is held for it."""
    plant(held, "recheck_held", lambda state, changed, context: Decision())
    plant(intake_domain, "recheck", lambda lead, at: None)
    right = intake_domain.conclude

    def conclude(*arguments: Any) -> Decision:
        return replace(right(*arguments), due=[])

    plant(intake_domain, "conclude", conclude)


def withdrawn_though_sent() -> None:
    """Routing gives a lead back however far it has come."""
    plant(routing_leads, "TOO_LATE", frozenset())


def accepted_and_not_remembered() -> None:
    """The contact forgets what the person was accepted as."""
    plant(Contact, "with_accepted", lambda self, accepted: self)


def sold_again_while_uncertain() -> None:
    """The next in line gets an exclusive lead although the first may have it."""
    plant(routing_leads, "OPEN", routing_leads.OPEN - {"uncertain"})


def day_not_counted() -> None:
    """Only the cap in all is looked at."""
    plant(routing_claims, "counters_of", lambda *_: ["day/0001-01-01"])


def send_day_forgotten() -> None:
    """What waits for the send day waits for ever."""
    right = routing_claims._waits

    def waits(*arguments: Any) -> Decision:
        return replace(right(*arguments), due=[])

    plant(routing_claims, "_waits", waits)


def slot_freed_twice() -> None:
    """A send that is resolved by hand as refused frees a slot that others count on."""
    right = Capacity.resolve

    def resolve(self: Capacity, slots: Any, *, sent: bool) -> Capacity:
        capacity = right(self, slots, sent=sent)
        return capacity if sent else replace(capacity, used=capacity.used - 1)

    plant(Capacity, "resolve", resolve)


def early_decision_overtakes() -> None:
    """What was published before, and is still to be read, is passed over."""

    def decide_early(batch: Batch, item: Received) -> None:
        def whatever_comes(_row: ShardRow, _topic: str, _stream: str) -> int:
            return item.envelope.number

        with patch.object(ShardRow, "expected_number", whatever_comes):
            right(batch, item)

    right = early.decide_early
    plant(step_module, "decide_early", decide_early)


def number_taken_without_effect() -> None:
    """What could not be decided early counts as decided."""

    def decide_early(batch: Batch, item: Received) -> None:
        topic, stream, number = item.numbered
        expected = batch.rows[item.shard].expected_number(topic, stream)
        right(batch, item)
        if number == expected:
            batch.rows[item.shard].take(topic, stream, number)

    right = early.decide_early
    plant(step_module, "decide_early", decide_early)


def effect_before_publishing() -> None:
    """An attempt begins as soon as its claim is committed."""
    right = Loop._publish

    async def publish(self: Loop, batch: Batch) -> bool:
        self.worker.start(batch.attempts)
        batch.attempts = []
        await asyncio.sleep(0.02)
        return await right(self, batch)

    plant(Loop, "_publish", publish)


def strangers_numbers_believed() -> None:
    """Whoever writes a number is believed, wherever it is written."""
    plant(classify, "_check_seal", lambda *_: None)
    right = classify._disposition_on_open_topic

    def disposition(reader: Any, record: Record) -> Disposition:
        stream = dict(record.headers).get("ce_stream")
        return Disposition.GAP if stream is not None else right(reader, record)

    plant(classify, "_disposition_on_open_topic", disposition)


def counted_and_never_taken_away() -> None:
    """A lead that changes its outcome is counted under both."""

    def differences(self: Tally[Any], changes: Any) -> Counter[Counted]:
        return Counter(each for _, after in changes for each in self.of_entity(after))

    plant(Tally, "differences", differences)


DEFECTS: dict[str, Plant] = {
    plant.__name__: plant
    for plant in (
        publish_before_commit,
        position_before_transaction,
        no_epoch_condition,
        drain_before_epoch,
        one_seen_per_stream,
        gaps_taken,
        compacted_gap_taken_for_a_gap,
        missing_offsets_believed,
        early_decision_overtakes,
        number_taken_without_effect,
        effect_before_publishing,
        strangers_numbers_believed,
        open_only_once,
        outbox_forgotten,
        effect_before_commit,
        default_parser,
        random_ids,
        numbers_reset_at_restart,
        seen_not_stored,
        deadline_fired_twice,
        due_row_deleted_before_effect,
        nack_instead_of_seek,
        key_seen_apart_from_effect,
        refused_and_forgotten,
        dead_lettered_for_its_data,
        slot_released_on_timeout,
        doubt_forgotten,
        cap_counted_on_delivery,
        blocked_key_overtaken,
        recheck_forgotten,
        withdrawn_though_sent,
        accepted_and_not_remembered,
        sold_again_while_uncertain,
        day_not_counted,
        send_day_forgotten,
        slot_freed_twice,
        counted_and_never_taken_away,
        *agency_defects.PLANTS,
    )
}
