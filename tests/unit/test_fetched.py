"""What a consumer gets of a fetch, also where the client could not open it."""

import struct
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import cramjam
import pytest
from aiokafka import codec
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from shared.loop import fetched
from shared.loop.fetched import RECORDS_IN_TURN, RECORDS_MAX, FetchedRecords
from shared.loop.log import CONTROL, UNOPENED

LAST_OFFSET_AT = 23
GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
CODECS = [0, GZIP, SNAPPY, LZ4, ZSTD]
HEADERS = [("ce_id", b"one"), ("empty", b""), ("none", None)]


def batch(
    *values: bytes | None,
    headers: Any = HEADERS,
    compression: int = 0,
    base: int = 0,
    key: bytes | None = b"key",
) -> bytes:
    built = DefaultRecordBatchBuilder(2, compression, False, -1, -1, -1, 1 << 30)
    for offset, value in enumerate(values):
        built.append(offset, 1000, key, value, list(headers))
    raw = bytearray(built.build())
    struct.pack_into(">q", raw, 0, base)
    return bytes(raw)


def taken(data: bytes) -> list[tuple[int, Any, Any, list[Any]]]:
    """As the client's fetcher goes through it."""
    records = FetchedRecords(data)
    found = []
    while records.has_next():
        one = records.next_batch()
        assert one.validate_crc()
        rows = [(row.offset, row.key, row.value, list(row.headers)) for row in one]
        assert rows[-1][0] < one.next_offset
        found += rows
    return found


def opens_to(packed: bytes, compression: int) -> bytes:
    """A batch of one record, whose compressed part is what a stranger made of it."""
    raw = bytearray(batch(b"v", headers=[]))
    struct.pack_into(">h", raw, fetched.ATTRIBUTES_AT, compression)
    body = bytes(raw[: fetched.HEADER.size]) + packed
    whole = bytearray(body)
    struct.pack_into(">i", whole, fetched.LENGTH_AT, len(whole) - fetched.FRAME_BYTES)
    return bytes(whole)


def pack(plain: bytes, compression: int) -> bytes:
    encoders: dict[int, Callable[[bytes], bytes]] = {
        0: bytes,
        GZIP: codec.gzip_encode,
        SNAPPY: codec.snappy_encode,
        LZ4: codec.lz4_encode,
        ZSTD: codec.zstd_encode,
    }
    return bytes(encoders[compression](plain))


@pytest.mark.parametrize("compression", CODECS)
def test_records_come_as_they_were_written(compression: int) -> None:
    """With any codec, with empty and absent parts, from several batches; one cut off is left."""
    first = batch(b"a", b"", None, b"x" * 100_000, compression=compression)
    second = batch(b"b", compression=compression, base=7, key=None)
    expected = [
        *((n, b"key", value, HEADERS) for n, value in enumerate((b"a", b"", None, b"x" * 100_000))),
        (7, None, b"b", HEADERS),
    ]
    assert expected == taken(first + second)
    assert expected[:4] == taken(first + second[:-1])
    assert [] == taken(first[:20])


@pytest.mark.parametrize("compression", CODECS)
def test_a_header_name_that_is_not_utf8_is_marked_and_stops_nothing(compression: int) -> None:
    """Its record comes with a name that no reader takes, those beside it as they are."""
    name = "ce_na\u00efve"
    raw = batch(b"a", b"b", headers=[(name, b"x"), ("fine", None)])
    spoilt = raw.replace(name.encode(), name.encode()[:-4] + b"\xff\xfeve")
    plain = bytes(spoilt[fetched.HEADER.size :])
    packed = pack(plain, compression)
    head = bytearray(spoilt[: fetched.HEADER.size])
    struct.pack_into(">h", head, fetched.ATTRIBUTES_AT, compression)
    whole = head + packed
    struct.pack_into(">i", whole, fetched.LENGTH_AT, len(whole) - fetched.FRAME_BYTES)
    (one,) = batches(bytes(whole))
    marked = [("ce_na\ufffd\ufffdve", b"x"), ("fine", None)]
    assert [(0, b"a", marked), (1, b"b", marked)] == [
        (row.offset, row.value, list(row.headers)) for row in one
    ]


