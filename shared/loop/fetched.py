"""Opens what the broker hands over, also what its client can't open, so that no record stops a
partition.

The client decodes header names strictly, opens a compressed batch whatever it opens to, and passes
over batches without records. Each of these is a partition that stands still: an error that is
raised for ever, a process without memory, a position that never reaches the end of the log. Here
every offset range comes to something: records, a record whose header name is marked as unreadable,
or one marker in the place of what can't be, or need not be, opened.
"""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import cramjam
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.util import decode_varint

from shared.loop.log import CONTROL, UNOPENED

HEADER = struct.Struct(">qiibIhiqqqhii")
"""Of a batch in Kafka's format 2, from its base offset to the count of its records."""
LENGTH_AT, FRAME_BYTES, ATTRIBUTES_AT = 8, 12, 21
CODEC, CONTROL_BIT = 0x07, 0x20

UNPACKED_BYTES_MAX = 64 * 1024 * 1024
"""What a compressed batch may open to. Few bytes can open to gigabytes; no topic takes a batch of
more than 4 MiB, and what our clients write opens to the like."""
RECORDS_MAX = 32_768
"""Of one batch. What is nearly empty compresses to nothing: 4 MiB held five million records, and a
reader that comes back to the last of them passes over all others, half a minute in one go."""
HEADERS_MAX = 1_000
"""Of one record; far more than any may have that is read. What is nearly empty compresses to
nothing: 64 KiB held a record of twenty million headers, some gigabytes and a minute of work."""
LOOKED_THROUGH_BYTES = 262_144
"""Batches from this size on are looked through for such records. Our own have half of it at most,
and what is smaller holds too few headers to matter."""
NUMBER_BYTES_MAX = 10
"""Of a number of 64 bits, seven of which stand in a byte."""
RECORDS_IN_TURN = 8_192
"""Of one partition, or its last batch whole; then it is fetched anew, behind all others. The client
hands over one partition's part of a fetch to its end before it looks at the next."""
UNOPENED_KEPT_BYTES = 65_536


def install() -> None:
    """Every consumer of this process opens its batches here."""
    fetcher.MemoryRecords = FetchedRecords


class WireRecord(NamedTuple):
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    timestamp_type: int = 1
    checksum: int | None = None


