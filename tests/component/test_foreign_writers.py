"""What strangers write to a topic: every record has an outcome, and the others go on."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.contracts import bounds
from shared.loop.log import Outgoing
from shared.store import Document
from shared.topics import shard_of
from tests.component.world import COMMANDS, ORDERED, PARTITIONS, Town

Headers = list[tuple[str, bytes | None]]


def plain(town: Town, word: str, **changed: str) -> Outgoing:
    """A command as `Town.ask` would publish it, taken back from the topic."""
    town.ask(word, **changed)
    place = (COMMANDS, shard_of(b"ann", PARTITIONS))
    record = town.world.broker.records[place].pop()
    return Outgoing(*place, record.key, record.value, list(record.headers))


def with_headers(record: Outgoing, *more: tuple[str, bytes | None]) -> Outgoing:
    return replace(record, headers=[*record.headers, *more])


def dead_letters(town: Town) -> dict[str, Document]:
    return {row["code"]: row for row in town.stored("dead_letters")}


@pytest.mark.parametrize("number", [b"0", b"1", b"7", b"-1", b"x", b"9" * 30])
async def test_stream_numbers_of_strangers_mean_nothing_on_a_command_topic(
    town: Town, number: bytes
) -> None:
    """Whatever they claim, the command is decided; so is it if it lies in the wrong partition."""
    forged = ("ce_stream", b"upstream/1"), ("ce_number", number), ("ce_mac", b"00")
    town.world.publish(with_headers(plain(town, "here"), *forged))
    elsewhere = with_headers(plain(town, "moved"), *forged)
    town.world.publish(replace(elsewhere, partition=1 - elsewhere.partition))
    await town.rest()
    assert {"here", "moved"} == set(town.words())
    assert {("c1", "accepted"), ("c2", "accepted")} == set(town.answer_codes())
    (moved,) = [
        row
        for row in town.records(COMMANDS)
        if row.text("ce_id") == "c2" and row.partition == shard_of(b"ann", PARTITIONS)
    ]
    assert not {"ce_stream", "ce_number", "ce_mac"} & moved.headers.keys()


@pytest.mark.parametrize(
    "stream", [b"routing/0", b"routing/1", b"intake/3", b"upstream/1", b"routing/0.9"]
)
@pytest.mark.parametrize("number", [b"0", b"1", b"2", b"50"])
async def test_forged_numbers_become_dead_letters_where_only_services_write(
    town: Town, stream: bytes, number: bytes
) -> None:
    """They are listed, and no record that comes after them vanishes as a duplicate or a gap."""
    forged = ("ce_stream", stream), ("ce_number", number), ("ce_mac", b"0" * 24)
    town.world.publish(replace(with_headers(plain(town, "forged"), *forged), topic=ORDERED))
    town.follow("honest")
    await town.rest()
    assert ["honest"] == town.words()
    assert {"stream_unknown"} == dead_letters(town).keys()
    assert [{}, {}] == [shard.row.gaps for shard in town.loop.shards.values()]


async def test_a_copy_of_a_true_record_is_a_duplicate_and_a_changed_one_is_dead_lettered(
    town: Town,
) -> None:
    """The seal covers what was published; both are listed."""
    town.follow("once")
    (true,) = town.world.broker.records[ORDERED, shard_of(b"ann", PARTITIONS)]
    copy = Outgoing(true.topic, true.partition, true.key, true.value, true.headers)
    town.world.publish(copy)
    town.world.publish(replace(copy, value=(true.value or b"").replace(b"once", b"else")))
    town.follow("then")
    await town.rest()
    assert ["once", "then"] == town.words()
    assert {"stream_unknown"} == dead_letters(town).keys()
    assert [("elsewhere/0", 1)] == [row[1:3] for row in town.loop.duplicates]


async def test_what_no_service_numbered_holds_up_nobody(town: Town) -> None:
    """On a topic where order matters too: it has no place among the records of its key."""
    home = shard_of(b"ann", PARTITIONS)
    town.world.publish(Outgoing(ORDERED, home, b"ann", b"?", []))
    town.world.publish(replace(plain(town, "unnumbered"), topic=ORDERED))
    town.follow("honest")
    await town.restart()
    town.follow("later")
    await town.rest()
    assert ["honest", "later"] == town.words()
    assert {"attribute_missing", "stream_unknown"} == dead_letters(town).keys()


def attribute(name: str, text: bytes) -> tuple[str, bytes]:
    return (f"ce_{name}", text)


LONG = b"i" * bounds.ATTRIBUTE_BYTES_MAX
PADDING = [(f"x{number}", b"p" * 1000) for number in range(33)]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([attribute("subject", LONG)], None),
        ([attribute("subject", LONG + b"i")], "attribute_too_large"),
        ([attribute("subject", "é".encode() * 513)], "attribute_too_large"),
        ([attribute("subject", b"\x01" * 700_000)], "headers_too_large"),
        ([attribute("subject", b"a\x00b")], "attribute_invalid"),
        ([attribute("subject", "a\x85b".encode())], "attribute_invalid"),
        ([attribute("actor", b"twice")], "header_repeated"),
        ([attribute("id", b"another")], "header_repeated"),
        ([("content-type", b"application/json")], "header_repeated"),
        ([("x", b"1"), ("x", b"2")], None),
        (PADDING[:31], None),
        (PADDING, "headers_too_large"),
        ([("x", b"")] * 101, "headers_too_large"),
        ([("ce_na\ufffd", b"")], "header_not_utf8"),
        ([("x", b"\xff")], "header_not_utf8"),
        ([("x", None)], "null_header"),
        ([("traceparent", b"\x01" * 1_000)], None),
    ],
)
async def test_headers_beyond_their_bounds_are_dead_lettered(
    town: Town, headers: Headers, code: str | None
) -> None:
    """Within them they are nobody's business."""
    town.world.publish(with_headers(plain(town, "this"), *headers))
    town.ask("after")
    await town.rest()
    assert (["after"] if code else ["this", "after"]) == town.words()
    assert ([code] if code else []) == list(dead_letters(town))


