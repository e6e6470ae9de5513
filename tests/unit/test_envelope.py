"""What a record's headers may hold, to the byte."""

from datetime import UTC, datetime

import pytest

from shared.contracts import bounds, envelope
from shared.contracts.envelope import Envelope
from shared.errors import Poison

HEADERS = envelope.write(
    Envelope(
        id="c1",
        source="test",
        type="leadops.routing.campaign.put.v1",
        time=datetime(2026, 3, 2, tzinfo=UTC),
        data=b"",
    )
)


def filled(bytes_too_many: int) -> list[tuple[str, bytes]]:
    size = sum(len(name) + len(value) for name, value in HEADERS)
    left = bounds.HEADERS_BYTES_MAX - size - len("x")
    return [*HEADERS, ("x", b"a" * (left + bytes_too_many))]


def test_headers_of_just_the_allowed_size_are_read() -> None:
    assert "c1" == envelope.read(filled(0), b"{}").id


def test_headers_of_one_byte_more_are_not() -> None:
    with pytest.raises(Poison) as poison:
        envelope.read(filled(1), b"{}")
    assert "headers_too_large" == poison.value.code


def test_of_several_traces_the_last_counts() -> None:
    """Whoever traces adds his span behind the one that was there."""
    first, last = (f"00-{digit * 32}-{digit * 16}-01" for digit in "ab")
    traces = [
        *(("traceparent", first.encode()), ("tracestate", b"upstream=1")),
        *(("traceparent", last.encode()), ("tracestate", b"forms=2")),
    ]
    assert f"{last} forms=2" == envelope.read([*HEADERS, *traces], b"{}").trace
