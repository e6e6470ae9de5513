"""Documents of earlier versions in the form of today, in place, before any shard is opened.

Each step can be interrupted anywhere and run by several replicas at once: what one has moved, the
others don't find any more, and who comes second reads again.
"""

from shared.loop import dead_letters, effects
from shared.store import Delete, Document, Insert, Replace, Store

PAGE = 20
"""One may hold a megabyte."""
SET_ASIDE = "set_aside"
"""What dead letters, and what waits behind them, were called until the language was changed."""
STATES = {"set_aside": dead_letters.DEAD, "parked": dead_letters.WAITING}
BEGUN = "begun"
"""What was said then of an effect in flight."""


async def migrate(store: Store) -> None:
    """Raises `Infrastructure` where another replica does the same: it is to be called again."""
    await _dead_letters(store)
    await _in_flight(store)


async def _in_flight(store: Store) -> None:
    while rows := await store.find(effects.COLLECTION, {"state": BEGUN}, limit=PAGE):
        async with store.transaction() as transaction:
            renamed = [
                Replace(row | {"state": effects.IN_FLIGHT}, {"state": BEGUN}) for row in rows
            ]
            await transaction.write(effects.COLLECTION, renamed)


async def _dead_letters(store: Store) -> None:
    while rows := await store.find(SET_ASIDE, {}, sort=[("_id", 1)], limit=PAGE):
        async with store.transaction() as transaction:
            await transaction.write(SET_ASIDE, [Delete(row["_id"]) for row in rows])
            letters = [Insert(dead_letter(row)) for row in rows]
            await transaction.write(dead_letters.COLLECTION, letters)


def dead_letter(row: Document) -> Document:
    """Of a document that was set aside or parked."""
    renamed = {("blocks_key" if name == "holds_key" else name): row[name] for name in row}
    return renamed | {"state": STATES.get(row["state"], row["state"])}
