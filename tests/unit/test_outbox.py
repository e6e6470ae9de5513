"""What an outbox holds: all that is to be published, in its order."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shared.clock import to_millisecond
from shared.contracts import envelope as envelopes
from shared.contracts import trace_context
from shared.loop import outbox
from shared.loop.decision import Cause
from shared.loop.log import Outgoing
from shared.loop.outbox import EnvelopeWriter
from shared.loop.shard import ShardRow, from_document, to_document

MEGABYTE = 1024 * 1024
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


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


def test_what_lies_beside_a_row_is_published_in_order_however_it_is_found() -> None:
    """Step by step, and in parts; some stores sort lists by the smallest of what is in them."""
    beside = [
        document
        for steps, first in ((9, 0), (10, 20))
        for document in outbox.keep(
            ShardRow(3, steps=steps), [record(first + at, 4 * MEGABYTE) for at in range(4)]
        )
    ]
    for found in (beside, beside[::-1], sorted(beside, key=lambda each: min(each["step"]))):
        parts = outbox.batches(ShardRow(3), found)
        assert [1, 2, 3, 21, 22, 23] == [int(one.key or b"") for (one,) in parts]


def test_what_is_kept_is_published_as_it_was() -> None:
    """Through the store and back."""
    row = ShardRow(3)
    outgoing = [record(number, 10) for number in range(2)]
    assert [] == outbox.keep(row, outgoing)
    assert [outgoing] == list(outbox.batches(from_document(to_document(row)), []))


@given(
    id=st.text("abc/:å", min_size=1),
    key=st.text(max_size=20),
    time=st.datetimes(datetime(2000, 1, 2), datetime(2100, 1, 1)),
    trace=st.sampled_from([None, TRACE, f"{TRACE} vendor=1", "none that anybody knows"]),
)
def test_what_is_told_beside_a_record_is_what_is_read_of_it(
    id: str,  # noqa: A002
    key: str,
    time: datetime,
    trace: str | None,
) -> None:
    """Some decide on the one, and some on the other."""
    at = to_millisecond(time.replace(tzinfo=UTC))
    cause = Cause("c1", "test", "k", at, tenant="north", actor="ann", role="operator", trace=trace)
    writer = EnvelopeWriter("desk", 12, b"secret")
    record = writer.event(ShardRow(3), cause, id, "desk.rung.v1", "desk.events.v1", key, b"{}")
    read = envelopes.read(record.headers, record.value)
    assert record.envelope is not None
    assert replace(record.envelope, mac=read.mac, trace=join_of(record.envelope.trace)) == read
    assert trace_context.ids(record.envelope.trace) == trace_context.ids(read.trace)


def join_of(context: str | None) -> str | None:
    """What is no context is published, and read as none."""
    headers = trace_context.headers(context)
    return trace_context.join(headers.get("traceparent"), headers.get("tracestate"))


def test_a_step_without_records_leaves_none() -> None:
    """Those of the step before are published by then."""
    row = ShardRow(0)
    outbox.keep(row, [record(1, 10)])
    assert ([], []) == (outbox.keep(row, []), list(outbox.batches(row, [])))