def batches(data: bytes) -> list[Any]:
    records = FetchedRecords(data)
    found = []
    while records.has_next():
        found.append(records.next_batch())
    return found


def test_a_record_with_such_a_name_is_otherwise_as_it_was_written() -> None:
    """Its time and key, and an empty value is not the same as none."""
    raw = batch(b"a", b"", None, headers=[("caf\u00e9", b""), ("none", None)])
    (one,) = batches(raw.replace("caf\u00e9".encode(), b"caf\xff\xff"))
    headers = [("caf\ufffd\ufffd", b""), ("none", None)]
    assert [(n, 1000, b"key", value, headers) for n, value in enumerate((b"a", b"", None))] == [
        (row.offset, row.timestamp, row.key, row.value, list(row.headers)) for row in one
    ]


def values(data: bytes) -> list[Any]:
    return [row.value for one in batches(data) for row in one]


def test_one_block_of_snappy_without_a_header_is_opened() -> None:
    """As some clients write it."""
    plain = batch(b"v", headers=[])[fetched.HEADER.size :]
    raw = opens_to(bytes(cramjam.snappy.compress_raw(plain)), SNAPPY)
    assert [b"v"] == values(raw)


def test_a_stream_of_gzip_that_was_cut_is_not_opened() -> None:
    """Though all that it opens to is there: its checksum is not."""
    packed = codec.gzip_encode(batch(b"v", headers=[])[fetched.HEADER.size :])
    assert [b"v"] == values(opens_to(packed, GZIP))
    ((record,),) = batches(opens_to(packed[:-4], GZIP))
    assert UNOPENED == record.headers[0][0]


