"""Which records a step takes."""

from datetime import UTC, datetime

from shared.contracts.bounds import BATCH_BYTES_MAX, VALUE_BYTES_MAX
from shared.loop.classify import Reader, classify
from shared.loop.log import RawRecord
from shared.loop.shard import Shard, ShardRow

COMMANDS = "intake.commands.v1"
READER = Reader({}, COMMANDS, 1, b"")
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_step_takes_as_many_large_records_as_its_bound_holds() -> None:
    """Each of them is within the bound of a record; what is left is read on from."""
    value = b"x" * (VALUE_BYTES_MAX - 10)
    records = [RawRecord(COMMANDS, 0, offset, None, value, []) for offset in range(12)]
    shard = Shard(0, [(COMMANDS, 0)], row=ShardRow(0))
    found = classify(READER, {0: shard}, records, 100, NOW)
    takes = BATCH_BYTES_MAX // len(value)
    assert takes == len(found.items)
    assert {(COMMANDS, 0): takes} == found.seek_to


def test_classifying_changes_nothing() -> None:
    """A step that another transaction was in the way of is classified again: a hole is believed
    only when it comes first after seeking, and not the second time that it is looked at."""
    record = RawRecord(COMMANDS, 0, 7, None, b"x", [])
    shard = Shard(0, [(COMMANDS, 0)], row=ShardRow(0))
    for _ in range(2):
        found = classify(READER, {0: shard}, [record], 100, NOW)
        assert ([], {(COMMANDS, 0): 0}, {(COMMANDS, 0): 7}) == (
            found.items,
            found.seek_to,
            found.missing,
        )
    shard.missing_offsets[COMMANDS] = 7
    assert 1 == len(classify(READER, {0: shard}, [record], 100, NOW).items)


def test_one_record_is_always_taken() -> None:
    """However large it is: a shard that took none could never go on."""
    record = RawRecord(COMMANDS, 0, 0, None, b"x" * (BATCH_BYTES_MAX + 1), [])
    found = classify(READER, {0: Shard(0, [(COMMANDS, 0)], row=ShardRow(0))}, [record], 100, NOW)
    assert 1 == len(found.items)