@pytest.mark.parametrize(
    ("part", "size", "code"),
    [
        ("key", bounds.KEY_BYTES_MAX, None),
        ("key", bounds.KEY_BYTES_MAX + 1, "key_too_large"),
        ("key", 4_000_000, "key_too_large"),
        ("value", bounds.VALUE_BYTES_MAX + 1, "too_large"),
        ("value", 17_000_000, "too_large"),
        ("header", 4_000_000, "headers_too_large"),
    ],
)
async def test_what_is_too_large_is_kept_in_part(
    town: Town, part: str, size: int, code: str | None
) -> None:
    """With its size and its hash, in a document that any store takes, and can't be replayed."""
    record, large = plain(town, "large"), b"a" * size
    if part == "key":
        place = shard_of(large, PARTITIONS)
        record = replace(record, key=large, partition=place)
    elif part == "value":
        record = replace(record, value=large)
    else:
        record = with_headers(record, ("x", large))
    town.world.publish(record)
    town.ask("after")
    await town.rest()
    assert "after" in town.words()
    if code is None:
        assert {} == dead_letters(town)
        return
    (kept,) = town.stored("dead_letters")
    assert code == kept["code"]
    name = {"header": "headers"}.get(part, part)
    assert kept_whole_but(kept, name, large, record.headers)
    assert len(str(kept)) < 200_000
    if part != "key":
        town.operate("replay", id=kept["_id"])
        await town.rest()
        assert "not_kept_whole" in dict(town.answer_codes()).values()


@pytest.mark.parametrize("value", [None, b"", b"a" * (bounds.VALUE_BYTES_MAX + 1)])
async def test_what_has_no_value_or_one_over_its_bound_is_kept_and_not_answered(
    town: Town, value: bytes | None
) -> None:
    """As docs/publishing.md says; its sender does not wait for an answer in vain."""
    town.world.publish(replace(plain(town, "lost"), value=value))
    await town.rest()
    assert ["too_large" if value else "empty_value"] == list(dead_letters(town))
    assert [] == list(town.answer_codes())