def test_no_more_of_a_stream_is_opened_than_a_reader_bears() -> None:
    packing = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    part = bytes(fetched.UNPACKED_BYTES_MAX // 4)
    packed = b"".join(packing.compress(part) for _ in range(16)) + packing.flush()
    raw = opens_to(packed, GZIP)
    tracemalloc.start()
    try:
        ((record,),) = batches(raw)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert UNOPENED == record.headers[0][0]
    assert peak < 3 * fetched.UNPACKED_BYTES_MAX


BOMB_BYTES = fetched.UNPACKED_BYTES_MAX + 1


@pytest.mark.parametrize(
    ("compression", "packed"),
    [
        (GZIP, lambda bomb: codec.gzip_encode(bomb, 1)),
        (SNAPPY, codec.snappy_encode),
        (SNAPPY, lambda bomb: bytes(cramjam.snappy.compress_raw(bomb))),
        (LZ4, codec.lz4_encode),
        (ZSTD, codec.zstd_encode),
        *((compression, lambda _: b"not compressed") for compression in CODECS[1:]),
        *((compression, lambda _: b"") for compression in CODECS[1:]),
        (SNAPPY, lambda _: b"\x82SNAPPY\0" + bytes(8) + b"\xff"),
        (7, lambda _: b"a codec that nobody knows"),
        (0, lambda _: b"\x01"),
    ],
)
def test_a_batch_that_cannot_be_opened_is_one_record(
    compression: int, packed: Callable[[bytes], bytes]
) -> None:
    """It stands at the batch's last offset, holds its beginning, and memory bears it."""
    raw = opens_to(packed(bytes(BOMB_BYTES)), compression)
    (one,) = batches(raw)
    (record,) = one
    assert [(UNOPENED, str(len(raw)).encode())] == record.headers
    assert raw[: fetched.UNOPENED_KEPT_BYTES] == record.value
    assert one.next_offset - 1 == record.offset


def test_what_is_broken_inside_a_batch_costs_nothing_that_stands_before_it() -> None:
    """The marker stands for the rest, at the batch's last offset."""
    raw = bytearray(batch(b"a", b"b", b"c", headers=[]))
    second = raw.index(b"b") - 1
    struct.pack_into("b", raw, second, 63)
    (one,) = batches(bytes(raw))
    first, rest = one
    assert (0, b"a") == (first.offset, first.value)
    assert (2, UNOPENED) == (rest.offset, rest.headers[0][0])


def test_a_name_that_is_not_utf8_costs_nothing_that_stands_before_it() -> None:
    """Records that the client's reader has read come once."""
    name = "caf\u00e9".encode()
    raw = bytearray(batch(b"a", b"b", b"c", headers=[("caf\u00e9", b"")]))
    at = raw.rindex(name)
    raw[at : at + len(name)] = b"caf\xff\xff"
    (one,) = batches(bytes(raw))
    assert [(0, "caf\u00e9"), (1, "caf\u00e9"), (2, "caf\ufffd\ufffd")] == [
        (row.offset, row.headers[0][0]) for row in one
    ]


NAMES = [("caf\u00e9", b"x")]
THREE = batch(b"a", b"b", b"c", headers=NAMES)
FIRST_RECORD_BYTES = (len(THREE) - fetched.HEADER.size) // 3


def with_a_bad_name(*changed: tuple[int, int]) -> bytes:
    """Three records, of which the first has a name that is not UTF-8, and bytes of the last two
    that a stranger changed, counted from where the second begins."""
    raw = bytearray(THREE.replace("caf\u00e9".encode(), b"caf\xff\xff", 1))
    for at, byte in changed:
        raw[fetched.HEADER.size + FIRST_RECORD_BYTES + at] = byte
    return bytes(raw)


def test_attributes_of_a_record_are_one_byte_whatever_stands_in_it() -> None:
    """No broker looks at them; read as a number they shift all that stands behind them."""
    (one,) = batches(with_a_bad_name((1, 0xFF)))
    assert [(0, b"a"), (1, b"b"), (2, b"c")] == [(row.offset, row.value) for row in one]


@pytest.mark.parametrize(
    "changed",
    [(0, 0x7E), (0, 0x01), (0, 0xFF), (4, 0x7E), (4, 0xFF), (8, 0x7E), (10, 0x7E), (10, 0x00)],
    ids=lambda pair: f"{pair[0]}-{pair[1]:02x}",
)
def test_lengths_that_do_not_fit_behind_a_bad_name_are_not_believed(
    changed: tuple[int, int],
) -> None:
    """What stands before them comes as it was, the rest as one record at the batch's end."""
    (one,) = batches(with_a_bad_name(changed))
    first, rest = one
    assert (0, b"a") == (first.offset, first.value)
    assert (2, UNOPENED) == (rest.offset, rest.headers[0][0])


@pytest.mark.parametrize("claimed", [4, 5, RECORDS_MAX])
def test_records_that_a_batch_does_not_hold_are_not_read_from_behind_it(claimed: int) -> None:
    """However many it claims: the memory behind it is not looked at."""
    raw = bytearray(with_a_bad_name())
    struct.pack_into(">i", raw, fetched.HEADER.size - 4, claimed)
    (one,) = batches(bytes(raw))
    assert [b"a", b"b", b"c"] == [row.value for row in one][:3]
    assert UNOPENED == list(one)[-1].headers[0][0]


def with_many_headers(count: int, name: bytes, compression: int) -> bytes:
    """A batch of an honest record, and one of so many headers, each a name alone."""
    honest = batch(b"honest", headers=[])[fetched.HEADER.size :]
    body = b"\0" * 2 + number(1) + number(-1) * 2 + number(count)
    body += (number(len(name)) + name + number(-1)) * count
    packed = pack(honest + number(len(body)) + body, compression)
    whole = bytearray(opens_to(packed, compression))
    struct.pack_into(">i", whole, LAST_OFFSET_AT, 1)
    struct.pack_into(">i", whole, fetched.HEADER.size - 4, 2)
    return bytes(whole)


def number(value: int) -> bytes:
    """As the format writes numbers, seven bits a byte."""
    left, found = (value << 1) ^ (value >> 63), bytearray()
    while left > 0x7F:
        found.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*found, left])


