"""How large a record may be: the bounds that writers are told, and that the loop holds them to.

They fit into each other: a record within them is always smaller than what broker, producer and
store take, also once it is published again, answered, or kept as a document.
"""

from collections.abc import Sequence

VALUE_BYTES_MAX = 1_048_576
KEY_BYTES_MAX = 4_096
"""Three ids of 200 characters and their colons, in any script."""
ATTRIBUTE_BYTES_MAX = 1_024
"""Of each `ce_` attribute and of `traceparent`."""
HEADERS_BYTES_MAX = 32_768
"""All header names and values together, also those that nobody here reads."""
HEADERS_MAX = 100

RECORD_BYTES_MAX = 4_194_304
"""What topics take, as `max.message.bytes`. A record within the bounds above has about a quarter;
the rest is room for clients that put several into one batch, and for what is only dead-lettered."""

KEPT_BYTES_MAX = 65_536
"""Of a value over its bound, and of headers, so much is kept when a record is dead-lettered: more
than any headers may have that are read."""

BATCH_BYTES_MAX = 8_388_608
"""What one step takes of the records that came; it takes at least one."""


def record_bytes(
    key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
) -> int:
    """The size of a record, but for a few bytes that the format adds to each part."""
    size = len(key or b"") + len(value or b"")
    for name, text in headers:
        size += len(name) + len(text or b"")
    return size