def kept_whole_but(kept: Document, name: str, large: bytes, headers: Sequence[object]) -> bool:
    (cut,) = kept["record"]["cut"].items()
    digest = hashlib.sha256(large).hexdigest()
    return cut[0] == name and (
        name == "headers" or cut[1] == {"bytes": len(large), "sha256": digest}
    )


async def test_a_key_that_is_not_utf8_is_dead_lettered(town: Town) -> None:
    """No entity has it, and none that looks alike is meant."""
    key = next(bytes([255, n]) for n in range(99) if shard_of(bytes([255, n]), PARTITIONS) == 0)
    town.world.publish(replace(plain(town, "this"), key=key, partition=0))
    town.ask("after")
    await town.rest()
    assert ["after"] == town.words()
    assert ["key_not_utf8"] == list(dead_letters(town))


async def test_a_step_takes_a_bounded_number_of_bytes(town: Town) -> None:
    """Many large records are several steps, and all are decided in order."""
    before = town.loop.counters["steps"]
    for number in range(24):
        town.ask(f"{number:02}" + "x" * 1_000_000)
    await town.rest()
    assert [f"{number:02}" for number in range(24)] == [word[:2] for word in town.words()]
    assert town.loop.counters["steps"] - before >= 24 // 8


async def test_one_input_that_fails_again_and_again_is_not_a_bad_deployment(town: Town) -> None:
    """Three different ones are."""
    for _ in range(5):
        town.loop._bisection._blame("the same", "ZeroDivisionError at x.py:1")
    assert town.loop.stopped is None
    town.loop._bisection._blame("another", "ZeroDivisionError at x.py:1")
    town.loop._bisection._blame("a third", "KeyError at y.py:2")
    assert town.loop.stopped is None
    for origin in ("a", "b"):
        town.loop._bisection._blame(origin, "KeyError at y.py:2")
    assert town.loop.stopped


@pytest.mark.parametrize(
    ("role", "source", "days", "code", "counts"),
    [
        ("affiliate", "test", 29, "accepted", "its date"),
        ("affiliate", "test", 31, "time_too_old", None),
        ("affiliate", "door", 31, "accepted", "its date"),
        ("customer", "test", 3, "accepted", "now"),
        ("agent", "test", 400, "accepted", "now"),
        ("representative", "door", 3, "accepted", "its date"),
        ("operator", "test", 400, "accepted", "its date"),
        ("operator", "test", -0.002, "accepted", "now"),
        ("operator", "test", 365 * 27, "dead-lettered", None),
    ],
)
async def test_who_may_date_what_and_how_far_back(
    town: Town, role: str, source: str, days: float, code: str, counts: str | None
) -> None:
    """Affiliates thirty days, customers not at all, unless a trusted entry says so."""
    now = town.world.clock.now()
    date = now - timedelta(days=days)
    record = plain(town, "dated", role=role)
    changed = {"ce_time": date.isoformat().encode(), "ce_source": source.encode()}
    headers = [(name, changed.get(name, value)) for name, value in record.headers]
    town.world.publish(replace(record, headers=headers))
    await town.rest()
    answers = [row for row in town.records() if ".command." in row.type]
    assert [code] == [row.data()["code"] for row in answers] or code == "dead-lettered"
    if code == "dead-lettered":
        assert ["time_invalid"] == list(dead_letters(town))
    elif counts == "its date":
        assert date.isoformat(timespec="milliseconds") == answers[0].text("ce_time")
    elif counts == "now":
        assert now.isoformat(timespec="milliseconds") <= answers[0].text("ce_time")


