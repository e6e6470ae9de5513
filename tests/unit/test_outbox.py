"""What an outbox holds: all that is to be published, in its order."""

from shared.loop import outbox
from shared.loop.log import Outgoing
from shared.loop.shard import ShardRow, from_document, to_document

MEGABYTE = 1024 * 1024


def record(number: int, size: int) -> Outgoing:
    return Outgoing("events.v1", 0, b"%d" % number, bytes(size), [("ce_id", b"e")])


def test_all_records_of_a_step_are_kept_in_order_in_parts_that_a_store_takes() -> None:
    """In the row what it has room for; one that is larger than a part has one of its own."""
    sizes = [10, MEGABYTE, 3 * MEGABYTE, 10, 5 * MEGABYTE, 10]
    outgoing = [record(number, size) for number, size in enumerate(sizes)]
    row = ShardRow(3, epoch=2, steps=7)
    beside = outbox.keep(row, outgoing)
    parts = [[int(each.key or b"") for each in part] for part in outbox.batches(row, beside)]
    assert [[0, 1], [2, 3], [4], [5]] == parts
    assert [f"3/2/7/{part}" for part in range(1, 4)] == [each["_id"] for each in beside]


def test_what_is_kept_is_published_as_it_was() -> None:
    """Through the store and back."""
    row = ShardRow(3)
    outgoing = [record(number, 10) for number in range(2)]
    assert [] == outbox.keep(row, outgoing)
    assert [outgoing] == list(outbox.batches(from_document(to_document(row)), []))


def test_a_step_without_records_leaves_none() -> None:
    """Those of the step before are published by then."""
    row = ShardRow(0)
    outbox.keep(row, [record(1, 10)])
    assert ([], []) == (outbox.keep(row, []), list(outbox.batches(row, [])))
