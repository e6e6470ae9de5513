"""The fourteen classes of records that are wrong in themselves, as bytes on a topic."""

import json
import random
from collections.abc import Callable

from shared.loop.log import Outgoing

Headers = list[tuple[str, bytes | None]]
Spoil = Callable[[Headers, bytes], tuple[Headers, bytes | None]]


def with_header(headers: Headers, name: str, value: bytes | None) -> Headers:
    return [(other, was) for other, was in headers if other != name] + [(name, value)]


def _without(headers: Headers, name: str) -> Headers:
    return [(other, was) for other, was in headers if other != name]


def _field(value: bytes, name: str, text: object) -> bytes:
    return json.dumps(json.loads(value) | {name: text}).encode()


CLASSES: dict[str, Spoil] = {
    "bad_json": lambda headers, value: (headers, value[:-7] + b"{{"),
    "wrong_type": lambda headers, value: (headers, _field(value, "record", [1, 2])),
    "attribute_missing": lambda headers, value: (_without(headers, "ce_time"), value),
    "null_header": lambda headers, value: (with_header(headers, "x-note", None), value),
    "header_not_utf8": lambda headers, value: (with_header(headers, "x-note", b"\xff\xfe"), value),
    "empty_value": lambda headers, value: (headers, b""),
    "tombstone": lambda headers, value: (headers, None),
    "too_large": lambda headers, value: (headers, _field(value, "pad", "x" * 2_000_000)),
    "unknown_type": lambda headers, value: (
        with_header(headers, "ce_type", b"leadops.x.y.v1"),
        value,
    ),
    "future_schema": lambda headers, value: (
        with_header(headers, "ce_type", b"leadops.intake.lead.submit.v9"),
        value,
    ),
    "body_not_utf8": lambda headers, value: (headers, value[:-2] + b'\xff"}'),
    "bad_number": lambda headers, value: (
        headers,
        value.replace(b'"record": {', b'"record": NaN, "x": {'),
    ),
    "bad_code": lambda headers, value: (headers, _field(value, "lead_code", " a\nb ")),
    "deep_nesting": lambda headers, value: (
        headers,
        value.replace(b'"record": {', b'"record": {"d": ' + b"[" * 900 + b"]" * 900 + b", "),
    ),
}
INVALID = {"wrong_type", "bad_number", "bad_code"}
"""Of a known type, with a JSON object that is not as the type asks for: refused with all that is
wrong."""
ANSWERED = {"unknown_type", "future_schema", *INVALID}
"""These are commands: they are refused, not dead-lettered."""


def spoiled(name: str, record: Outgoing) -> Outgoing:
    headers, value = CLASSES[name](list(record.headers), record.value or b"{}")
    return Outgoing(record.topic, record.partition, record.key, value, headers)


def any_class(random: random.Random) -> str:
    return random.choice(list(CLASSES))
