"""What is kept of a record that is dead-lettered: all of it, or a part of what is too large.

A part that was cut keeps its size and its hash, and the record can be decided again only if what
is missing is brought anew. Only a value can.
"""

import hashlib
from typing import Any

from shared.contracts.bounds import KEPT_BYTES_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX
from shared.loop.log import RawRecord, Record
from shared.store import Document


def document_of(record: Record) -> Document:
    headers = _kept_headers(record)
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": record.key and record.key[:KEY_BYTES_MAX],
        "value": _kept_value(record.value),
        "headers": headers,
        "cut": _cut_parts(record, headers),
    }


def _kept_value(value: bytes | None) -> bytes | None:
    """As it was, or the first part of what is too large for a document."""
    return value if value is None or len(value) <= VALUE_BYTES_MAX else value[:KEPT_BYTES_MAX]


def _kept_headers(record: Record) -> list[list[Any]]:
    """As many as may be read at all; of what is beyond, the first part."""
    kept: list[list[Any]] = []
    left = KEPT_BYTES_MAX
    for name, value in record.headers:
        if left <= 0:
            break
        name = name[:left].encode(errors="replace").decode()
        value = value if value is None else value[:left]
        kept.append([name, value])
        left -= len(name) + len(value or b"") + 1
    return kept


def _cut_parts(record: Record, headers: list[list[Any]]) -> Document:
    """The size and the hash of each part that was not kept whole."""
    cut = {}
    if len(record.key or b"") > KEY_BYTES_MAX:
        cut["key"] = _digest(record.key)
    if len(record.value or b"") > VALUE_BYTES_MAX:
        cut["value"] = _digest(record.value)
    if [tuple(header) for header in headers] != [tuple(header) for header in record.headers]:
        cut["headers"] = _digest(
            *(
                part
                for name, value in record.headers
                for part in (name.encode(errors="replace"), value)
            )
        )
    return cut


def _digest(*parts: bytes | None) -> Document:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part or b"")
    return {"bytes": sum(len(part or b"") for part in parts), "sha256": digest.hexdigest()}


def is_whole(kept: Document | None, value: str | None) -> bool:
    """Whether it can be decided again: all of it was kept, or a value is given for the one cut."""
    cut = set((kept or {}).get("cut", ()))
    return not (cut - {"value"} if value is not None else cut)


def record_of(kept: Document, value: str | None = None) -> RawRecord:
    return RawRecord(
        kept["topic"],
        kept["partition"],
        kept["offset"],
        kept["key"],
        kept["value"] if value is None else value.encode(),
        [(name, header) for name, header in kept["headers"]],
    )
