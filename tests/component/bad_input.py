"""Every class of bad input, with what becomes of it: one table, for single records and for any two
of them in one."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from shared.loop.log import CONTROL, UNOPENED, Outgoing
from tests.simulation.poison import CLASSES, spoiled, with_header

Spoil = Callable[[Outgoing], Outgoing]
ANSWERED = "answered"
"""It is an envelope, so it gets an answer; whether yes or no is the command's own matter."""
REFUSED = "refused as invalid"
"""A command whose data is a JSON object: what is wrong is told, and no record is kept."""
NOTHING = "ignored"


def header(name: str, text: bytes | None) -> Spoil:
    return lambda one: replace(one, headers=with_header(list(one.headers), name, text))


def more(name: str, text: bytes | None, times: int = 1) -> Spoil:
    return lambda one: replace(one, headers=[*one.headers, *[(name, text)] * times])


def without(name: str) -> Spoil:
    return lambda one: replace(one, headers=[row for row in one.headers if row[0] != name])


def value(raw: bytes) -> Spoil:
    return lambda one: replace(one, value=raw)


def field(name: str, part: Any) -> Spoil:
    def spoil(one: Outgoing) -> Outgoing:
        try:
            whole = json.loads(one.value or b"")
        except (ValueError, RecursionError):
            return one
        if not isinstance(whole, dict):
            return one
        return replace(one, value=json.dumps(whole | {name: part}).encode())

    return spoil


def structured(**changed: Any) -> Spoil:
    """The event as one JSON document; an attribute that is None is left out."""
    usual = {
        "specversion": "1.0",
        "id": "structured",
        "source": "test",
        "type": "leadops.intake.lead.submit.v1",
        "time": "2026-03-01T09:15:00Z",
        "role": "operator",
        "data": {},
    }
    whole = {name: part for name, part in (usual | changed).items() if part is not None}
    content = ("content-type", b"application/cloudevents+json")
    return lambda one: replace(one, value=json.dumps(whole).encode(), headers=[content])


def known(name: str) -> Spoil:
    def spoil(one: Outgoing) -> Outgoing:
        try:
            return spoiled(name, one)
        except (ValueError, TypeError):  # What another class has made of it has no fields.
            return one

    return spoil


MANY_FIELDS = json.dumps(dict.fromkeys(map(str, range(9_000)))).encode()

TABLE: dict[str, tuple[Spoil, str]] = {
    **{name: (known(name), code) for name, code in zip(CLASSES, (
        "not_json", REFUSED, "attribute_missing", "null_header", "header_not_utf8", "empty_value",
        "empty_value", "too_large", ANSWERED, ANSWERED, "not_json", REFUSED, REFUSED, "not_json",
    ), strict=True)},
    "no headers": (lambda one: replace(one, headers=[]), "attribute_missing"),
    "no id": (without("ce_id"), "attribute_missing"),
    "empty id": (header("ce_id", b""), "attribute_missing"),
    "no source": (without("ce_source"), "attribute_missing"),
    "no type": (without("ce_type"), "attribute_missing"),
    "no version": (without("ce_specversion"), "attribute_missing"),
    "another version": (header("ce_specversion", b"0.3"), "specversion_unknown"),
    "time in words": (header("ce_time", b"yesterday"), "time_invalid"),
    "time without an offset": (header("ce_time", b"2026-03-02T09:15:00"), "time_invalid"),
    "time of a week": (header("ce_time", b"2026-W10-1T09:15:00Z"), "time_invalid"),
    "year 1": (header("ce_time", b"0001-01-01T00:00:00Z"), "time_invalid"),
    "year 1999": (header("ce_time", b"1999-12-31T23:59:59Z"), "time_invalid"),
    "year 9999": (header("ce_time", b"9999-12-31T23:59:59-23:59"), "time_invalid"),
    "tomorrow": (header("ce_time", b"2099-01-01T00:00:00Z"), ANSWERED),
    "no role": (without("ce_role"), ANSWERED),
    "unknown role": (header("ce_role", b"root"), ANSWERED),
    "repeated id": (more("ce_id", b"another"), "header_repeated"),
    "repeated content type": (more("content-type", b"text/plain"), "header_repeated"),
    "control characters": (header("ce_id", b"a\x00b"), "attribute_invalid"),
    "long attribute": (header("ce_source", b"s" * 1_025), "attribute_too_large"),
    "huge attribute": (header("ce_id", b"\x01" * 700_000), "headers_too_large"),
    "many headers": (more("x", b"x", 101), "headers_too_large"),
    "header name not UTF-8": (more("x\ufffd", b"x"), "header_not_utf8"),
    "forged number": (more("ce_number", b"7"), ANSWERED),
    "forged stream": (more("ce_stream", b"intake/1"), ANSWERED),
    "broken trace": (header("traceparent", b"00-xyz"), ANSWERED),
    "three traces": (more("traceparent", b"00-xyz", 2), ANSWERED),
    "no JSON": (value(b"hello"), "not_json"),
    "a list": (value(b"[1]"), "not_json"),
    "a number": (value(b"7"), "not_json"),
    "null": (value(b"null"), "not_json"),
    "two objects": (value(b"{} {}"), "not_json"),
    "lone surrogate": (value(b'{"affiliate": "\\ud800"}'), "not_json"),
    "deeper than any parser": (value(b"[" * 100_000), "not_json"),
    "number of more digits than are read": (value(b'{"a": %s}' % (b"9" * 9_000)), "not_json"),
    "no fields": (value(b"{}"), REFUSED),
    "field of null": (field("reference", None), REFUSED),
    "id too long": (field("reference", "r" * 201), REFUSED),
    "thousands of fields": (value(MANY_FIELDS), REFUSED),
    "number of many digits": (field("delivery", int("9" * 400)), REFUSED),
    "NUL in a value": (field("reference", "a\x00b"), REFUSED),
    "field that nobody knows": (field("colour", {"a": [1]}), ANSWERED),
    "type of an event": (header("ce_type", b"leadops.routing.lead.sent.v1"), ANSWERED),
    "NUL in a name": (field("record", {"\x00": 1}), ANSWERED),
    "operators of the store": (field("record", {"$where": {"a.b": "$gt"}}), ANSWERED),
    "key not UTF-8": (lambda one: replace(one, key=b"\xff\xfe"), "key_not_utf8"),
    "key too large": (lambda one: replace(one, key=b"k" * 4_097), "key_too_large"),
    "no key": (lambda one: replace(one, key=None), ANSWERED),
    "end of a transaction": (
        lambda one: replace(one, key=None, value=None, headers=[(CONTROL, b"1")]),
        NOTHING,
    ),
    "batch not opened": (
        lambda one: replace(one, key=None, value=b"z", headers=[(UNOPENED, b"1")]),
        "batch_not_opened",
    ),
    "structured": (structured(), REFUSED),
    "structured, no data": (structured(data=None), "not_json"),
    "structured, no id": (structured(id=None), "attribute_missing"),
    "structured, attribute an object": (structured(subject={}), "attribute_invalid"),
    "structured, data as bytes": (structured(data=None, data_base64="e30="), REFUSED),
    "structured, no base64": (structured(data=None, data_base64="e"), "data_invalid"),
    "structured, data twice": (structured(data_base64="e30="), "data_invalid"),
    "structured, no object": (
        lambda one: replace(structured()(one), value=b"[]"),
        "not_json",
    ),
    "structured, id twice": (
        lambda one: replace(structured()(one), value=b'{"id": "1", "id": "2"}'),
        "header_repeated",
    ),
}  # fmt: skip
