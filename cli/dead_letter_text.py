"""What a dead letter held and what can be done about it, in words for the person who decides.

Nothing of it is a guess: what a replay needs follows from where the fault lies and from what of the
record was kept. A value is shown with its odd bytes escaped, and what is left out is counted.
"""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from shared.topics import manifest

Item = Mapping[str, Any]

SHOWN_CHARACTERS = 2_000
OUTSIDE_THE_VALUE = frozenset(
    {
        "key_too_large",
        "key_not_utf8",
        "headers_too_large",
        "null_header",
        "header_not_utf8",
        "header_repeated",
        "attribute_too_large",
        "attribute_invalid",
        "attribute_missing",
        "specversion_unknown",
        "time_invalid",
        "id_reused",
        "batch_not_opened",
    }
)
"""Faults that another value does not mend, unless the attributes stand in the value."""
IN_THE_VALUE = frozenset({"empty_value", "too_large", "not_json", "data_invalid", "invalid"})
"""Faults that stay as long as the value does."""


def fields_of(item: Item) -> Iterator[tuple[str, Any]]:
    """Of the record as a whole; its headers and its value are told apart."""
    for name in ("service", "id", "state", "code", "text", "at", "shard"):
        yield name, item[name]
    for name in ("topic", "partition", "offset", "tenant"):
        yield name, item[name]
    yield "key", beginning(readable(item["raw_key"])) if item["has_key"] else item["key"]
    yield "behind", item["behind"]
    for part, whole in item["cut"].items():
        yield "kept", f"only the beginning of its {part}, of {size_of(whole)}"
    if resolved := item["resolved"]:
        yield "resolved", resolution_of(item, resolved)


def resolution_of(item: Item, resolved: Mapping[str, Any]) -> str:
    reason = f": {resolved['reason']}" if resolved["reason"] else ""
    return f"{item['state']} by {resolved['by']} at {resolved['at']}{reason}"


def size_of(whole: Mapping[str, Any]) -> str:
    return f"{whole['bytes']:,} bytes with the SHA-256 {whole['sha256']}"


def headers_of(item: Item) -> list[dict[str, str]]:
    return [
        {"name": escape(name), "value": beginning(readable(value))}
        for name, value in item["headers"]
    ]


def value_of(item: Item) -> str:
    return beginning(readable(item["value"]))


def beginning(text: str) -> str:
    """The whole text, unless it is long."""
    if len(text) <= SHOWN_CHARACTERS:
        return text
    return f"{text[:SHOWN_CHARACTERS]} … and {len(text) - SHOWN_CHARACTERS:,} characters more"


def readable(coded: str | None) -> str:
    """Bytes as a person can read them; none and no bytes are told from each other."""
    if coded is None:
        return "(none)"
    return escape(base64.b64decode(coded).decode(errors="backslashreplace")) or "(empty)"


def escape(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def what_helps(item: Item) -> list[str]:
    """In sentences, and commands in lines of their own, to be copied."""
    match item["state"]:
        case "waiting" if item["behind"]:
            return [
                "It waits behind an earlier record of its key. Replay or skip that one:",
                f"leadops dead-letters show {item['behind']}",
            ]
        case "waiting":
            return ["What it waited behind is resolved: it is decided by itself."]
        case "dead":
            return _what_helps_head(item)
    return [f"It was {resolution_of(item, item['resolved'])}"]


def _what_helps_head(item: Item) -> list[str]:
    id = item["id"]
    replay, skip = (
        f"leadops dead-letters replay {id}",
        f"leadops dead-letters skip {id} --reason WHY",
    )
    if item["code"] in OUTSIDE_THE_VALUE and not is_structured(item):
        return ["Another value does not mend it. Have it published anew, and give this up:", skip]
    if item["cut"].keys() - {"value"}:
        return ["It was not kept whole. Have it published anew, and give this up:", skip]
    if item["cut"]:
        return ["With the whole value, corrected, in a file:", f"{replay} --value FILE", *_or(skip)]
    if item["code"] == "stream_unknown":
        secret = "If a service wrote it while it had another secret than the others: once all have"
        turn = "the same, and what it wrote before is replayed, replay this:"
        return [f"{secret} {turn}", replay, "If anybody else wrote it, give it up:", skip]
    corrected = [
        "To correct its value, save it, change the file, and replay it with that:",
        f"leadops dead-letters show {id} --save FILE",
        f"{replay} --value FILE",
    ]
    return [*corrected, *_as_it_is(item, replay), *_or(skip)]


def _as_it_is(item: Item, replay: str) -> list[str]:
    """Commands were dead-lettered for their data once; an event that is not valid stays so."""
    if item["code"] == "invalid" and manifest().is_open(item["topic"] or ""):
        return ["To have it refused, and its sender told all that is wrong:", replay]
    return [] if item["code"] in IN_THE_VALUE else ["Once its cause is mended:", replay]


def _or(skip: str) -> list[str]:
    return ["Or give it up:", skip]


def is_structured(item: Item) -> bool:
    """Whether its attributes stand in its value."""
    kinds = [readable(value) for name, value in item["headers"] if name == "content-type"]
    return any(kind.lower().startswith("application/cloudevents") for kind in kinds)
