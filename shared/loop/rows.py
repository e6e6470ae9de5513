"""What a step takes beside records, by the rows that hold it: effects that have a result or whose
retry is due, and deadlines.
"""

from collections.abc import Sequence
from dataclasses import replace

from shared.contracts import trace_context
from shared.errors import Poison
from shared.ids import derived_id
from shared.loop import deadlines, effects
from shared.loop.batch import Batch
from shared.loop.decision import Cause
from shared.loop.item import Disposition, Internal
from shared.store import Delete, Document, Replace, Transaction


async def effect_ends(batch: Batch, transaction: Transaction) -> list[Internal]:
    """Effects that came to their end. A result that isn't for the row's current attempt changes
    nothing: the attempt that counts is still under way."""
    results = batch.inputs.results
    found = await _rows(transaction, effects.COLLECTION, [result.id for result in results])
    rows = {row["_id"]: row for row in found}
    items = []
    for result in results:
        row = rows.pop(result.id, None)
        if row is None or (row["state"], row["attempt"]) != (effects.IN_FLIGHT, result.attempt):
            batch.counters["results_late"] += 1
            continue
        after = effects.after(row, result, batch.now)
        if isinstance(after, effects.End):
            items.append(_effect_end(batch, row, after))
        else:
            batch.write(effects.COLLECTION, Replace(after, {"attempt": row["attempt"]}))
    return items


async def retries(batch: Batch, transaction: Transaction) -> list[Internal]:
    """Waiting effects whose next attempt is due, as far as their endpoints have room; at a dead one
    they end when their time is over, as many as the step may still decide."""
    items: list[Internal] = []
    inputs, dead = batch.inputs, batch.endpoints.dead
    may_end = batch.bisection.limit - len(inputs.results) - len(inputs.due)
    for row in await _rows(transaction, effects.COLLECTION, [row["_id"] for row in inputs.retries]):
        if row["state"] != effects.WAITING:
            continue
        if batch.has_room(row["endpoint"]):
            after = effects.next_attempt(row)
            batch.write(effects.COLLECTION, Replace(after, {"attempt": row["attempt"]}))
            batch.attempt(after)
        elif (
            row["endpoint"] in dead and effects.is_overdue(row, batch.now) and len(items) < may_end
        ):
            end = effects.give_up(row, "the endpoint gives no answer")
            items.append(_effect_end(batch, row, end))
    return items


def _effect_end(batch: Batch, row: Document, end: effects.End) -> Internal:
    batch.write(effects.COLLECTION, Delete(row["_id"]))
    item = stored_item(batch, effects.end_document(row, end, batch.now))
    batch.bisection.judge(item)
    return item


async def due_items(batch: Batch, transaction: Transaction) -> list[Internal]:
    """Deadlines whose rows still stand; deciding one deletes its row."""
    rows = await _rows(transaction, deadlines.COLLECTION, [row["_id"] for row in batch.inputs.due])
    items = [stored_item(batch, row | {"is": "due", "at": row["due_at"]}) for row in rows]
    batch.due |= dict.fromkeys(row["_id"] for row in rows)
    for item in items:
        batch.bisection.judge(item)
    return items


def stored_item(batch: Batch, stored: Document) -> Internal:
    """The input that a deadline or an effect's end is, now or when it is replayed."""
    origin = f"{stored['is']}/{stored['_id']}"
    cause = _cause_of(batch, stored)
    item = Internal(origin, stored["shard"], Disposition.HANDLED, stored, cause)
    try:
        item.event = batch.setup.service.table.stored_event(stored)
    except Poison as poison:
        item.dead_letter(poison)
    return item


def _cause_of(batch: Batch, stored: Document) -> Cause:
    """A deadline that is set anew fires again, and what it publishes then is another event: so its
    id tells when it was due, and by what it was set."""
    cause = effects.cause_of(stored, stored["at"], stored["is"])
    if stored["is"] == "due":
        set_by = stored["cause"]["id"]
        cause = replace(cause, id=derived_id(cause.id, stored["at"].isoformat(), set_by))
    return replace(
        cause, trace=trace_context.child(cause.trace, batch.setup.service.name, cause.id)
    )


async def _rows(transaction: Transaction, collection: str, ids: Sequence[str]) -> list[Document]:
    if not ids:
        return []
    return await transaction.find(collection, {"_id": {"$in": list(dict.fromkeys(ids))}})