@pytest.mark.parametrize("name", [b"", b"a", b"\xff"])
@pytest.mark.parametrize("compression", CODECS)
def test_a_record_of_very_many_headers_is_not_opened(compression: int, name: bytes) -> None:
    """Few bytes open to gigabytes of them; what stands before it comes as it was."""
    fetched._scratch()  # Made by whoever needs it first, and kept.
    tracemalloc.start()
    (one,) = batches(with_many_headers(400_000, name, compression))
    tracemalloc.reset_peak()
    first, rest = one
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (0, b"honest") == (first.offset, first.value)
    assert (1, UNOPENED) == (rest.offset, rest.headers[0][0])
    assert peak < 20_000_000


def test_a_record_of_more_headers_than_are_allowed_is_told_as_one() -> None:
    """Where they are few enough to be opened."""
    (one,) = batches(with_many_headers(2_000, b"a", GZIP))
    _, second = one
    assert (1, 2_000) == (second.offset, len(second.headers))


def test_a_batch_of_very_many_records_is_not_in_memory_at_once() -> None:
    """Few bytes can hold millions; each record costs a hundred times as much once it is read."""
    raw = batch(*[None] * RECORDS_MAX, headers=[], key=None, compression=ZSTD)
    (one,) = batches(raw)
    fetched._scratch()
    tracemalloc.start()
    assert RECORDS_MAX == sum(1 for _ in one)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize("compression", [0, ZSTD])
def test_a_batch_of_too_many_records_is_one_record(compression: int) -> None:
    """Whoever came back to its end would have to pass over all of it; one at the bound is read."""
    many = batch(*[None] * (RECORDS_MAX + 1), headers=[], key=None, compression=compression)
    (one,) = batches(many)
    (record,) = one
    assert (RECORDS_MAX, UNOPENED) == (record.offset, record.headers[0][0])
    most = batch(*[None] * RECORDS_MAX, headers=[], key=None, compression=compression)
    assert RECORDS_MAX == len(taken(most))


def test_a_partition_has_its_turn_and_then_waits_for_the_others() -> None:
    """It ends with a batch, and is fetched again from where that ended."""
    size = RECORDS_IN_TURN // 2 + 1
    parts = [batch(*[b"v"] * size, headers=[], base=number * size) for number in range(3)]
    first, second = batches(b"".join(parts))
    assert 2 * size == second.next_offset
    assert [2 * size] == [rest.next_offset - size for rest in batches(parts[2])]


@pytest.mark.parametrize("what", ["the end of a transaction", "a batch that compaction emptied"])
def test_offsets_without_records_come_as_a_marker(what: str) -> None:
    """Otherwise the end of the log would never be reached."""
    raw = bytearray(batch(b"v", base=5))
    if what.startswith("a batch"):
        raw = raw[: fetched.HEADER.size]
        struct.pack_into(">i", raw, fetched.HEADER.size - 4, 0)
        struct.pack_into(">i", raw, fetched.LENGTH_AT, len(raw) - fetched.FRAME_BYTES)
    else:
        struct.pack_into(">h", raw, fetched.ATTRIBUTES_AT, fetched.CONTROL_BIT)
    (one,) = batches(bytes(raw))
    assert not one.is_control_batch
    assert [(5, None, None, CONTROL)] == [
        (row.offset, row.key, row.value, row.headers[0][0]) for row in one
    ]


def test_what_is_not_compressed_is_opened_by_the_client_itself() -> None:
    """The reader of our own is for what the client can't read; all else costs what it did."""
    (one,) = batches(batch(b"v"))
    assert DefaultRecordBatch.__module__ == type(next(iter(one))).__module__
