"""Documents of earlier versions in the form of today, in place, before any shard is opened.

Each step can be interrupted anywhere and run by several replicas at once: what one has moved, the
others don't find any more, and who comes second reads again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shared.loop import dead_letters, effects, tally
from shared.loop.tally import Tally
from shared.store import Delete, Document, Insert, Replace, Store

PAGE = 20
"""One may hold a megabyte."""
SET_ASIDE = "set_aside"
"""What dead letters, and what waits behind them, were called until the language was changed."""
STATES = {"set_aside": dead_letters.DEAD, "parked": dead_letters.WAITING}
BEGUN = "begun"
"""What was said then of an effect in flight."""
NOTHING: Mapping[str, str] = {}
Change = Callable[[Document], Document]


async def migrate(
    store: Store, former: Mapping[str, str] = NOTHING, tallies: Sequence[Tally[Any]] = ()
) -> None:
    """`former` names a service's own collections that had another name, by the name of then;
    `tallies` count what is there before they are kept. Raises `Infrastructure` where another
    replica does the same: it is to be called again."""
    await _move(store, SET_ASIDE, dead_letters.COLLECTION, dead_letter)
    await _in_flight(store)
    for then, now in former.items():
        await _move(store, then, now)
    for each in tallies:
        await _begin(store, each)


async def _begin(store: Store, kept: Tally[Any]) -> None:
    """Counted outside the transaction, which could not last so long: nobody decides meanwhile."""
    found = await tally.begin(store, kept)
    if found:
        async with store.transaction() as transaction:
            for collection, writes in found:
                await transaction.write(collection, writes)


async def _in_flight(store: Store) -> None:
    while rows := await store.find(effects.COLLECTION, {"state": BEGUN}, limit=PAGE):
        async with store.transaction() as transaction:
            renamed = [
                Replace(row | {"state": effects.IN_FLIGHT}, {"state": BEGUN}) for row in rows
            ]
            await transaction.write(effects.COLLECTION, renamed)


async def _move(store: Store, then: str, now: str, change: Change = dict) -> None:
    while rows := await store.find(then, {}, sort=[("_id", 1)], limit=PAGE):
        async with store.transaction() as transaction:
            await transaction.write(then, [Delete(row["_id"]) for row in rows])
            await transaction.write(now, [Insert(change(row)) for row in rows])


def dead_letter(row: Document) -> Document:
    """Of a document that was set aside or parked."""
    renamed = {("blocks_key" if name == "holds_key" else name): row[name] for name in row}
    return renamed | {"state": STATES.get(row["state"], row["state"])}
