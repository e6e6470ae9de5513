"""What a record's headers may hold, to the byte, and what a structured event is read as."""

import base64
import json
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


def structured(time: str = "2026-03-02T09:15:00Z", **data: object) -> Envelope:
    event = {"specversion": "1.0", "id": "c1", "source": "test", "type": "t", "time": time, **data}
    headers = [("content-type", b"application/cloudevents+json")]
    return envelope.read(headers, json.dumps(event).encode())


@pytest.mark.case("lead-files", "C-b64", kind="K32")
def test_data_that_came_as_bytes_is_what_it_was() -> None:
    """In base64, as SDKs write it."""
    data = b'{"id": "north"}'
    assert data == structured(data_base64=base64.b64encode(data).decode()).data
    assert json.loads(data) == json.loads(structured(data={"id": "north"}).data)


@pytest.mark.case("lead-files", "P19")
@pytest.mark.parametrize(
    ("time", "microsecond"),
    [
        ("2026-03-02T09:15:00.123456789Z", 123000),
        ("2026-03-02t09:15:00z", 0),
        ("2026-03-02T11:15:00.5+02:00", 500000),
    ],
)
def test_a_time_is_read_as_the_standard_has_it(time: str, microsecond: int) -> None:
    """RFC 3339: any number of digits, of which three count; t and z in lower case; any offset."""
    assert datetime(2026, 3, 2, 9, 15, 0, microsecond, UTC) == structured(time).time
