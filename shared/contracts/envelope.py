"""CloudEvents 1.0 on Kafka: binary mode is written, binary and structured are read.

Reading is total: whatever bytes come, the answer is an `Envelope` or a `Poison` with a closed code
and a text that quotes none of the record's content.
"""

import json
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json, to_json

from shared.contracts import trace_context
from shared.contracts.bounds import (
    ATTRIBUTE_BYTES_MAX,
    HEADERS_BYTES_MAX,
    HEADERS_MAX,
    KEY_BYTES_MAX,
    VALUE_BYTES_MAX,
)
from shared.contracts.values import CONTROL
from shared.errors import Poison
from shared.wording import quantity

Headers = Sequence[tuple[str, bytes | None]]

REQUIRED = ("specversion", "id", "source", "type", "time")
TENANT_DEFAULT = "main"
UNREADABLE = "\ufffd"
"""Stands in a header name for what is not UTF-8; see `shared.loop.fetched`."""
A_CONTROL = re.compile(f"[{CONTROL}]")
RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing lies before it: an earlier year is a clock that was never set."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message's attributes and its still unparsed data."""

    id: str
    source: str
    type: str
    time: datetime
    data: bytes
    subject: str | None = None
    tenant: str = TENANT_DEFAULT
    actor: str = ""
    role: str = ""
    trace: str | None = None
    """Its trace context (`trace_context`): the headers `traceparent` and `tracestate`."""
    stream: str | None = None
    number: int = 0
    mac: str = ""
    """Proves that a service of this system gave the number (`shared.loop.seal`)."""


def read(headers: Headers, value: bytes | None) -> Envelope:
    """The envelope of a record; raises `Poison` for what can't be one."""
    check_size(value or b"")
    assert value is not None
    texts = _texts(headers)
    if texts.get("content-type", "").lower().startswith("application/cloudevents"):
        return _read_structured(value, texts)
    return _envelope(
        {name[3:]: text for name, text in texts.items() if name[:3] == "ce_"}, value, texts
    )


def check_size(value: bytes) -> None:
    """Raises `Poison` for what no record may be."""
    if not value:
        raise Poison("empty_value", "the record has no value")
    if len(value) > VALUE_BYTES_MAX:
        raise Poison(
            "too_large", f"the value has {len(value)} bytes, {VALUE_BYTES_MAX} are allowed"
        )


def key_text(key: bytes | None) -> str:
    """A record's key as text; raises `Poison` for one that names no entity."""
    if key is None:
        return ""
    if len(key) > KEY_BYTES_MAX:
        raise Poison("key_too_large", f"the key has {len(key)} bytes, {KEY_BYTES_MAX} are allowed")
    try:
        return key.decode()
    except UnicodeDecodeError:
        raise Poison("key_not_utf8", "the key is not UTF-8") from None


def _texts(headers: Headers) -> dict[str, str]:
    size = sum([len(name) + len(value or b"") for name, value in headers])
    if len(headers) > HEADERS_MAX or size > HEADERS_BYTES_MAX:
        raise Poison(
            "headers_too_large",
            f"{quantity(len(headers), 'header')} of {size} bytes, "
            f"{HEADERS_MAX} of {HEADERS_BYTES_MAX} bytes are allowed",
        )
    try:
        texts = {name: value.decode() for name, value in headers}  # type: ignore[union-attr]
    except AttributeError:
        raise Poison("null_header", "a header has no value") from None
    except UnicodeDecodeError:
        raise Poison("header_not_utf8", "a header is not UTF-8") from None
    if any(UNREADABLE in name for name in texts):
        raise Poison("header_not_utf8", "the name of a header is not UTF-8")
    if len(texts) != len(headers):
        _refuse_repeated([name for name, _ in headers])
    return texts


def _refuse_repeated(names: list[str]) -> None:
    """Of two values of an attribute nobody can know which is meant. Of other headers that repeat
    the last counts: who passes on a trace may add his own behind another's, and no command fails
    for that."""
    for name in {name for name in names if names.count(name) > 1}:
        if name.startswith("ce_") or name == "content-type":
            raise Poison("header_repeated", "an attribute stands in two headers")


