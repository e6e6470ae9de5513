"""What an outbox document holds: all that is to be published, in its order."""

from shared.loop import outbox
from shared.loop.log import Outgoing
from shared.loop.shard import ShardRow

MEGABYTE = 1024 * 1024


def record(number: int, size: int) -> Outgoing:
    return Outgoing("events.v1", 0, b"%d" % number, bytes(size), [("ce_id", b"e")])


def test_all_records_of_a_step_are_kept_in_order_in_parts_that_a_store_takes() -> None:
    """One that is larger than a part has one of its own."""
    sizes = [10, MEGABYTE, 3 * MEGABYTE, 10, 5 * MEGABYTE, 10]
    outgoing = [record(number, size) for number, size in enumerate(sizes)]
    documents = list(outbox.documents(ShardRow(3, epoch=2, steps=7), outgoing))
    kept = [[int(key) for _, _, key, *_ in each["records"]] for each in documents]
    assert [[0, 1], [2, 3], [4], [5]] == kept
    assert [f"3/2/7/{part}" for part in range(4)] == [each["_id"] for each in documents]


def test_without_records_there_is_no_document() -> None:
    assert [] == list(outbox.documents(ShardRow(0), []))
