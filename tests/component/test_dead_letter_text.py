"""What an operator is told about a dead letter: what it held, and what really helps."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from cli.dead_letter_text import fields_of, headers_of, value_of, what_helps
from shared.contracts import bounds
from shared.dead_letters_api import routes
from shared.loop.log import Outgoing
from shared.topics import shard_of
from tests.apis import app_of, client, found
from tests.component.world import BROKEN, COMMANDS, ORDERED, PARTITIONS, Speak, Town

Change = Callable[[Outgoing], Outgoing]
GOOD = Speak(word="mended").model_dump_json()


def api_of(town: Town) -> httpx.AsyncClient:
    return client(app_of(routes(town.loop.store)))


async def listed(town: Town, *states: str, limit: int = 100) -> Any:
    return await found(api_of(town), "/dead-letters", limit=limit, state=states)


async def shown(town: Town) -> list[dict[str, Any]]:
    """As `leadops dead-letters show` gets them."""
    return [
        {"service": "routing", **await found(api_of(town), f"/dead-letters/{quote(brief['id'])}")}
        for brief in (await listed(town))["items"]
    ]


def plain(town: Town, word: str = "bad") -> Outgoing:
    town.ask(word)
    place = (COMMANDS, shard_of(b"ann", PARTITIONS))
    record = town.world.broker.records[place].pop()
    return Outgoing(*place, record.key, record.value, list(record.headers))


def value(data: bytes | None) -> Change:
    return lambda record: replace(record, value=data)


def key(data: bytes) -> Change:
    return lambda record: replace(record, key=data)


def more(*headers: tuple[str, bytes | None]) -> Change:
    return lambda record: replace(record, headers=[*record.headers, *headers])


def without(name: str) -> Change:
    return lambda record: replace(record, headers=[h for h in record.headers if h[0] != name])


BY_VALUE = {
    "no value": value(None),
    "no bytes": value(b""),
    "not JSON": value(b"{hello"),
    "no object": value(b"[]"),
    "not UTF-8": value(b'{"word": "\xff\xfe"}'),
    "too large": value(b"x" * (bounds.VALUE_BYTES_MAX + 1)),
}
BY_NOTHING = {
    "no type": without("ce_type"),
    "no id": without("ce_id"),
    "twice": more(("ce_type", b"x")),
    "header not UTF-8": more(("x", b"\xff")),
    "header without a value": more(("x", None)),
    "many headers": more(*[(f"x{n}", b"") for n in range(bounds.HEADERS_MAX)]),
    "large header": more(("x", b"\x01" * 700_000)),
    "key not UTF-8": key(b"\xff\xfe"),
    "large key": key(b"k" * 9_000),
}


async def after(town: Town, change: Change, what: str, **data: str) -> tuple[list[str], str]:
    """What is told of a record, and the answer to a command about it."""
    town.world.publish(change(plain(town)))
    await town.rest()
    (item,) = await shown(town)
    operate(town, item, what, **data)
    await town.rest()
    return what_helps(item), town.answer_codes()[-1][1]


def operate(town: Town, item: dict[str, Any], what: str, **data: str) -> None:
    """In the shard that keeps the record, whatever its key is."""
    asked = json.dumps({"id": item["id"], **data}).encode()
    kind = f"leadops.routing.dead-letter.{what}.v1"
    headers = [(n, kind.encode() if n == "ce_type" else v) for n, v in plain(town).headers]
    town.world.publish(Outgoing(COMMANDS, item["shard"], None, asked, headers))


@pytest.mark.parametrize("change", BY_VALUE.values(), ids=BY_VALUE)
async def test_where_a_corrected_value_is_advised_it_helps(town: Town, change: Change) -> None:
    """And the record is not advised to be replayed as it is, which would fail again."""
    told, answer = await after(town, change, "replay", value=GOOD)
    assert any(re.fullmatch(r"leadops dead-letters replay \S+ --value FILE", s) for s in told)
    assert not any(re.fullmatch(r"leadops dead-letters replay \S+", s) for s in told)
    assert ("accepted", ["mended"]) == (answer, town.words())


@pytest.mark.parametrize("change", BY_NOTHING.values(), ids=BY_NOTHING)
async def test_where_no_replay_is_advised_none_helps(town: Town, change: Change) -> None:
    """Not even one with another value."""
    told, answer = await after(town, change, "replay", value=GOOD)
    assert not any("replay" in line for line in told)
    assert any(re.fullmatch(r"leadops dead-letters skip \S+ --reason WHY", s) for s in told)
    assert answer in ("still_fails", "not_kept_whole")


async def test_what_a_service_with_another_secret_wrote_is_advised_to_be_replayed(
    town: Town,
) -> None:
    """No producer could publish it anew; and a replay of it is accepted."""
    town.follow("sealed otherwise")
    place = (ORDERED, shard_of(b"ann", PARTITIONS))
    record = town.world.broker.records[place].pop()
    headers = [(n, b"0" * 24 if n == "ce_mac" else v) for n, v in record.headers]
    town.world.publish(Outgoing(*place, record.key, record.value, headers))
    await town.rest()
    (item,) = await shown(town)
    assert f"leadops dead-letters replay {item['id']}" in what_helps(item)
    town.operate("replay", id=item["id"])
    await town.rest()
    assert ["sealed otherwise"] == town.words()


async def test_an_error_that_was_mended_is_replayed_as_it_is(town: Town) -> None:
    BROKEN.add("odd")
    town.ask("odd")
    await town.rest()
    (item,) = await shown(town)
    assert f"leadops dead-letters replay {item['id']}" in what_helps(item)


async def test_what_waits_behind_another_is_told_which(town: Town) -> None:
    BROKEN.add("first")
    town.follow("first")
    town.follow("second")
    await town.rest()
    head, waiting = await shown(town)
    assert f"leadops dead-letters show {head['id']}" == what_helps(waiting)[-1]


async def test_who_resolved_a_record_and_why_is_told(town: Town) -> None:
    await after(town, value(b"[]"), "skip", reason="a test of theirs")
    (item,) = await shown(town)
    assert ["It was skipped by op at "] == [line[:24] for line in what_helps(item)]
    assert what_helps(item)[0].endswith(": a test of theirs")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (value(None), "(none)"),
        (value(b""), "(empty)"),
        (value(b"{\n\x00\xff"), r"{\n\x00\xff"),
        (value("Zoë".encode() + b'"'), 'Zoë"'),
        (value(b"x" * 2_000), "x" * 2_000),
        (value(b"x" * 2_010), "x" * 2_000 + " … and 10 characters more"),
    ],
    ids=["none", "empty", "odd bytes", "text", "just whole", "long"],
)
async def test_a_value_is_shown_as_it_was_written(town: Town, change: Change, text: str) -> None:
    town.world.publish(change(plain(town)))
    await town.rest()
    (item,) = await shown(town)
    assert text == value_of(item)


@pytest.mark.parametrize("part", ["key", "value", "headers"])
async def test_what_was_cut_is_told_with_its_size(town: Town, part: str) -> None:
    large: dict[str, Change] = {
        "key": key(b"k" * 9_000),
        "value": value(b"v" * 2_000_000),
        "headers": lambda record: replace(record, headers=[("x", b"h" * 700_000)]),
    }
    sizes = {"key": "9,000", "value": "2,000,000", "headers": "700,001"}
    town.world.publish(large[part](plain(town)))
    await town.rest()
    (item,) = await shown(town)
    kept = dict(fields_of(item))["kept"]
    assert kept.startswith(f"only the beginning of its {part}, of {sizes[part]} bytes")


async def test_headers_and_key_are_shown_as_text(town: Town) -> None:
    odd = more(("x-note", b"\xffa"), ("x-none", None))(key(b"\xfeann")(plain(town)))
    town.world.publish(odd)
    await town.rest()
    (item,) = await shown(town)
    headers = {row["name"]: row["value"] for row in headers_of(item)}
    assert (r"\xffa", "(none)") == (headers["x-note"], headers["x-none"])
    assert r"\xfeann" == dict(fields_of(item))["key"]


def total_and_states(answer: Any) -> tuple[int, Sequence[str]]:
    return answer["total"], [item["state"] for item in answer["items"]]


async def test_a_list_tells_how_many_there_are_in_the_states_that_are_asked_for(town: Town) -> None:
    for _ in range(3):
        town.world.publish(value(b"[]")(plain(town)))
    await town.rest()
    first, *_ = await shown(town)
    town.operate("skip", id=first["id"], reason="x")
    await town.rest()
    assert (2, ["dead"]) == total_and_states(await listed(town, "dead", "waiting", limit=1))
    assert (1, ["skipped"]) == total_and_states(await listed(town, "skipped"))
    assert 3 == total_and_states(await listed(town))[0]