class FetchedRecords:
    """One partition's part of a fetch: batches, the last of which may be cut off."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = 0
        self._records = 0

    def size_in_bytes(self) -> int:
        return len(self._data)

    def has_next(self) -> bool:
        return self._records < RECORDS_IN_TURN and self._end() <= len(self._data)

    def next_batch(self) -> "Batch":
        start, self._at = self._at, self._end()
        batch = Batch(self._data[start : self._at])
        self._records += batch.count
        return batch

    def _end(self) -> int:
        if self._at + HEADER.size > len(self._data):
            return len(self._data) + 1
        (length,) = struct.unpack_from(">i", self._data, self._at + LENGTH_AT)
        return self._at + FRAME_BYTES + int(length)


class Batch:
    """One batch as the fetcher wants it. That it is a control batch is not told: the fetcher would
    pass over it, and its offset would be one that never comes."""

    is_control_batch = False

    def __init__(self, raw: memoryview) -> None:
        self._raw = raw
        head = HEADER.unpack_from(raw)
        self._base, self._attributes, self._timestamp, self.count = (
            head[0],
            head[5],
            head[8],
            head[12],
        )
        self.next_offset = self._base + head[6] + 1

    def validate_crc(self) -> bool:
        return bool(DefaultRecordBatch(self._raw).validate_crc())

    def __iter__(self) -> Iterator[Any]:
        if self._attributes & CONTROL_BIT or not self.count:
            return iter([self._marker(CONTROL, None)])
        return self._records()

    def _records(self) -> Iterator[Any]:
        """One by one, never as a list: a batch of 4 MiB can hold millions of records."""
        try:
            yield from self._decode(self._plain())
        except (CorruptRecordException, NotOpened):
            yield self._marker(UNOPENED, bytes(self._raw[:UNOPENED_KEPT_BYTES]))

    def _decode(self, plain: bytes | memoryview) -> Iterator[Any]:
        """As the client's reader has them, until it can't decode a name, up to a record that it
        must not see."""
        until = self._readable(plain)
        read = 0
        try:
            for record in islice(DefaultRecordBatch(plain), until):
                read += 1
                yield record
        except UnicodeDecodeError:
            yield from islice(self._tolerantly(plain), read, until)
        if until is not None:
            raise NotOpened

    def _readable(self, plain: bytes | memoryview) -> int | None:
        """How many records stand before the first that has too many headers, if one has."""
        if len(plain) <= LOOKED_THROUGH_BYTES:
            return None
        reading = Reading(plain, HEADER.size)
        for number in range(self.count):
            try:
                if reading.count_of_headers() > HEADERS_MAX:
                    return number
            except NotOpened:
                return number
        return None

    def _plain(self) -> bytes | memoryview:
        """The batch as it would be without compression."""
        if self.count > RECORDS_MAX:
            raise NotOpened
        codec = self._attributes & CODEC
        if not codec:
            return self._raw
        head, packed = bytearray(self._raw[: HEADER.size]), self._raw[HEADER.size :]
        struct.pack_into(">h", head, ATTRIBUTES_AT, self._attributes & ~CODEC)
        return bytes(head) + decompress(codec, bytes(packed))

    def _tolerantly(self, plain: bytes | memoryview) -> Iterator[WireRecord]:
        reading = Reading(plain, HEADER.size)
        for _ in range(self.count):
            yield reading.record(self._base, self._timestamp)

    def _marker(self, name: str, value: bytes | None) -> WireRecord:
        """Stands for all offsets of the batch: it has the last of them."""
        size = str(len(self._raw)).encode()
        return WireRecord(self.next_offset - 1, self._timestamp, None, value, [(name, size)])


class Reading:
    """Reads records one after the other, as Kafka's format 2 has them. No broker looks at all that
    a record says of its own lengths, so none is believed: `NotOpened` where they don't fit."""

    def __init__(self, data: bytes | memoryview, at: int) -> None:
        self._end = len(data)
        self._data = bytearray(data)
        # The client's reader of numbers looks for no end, and would read on behind the memory.
        self._data += bytes(NUMBER_BYTES_MAX)
        self._at = at

    def record(self, base: int, timestamp: int) -> WireRecord:
        length = self._number()
        end = self._at + length
        self._move(1)
        self._number()
        offset = base + self._number()
        key, value = self._part(), self._part()
        headers = [(self._name(), self._part()) for _ in range(self._number())]
        if self._at != end:
            raise NotOpened
        return WireRecord(offset, timestamp, key, value, headers)

    def count_of_headers(self) -> int:
        """Of the next record, which is passed over. Attributes that the client's reader would take
        for a longer number would show it another record than this."""
        length = self._number()
        end = self._at + length
        if self._data[self._move(1)] & 0x80:
            raise NotOpened
        for _ in ("timestamp", "offset"):
            self._number()
        for _ in ("key", "value"):
            self._move(max(0, self._number()))
        count = self._number()
        self._move(end - self._at)
        return count

    def _number(self) -> int:
        try:
            number, at = decode_varint(self._data, self._at)
        except ValueError as error:
            raise NotOpened from error
        self._move(at - self._at)
        return int(number)

    def _move(self, length: int) -> int:
        """Goes over so many bytes; where they begin."""
        start, self._at = self._at, self._at + length
        if not start <= self._at <= self._end:
            raise NotOpened
        return start

    def _part(self) -> bytes | None:
        length = self._number()
        if length < 0:
            return None
        start = self._move(length)
        return bytes(self._data[start : self._at])

    def _name(self) -> str:
        return (self._part() or b"").decode(errors="replace")


class NotOpened(Exception):
    """A batch is broken, or opens to more bytes or records than a reader should bear."""


def decompress(codec: int, packed: bytes) -> bytes:
    try:
        return CODECS[codec](packed)
    except (KeyError, ValueError, zlib.error, struct.error, cramjam.DecompressionError) as error:
        raise NotOpened from error


def _gzip(packed: bytes) -> bytes:
    opening = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    opened = opening.decompress(packed, UNPACKED_BYTES_MAX)
    if not opening.eof:
        raise NotOpened
    return opened


def _snappy(packed: bytes) -> bytes:
    """Blocks with their lengths, behind a header of sixteen bytes, as Java clients write them; or
    one block without one."""
    if packed[:8] != b"\x82SNAPPY\0":
        return _snappy_block(packed, UNPACKED_BYTES_MAX)
    opened, at = bytearray(), 16
    while at < len(packed):
        (length,) = struct.unpack_from(">i", packed, at)
        at += 4
        opened += _snappy_block(packed[at : at + length], UNPACKED_BYTES_MAX - len(opened))
        at += length
    return bytes(opened)


def _snappy_block(block: bytes, bytes_max: int) -> bytes:
    if cramjam.snappy.decompress_raw_len(block) > bytes_max:
        raise NotOpened
    return bytes(cramjam.snappy.decompress_raw(block))


@cache
def _scratch() -> bytearray:
    """Made when it is first needed. The decoders fail when it is full, and only then."""
    return bytearray(UNPACKED_BYTES_MAX)


def _into_scratch(decompress: Callable[[bytes, bytearray], int]) -> Callable[[bytes], bytes]:
    return lambda packed: bytes(memoryview(_scratch())[: decompress(packed, _scratch())])


CODECS: dict[int, Callable[[bytes], bytes]] = {
    1: _gzip,
    2: _snappy,
    3: _into_scratch(cramjam.lz4.decompress_into),
    4: _into_scratch(cramjam.zstd.decompress_into),
}
