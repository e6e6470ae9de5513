"""CloudEvents 1.0 on Kafka: binary mode is written, binary and structured are read.

Reading is total: whatever bytes come, the answer is an `Envelope` or a `Poison` with a closed code
and a text that quotes none of the record's content.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json

from shared.contracts.event import Event
from shared.errors import Poison

Headers = Sequence[tuple[str, bytes | None]]

VALUE_BYTES_MAX = 1_048_576
E = TypeVar("E", bound=Event)

REQUIRED = ("specversion", "id", "source", "type", "time")
TENANT_DEFAULT = "main"


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
    traceparent: str | None = None
    stream: str | None = None
    number: int = 0


def read(headers: Headers, value: bytes | None) -> Envelope:
    """The envelope of a record; raises `Poison` for what can't be one."""
    if value is None or not value:
        raise Poison("empty_value", "the record has no value")
    if len(value) > VALUE_BYTES_MAX:
        raise Poison(
            "too_large", f"the value has {len(value)} bytes, {VALUE_BYTES_MAX} are allowed"
        )
    texts = _texts(headers)
    if texts.get("content-type", "").startswith("application/cloudevents"):
        return _structured(value, texts)
    return _envelope(
        {name[3:]: text for name, text in texts.items() if name[:3] == "ce_"}, value, texts
    )


def _texts(headers: Headers) -> dict[str, str]:
    try:
        return {name: value.decode() for name, value in headers}  # type: ignore[union-attr]
    except AttributeError:
        raise Poison("null_header", "a header has no value") from None
    except UnicodeDecodeError:
        raise Poison("header_not_utf8", "a header is not UTF-8") from None


def _structured(value: bytes, texts: dict[str, str]) -> Envelope:
    try:
        document = from_json(value)
    except (ValueError, RecursionError):
        raise Poison("not_json", "the structured event is not JSON") from None
    if not isinstance(document, dict):
        raise Poison("not_json", "the structured event is not a JSON object")
    data = to_json(document.pop("data", None))
    attributes = {name: str(text) for name, text in document.items() if text is not None}
    return _envelope(attributes, data, {**attributes, **texts})


def _envelope(attributes: dict[str, str], data: bytes, texts: dict[str, str]) -> Envelope:
    missing = [name for name in REQUIRED if not attributes.get(name)]
    if missing:
        raise Poison("attribute_missing", f"missing: {', '.join(missing)}")
    if attributes["specversion"] != "1.0":
        raise Poison("specversion_unknown", "only CloudEvents 1.0 is read")
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
        traceparent=texts.get("traceparent"),
        stream=attributes.get("stream"),
        number=_number(attributes.get("number", "0")),
    )


def instant(text: str) -> datetime:
    """An RFC 3339 time as UTC, to the millisecond that the store keeps."""
    try:
        parsed = datetime.fromisoformat(text)
        if parsed.tzinfo is None:
            raise ValueError("no offset")
        moment = parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Poison("time_invalid", "ce_time is not an RFC 3339 time with an offset") from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Poison("number_invalid", "ce_number is not a number")
    return int(text)


def parse(kind: type[E], data: bytes) -> E:
    """The typed event of some data; raises `Poison` naming the fields, never their values."""
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        raise Poison("invalid", _places(kind, error)) from None


def _places(kind: type[BaseModel], error: ValidationError) -> str:
    """Where it is wrong. Of a mapping the keys are the sender's own, and are not quoted."""
    rows: list[Any] = error.errors(include_input=False, include_url=False, include_context=False)
    known = _names(kind)
    places = (
        (".".join(str(part) if part in known else "*" for part in row["loc"]), row["type"])
        for row in rows[:5]
    )
    return "; ".join(f"{place or 'data'}: {wrong}" for place, wrong in places)


@cache
def _names(kind: type[BaseModel]) -> frozenset[str | int]:
    """All field names of a type and of its parts, and small indexes."""
    schema = kind.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    names = {name for part in parts for name in part.get("properties", {})}
    return frozenset(names) | frozenset(range(1000))


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
        ("traceparent", envelope.traceparent),
    )
    return SAME_FOR_ALL + [(name, text.encode()) for name, text in texts if text]
