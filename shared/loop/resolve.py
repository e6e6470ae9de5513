"""How a person resolves a shard that refuses: it reads its topics again from where they begin now.

Reading again is harmless, since commands and streams are known by their ids and numbers; what the
log has lost is lost, which is why a person has to say so. It is done on the shard's row, under a
new epoch, so whoever has the shard must open it again. If the store was restored behind what had
been published, its stream begins anew besides.
"""

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.errors import Infrastructure, ShardRefuses
from shared.loop.log import Place
from shared.loop.shard import ShardRow, from_document
from shared.mongo import MongoStore
from shared.store import Store

Bounds = Mapping[Place, tuple[int, int]]
Moved = dict[str, tuple[int, int]]


async def resolve(
    mongo: str, kafka: str, database: str, shard: int, *, new_stream: bool = False
) -> Moved:
    """Moves the positions of one shard; by topic, from where and to where."""
    store = await MongoStore.connect(mongo, database)
    try:
        rows = await store.find("shards", {"_id": shard})
        if not rows:
            raise ShardRefuses(f"shard {shard} was never opened")
        places = [(topic, shard) for topic in from_document(rows[0]).next]
        return await move(store, shard, await _bounds(kafka, places), new_stream=new_stream)
    finally:
        await store.close()


async def move(store: Store, shard: int, bounds: Bounds, *, new_stream: bool = False) -> Moved:
    async with store.transaction() as transaction:
        row = from_document((await transaction.find("shards", {"_id": shard}))[0])
        epoch = row.epoch
        moved = _moved(row, bounds)
        row.epoch += 1
        row.marks = {}
        if new_stream:
            row.generation += 1
            row.said = {}
        await transaction.write("shards", [row.guarded(epoch=epoch, steps=row.steps)])
    return moved


def _moved(row: ShardRow, bounds: Bounds) -> Moved:
    moved: Moved = {}
    for (topic, _), (begin, _end) in bounds.items():
        was = row.next.get(topic, 0)
        if begin > was:
            # What retention took won't come any more: its streams go on where they are now, or
            # their next record would be waiting for a predecessor for ever.
            row.seen.pop(topic, None)
        moved[topic] = (was, begin)
        row.next[topic] = begin
    return moved


async def _bounds(kafka: str, places: list[Place]) -> dict[Place, tuple[int, int]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    try:
        await consumer.start()
        partitions = [TopicPartition(*place) for place in places]
        begins = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
    except KafkaError as error:
        raise Infrastructure(f"Kafka: {type(error).__name__}") from error
    finally:
        await consumer.stop()
    return {(tp.topic, tp.partition): (begins[tp], ends[tp]) for tp in partitions}