async def test_commands_of_two_tenants_or_sources_never_share_an_inbox_key(town: Town) -> None:
    """Also where their names hold the sign that parts them."""
    for tenant, source in (("a|b", "c"), ("a", "b|c"), ("a\\", "b|c"), ("a\\|b", "c")):
        record = plain(town, f"{tenant} of {source}", id="same")
        changed = {"ce_tenant": tenant.encode(), "ce_source": source.encode()}
        headers = [row for row in record.headers if row[0] not in changed]
        town.world.publish(replace(record, headers=[*headers, *changed.items()]))
    await town.rest()
    assert 4 == len(town.words())
    assert ["accepted"] * 4 == [code for _, code in town.answer_codes()]


async def test_a_gap_is_listed_until_it_closes_and_can_be_given_up(town: Town) -> None:
    """What was left behind it is taken then; a restart does not forget it."""
    place = (ORDERED, shard_of(b"ann", PARTITIONS))
    for word in ("one", "two", "three", "four"):
        town.follow(word)
    lost = town.world.broker.records[place].pop(1)
    town.world.broker.records[place] = [
        replace(row, offset=number) for number, row in enumerate(town.world.broker.records[place])
    ]
    await town.rest()
    await town.restart()
    assert ["one"] == town.words()
    assert [(2, 3)] == open_gaps(town)
    town.world.publish(Outgoing(*place, lost.key, lost.value, lost.headers))
    await town.rest()
    assert ["one", "two"] == town.words()
    assert [(3, 3)] == open_gaps(town)
    assert (await town.accept_gaps(place[1])).gaps == ["elsewhere/0"]
    await town.for_seconds(15)
    assert [] == open_gaps(town)
    assert ["one", "two", "three", "four"] == town.words()


async def test_a_gap_that_does_not_close_within_a_minute_is_an_alert(town: Town) -> None:
    """Once: it is listed for as long as it lasts."""
    place = (ORDERED, shard_of(b"ann", PARTITIONS))
    for word in ("one", "two"):
        town.follow(word)
    del town.world.broker.records[place][0]
    town.world.broker.records[place] = [
        replace(row, offset=number) for number, row in enumerate(town.world.broker.records[place])
    ]
    with capture_logs() as told:
        await town.for_seconds(50)
        assert [] == alerts(told)
        await town.for_seconds(60)
        assert [(f"{ORDERED}/{place[1]}", 1)] == alerts(told)


def alerts(told: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    return [(row["place"], row["number"]) for row in told if row["event"] == "gap does not close"]


async def test_a_lost_first_record_of_a_stream_is_a_gap(town: Town) -> None:
    """A stream begins at 1 as long as its topic still has its beginning."""
    town.follow("one")
    town.world.broker.records[ORDERED, shard_of(b"ann", PARTITIONS)].clear()
    town.follow("two")
    await town.rest()
    assert [] == town.words()
    assert [(1, 2)] == open_gaps(town)


async def test_what_a_service_with_another_secret_said_can_be_decided_later(town: Town) -> None:
    """It is dead-lettered, what comes after is a gap, and nothing is lost or decided out of
    order."""
    place = (ORDERED, shard_of(b"ann", PARTITIONS))
    town.follow("one")
    for word in ("two", "three"):
        town.follow(word)
        record = town.world.broker.records[place].pop()
        headers = [(name, b"0" * 24 if name == "ce_mac" else v) for name, v in record.headers]
        town.world.publish(Outgoing(*place, record.key, record.value, headers))
    town.follow("four")
    await town.rest()
    assert ["one"] == town.words()
    assert [(2, 4)] == open_gaps(town)
    for kept in sorted(town.stored("dead_letters"), key=lambda row: row["record"]["offset"]):
        assert "stream_unknown" == kept["code"]
        town.operate("replay", id=kept["_id"])
    await town.rest()
    assert ["one", "two", "three"] == town.words()
    await town.accept_gaps(place[1])
    await town.for_seconds(15)
    assert ([], "four") == (open_gaps(town), town.words()[-1])


def open_gaps(town: Town) -> list[tuple[int, int]]:
    return [
        (shard.row.expected_number(*stream), gap.number)
        for shard in town.loop.shards.values()
        for stream, gap in shard.row.gaps.items()
    ]