def _read_structured(value: bytes, texts: dict[str, str]) -> Envelope:
    try:
        document = from_json(value)
        names = json.loads(value, object_pairs_hook=lambda pairs: [name for name, _ in pairs])
    except (ValueError, RecursionError):
        raise Poison("not_json", "the structured event is not JSON") from None
    if not isinstance(document, dict):
        raise Poison("not_json", "the structured event is not a JSON object")
    if len(names) != len(document):
        raise Poison("header_repeated", "an attribute stands twice in the structured event")
    data = _data(document)
    check_size(data)
    attributes = {name: _attribute(text) for name, text in document.items() if text is not None}
    return _envelope(attributes, data, {**attributes, **texts})


def _data(document: dict[str, Any]) -> bytes:
    """The data of a structured event, which is JSON or bytes in base64."""
    coded = document.pop("data_base64", None)
    if coded is None:
        return to_json(document.pop("data", None))
    if document.pop("data", None) is not None or not isinstance(coded, str):
        raise Poison("data_invalid", "an event has data or data_base64, which is text")
    try:
        return b64decode(coded, validate=True)
    except ValueError:
        raise Poison("data_invalid", "data_base64 is not base64") from None


def _attribute(text: object) -> str:
    if not isinstance(text, str | int):
        raise Poison("attribute_invalid", "an attribute is neither a text nor a whole number")
    return str(text)


def _envelope(attributes: dict[str, str], data: bytes, texts: Mapping[str, str]) -> Envelope:
    missing = [name for name in REQUIRED if not attributes.get(name)]
    if missing:
        raise Poison("attribute_missing", f"missing: {', '.join(missing)}")
    if attributes["specversion"] != "1.0":
        raise Poison("specversion_unknown", "only CloudEvents 1.0 is read")
    check_attributes(attributes)
    return Envelope(
        id=attributes["id"],
        source=attributes["source"],
        type=attributes["type"],
        time=instant(attributes["time"]),
        data=data,
        subject=attributes.get("subject"),
        tenant=attributes.get("tenant") or TENANT_DEFAULT,
        actor=attributes.get("actor", ""),
        role=attributes.get("role", ""),
        trace=trace_context.join(texts.get("traceparent"), texts.get("tracestate")),
        stream=attributes.get("stream"),
        number=_number(attributes.get("number", "0")),
        mac=attributes.get("mac", ""),
    )


def check_attributes(attributes: Mapping[str, str]) -> None:
    """Attributes go into answers, documents' keys and spans: none is larger than those bear."""
    for text in attributes.values():
        # Four bytes are the most that a character has; mostly the shorter test decides.
        if 4 * len(text) > ATTRIBUTE_BYTES_MAX and len(text.encode()) > ATTRIBUTE_BYTES_MAX:
            raise Poison(
                "attribute_too_large", f"an attribute has over {ATTRIBUTE_BYTES_MAX} bytes"
            )
    if A_CONTROL.search("".join(attributes.values())):
        raise Poison("attribute_invalid", "an attribute holds a control character")


def instant(text: str) -> datetime:
    """An RFC 3339 time as UTC, to the millisecond that the store keeps."""
    try:
        date, time, fraction, offset = RFC_3339.fullmatch(text).groups()  # type: ignore[union-attr]
        second = f"{date}T{time}.{(fraction or '0')[:3]:0<3}"
        moment = datetime.fromisoformat(second + offset.upper()).astimezone(UTC)
    except (AttributeError, ValueError, OverflowError):
        raise Poison("time_invalid", "ce_time is not an RFC 3339 time with an offset") from None
    if moment < BEGINNING:
        raise Poison("time_invalid", "ce_time lies before the year 2000")
    return moment


def _number(text: str) -> int:
    """Where numbers count, they are sealed: what is none here was not written by a service."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


SAME_FOR_ALL = [("ce_specversion", b"1.0"), ("content-type", b"application/json")]


def write(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The Kafka headers of a binary-mode event."""
    texts = (
        ("ce_id", envelope.id),
        ("ce_source", envelope.source),
        ("ce_type", envelope.type),
        ("ce_time", envelope.time.isoformat(timespec="milliseconds")),
        ("ce_subject", envelope.subject),
        ("ce_tenant", envelope.tenant),
        ("ce_actor", envelope.actor),
        ("ce_role", envelope.role),
        ("ce_stream", envelope.stream),
        ("ce_number", str(envelope.number) if envelope.stream else None),
        ("ce_mac", envelope.mac),
        *trace_context.headers(envelope.trace).items(),
    )
    return SAME_FOR_ALL + [(name, text.encode()) for name, text in texts if text]
