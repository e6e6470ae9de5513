"""What comes to a door is a command once the broker has it, or is turned away and counted."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from shared import door_server
from shared.contracts import envelope as envelopes
from shared.door_server import BODY_BYTES_MAX, CALLERS_MAX, Callers, DoorMetrics, Doors, caller_of
from shared.doors import Delivery, Door, Opened, TurnedAway
from shared.errors import Infrastructure
from shared.loop.log import Outgoing
from shared.span_export import Spans
from shared.topics import manifest, shard_of
from tests.collector import collecting
from tests.doors import CALENDAR, BookMeeting, body_of, signature_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


class Clock:
    def now(self) -> datetime:
        return NOW


class House:
    """With one door, and a broker that takes records or does not."""

    def __init__(
        self, *doors: Door, calls_per_minute: int = 1000, spans: Spans | None = None
    ) -> None:
        self.published: list[Outgoing] = []
        self.broker_is_away = False
        self.doors = Doors(
            doors or [CALENDAR],
            self._publish,
            Clock(),
            asyncio.get_running_loop().time,
            calls_per_minute=calls_per_minute,
            spans=spans,
        )

    async def _publish(self, records: Sequence[Outgoing]) -> None:
        if self.broker_is_away:
            raise Infrastructure("Kafka: away")
        self.published += records

    async def bring(
        self,
        body: Any,
        path: str = "/calendar/main",
        host: str = "192.0.2.1",
        **headers: str | bytes,
    ) -> httpx.Response:
        signed = signature_of(body) if isinstance(body, bytes) else {}
        transport = httpx.ASGITransport(
            self.doors.app, raise_app_exceptions=False, client=(host, 9)
        )
        async with httpx.AsyncClient(transport=transport, base_url="http://door.example") as client:
            return await client.post(path, content=body, headers=signed | headers)

    def outcomes(self) -> dict[str, int]:
        return {outcome: count for (_, outcome), count in self.doors.outcomes.items()}


async def test_what_is_brought_is_a_command_with_the_senders_id() -> None:
    house = House()
    answer = await house.bring(body_of(7, NOW), "/calendar/north")
    assert (202, {"accepted": True}) == (answer.status_code, answer.json())
    (record,) = house.published
    envelope = envelopes.read(record.headers, record.value)
    assert ("e-7", "door/calendar", BookMeeting.TYPE, NOW) == (
        envelope.id,
        envelope.source,
        envelope.type,
        envelope.time,
    )
    assert ("north", "calendar", "calendar") == (envelope.tenant, envelope.actor, envelope.role)
    place = shard_of(b"m-7", manifest().partitions)
    assert (BookMeeting.TOPIC, place, b"m-7") == (record.topic, record.partition, record.key)


async def test_a_delivery_begins_a_trace_of_its_own_and_tells_of_its_root() -> None:
    """Whatever trace its sender is in; one that the broker did not take is an error."""
    theirs = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    with collecting() as collector:
        spans = Spans("leads", collector.address)
        house = House(spans=spans)
        await house.bring(body_of(7, NOW), traceparent=theirs)
        house.broker_is_away = True
        await house.bring(body_of(8, NOW), traceparent=theirs)
        await asyncio.to_thread(spans.close)
    (record,) = house.published
    taken, lost = collector.rows
    trace = envelopes.read(record.headers, record.value).trace
    assert f"00-{taken['trace_id']}-{taken['span_id']}-01" == trace
    assert {None} == {taken["parent_id"], lost["parent_id"]}
    assert "calendar" == taken["attributes"]["leadops.door"]
    assert "not_acknowledged" == lost["attributes"]["error.type"]


async def test_the_same_thing_brought_again_is_the_same_command() -> None:
    house = House()
    for _ in range(2):
        await house.bring(body_of(7, NOW))
    first, second = house.published
    assert first == second


@pytest.mark.parametrize(
    ("body", "headers", "status", "reason"),
    [
        (body_of(1, NOW), {"x-signature": "wrong"}, 401, "signature_wrong"),
        (body_of(1, NOW), {"x-signature": ""}, 401, "signature_wrong"),
        (body_of(1, NOW), {"x-signature": b"\xe9"}, 401, "signature_wrong"),
        (body_of(1, NOW - timedelta(minutes=4)), {}, 400, "too_old"),
        (b"no JSON", {}, 400, "unreadable"),
        (b"[]", {}, 400, "unreadable"),
        (b"[" * 100_000, {}, 400, "unreadable"),
        (body_of(1, NOW, sent=1e30), {}, 400, "unreadable"),
        (body_of(1, NOW, sent=None), {}, 400, "unreadable"),
        (b"", {}, 400, "unreadable"),
        (body_of(1, NOW, meeting=""), {}, 400, "unreadable"),
        (body_of(1, NOW, id="\x01"), {}, 400, "attribute_invalid"),
        (body_of(1, NOW, id="e" * 5_000), {}, 400, "attribute_too_large"),
        (body_of(1, NOW, id=17), {}, 400, "attribute_invalid"),
        (body_of(1, NOW, id=None), {}, 400, "attribute_invalid"),
        (body_of(1, NOW, id="\ud800"), {}, 400, "attribute_invalid"),
        (body_of(1, NOW, note="Ann \ud83d"), {}, 400, "not_json"),
        (b"x" * (BODY_BYTES_MAX + 1), {}, 413, "too_large"),
        (gzip.compress(body_of(1, NOW), mtime=0), {"content-encoding": "gzip"}, 415, "encoded"),
        (body_of(1, NOW), {"content-encoding": "identity, gzip"}, 415, "encoded"),
    ],
)
async def test_what_is_not_as_it_should_be_is_turned_away_and_counted(
    body: bytes, headers: dict[str, str | bytes], status: int, reason: str
) -> None:
    house = House()
    answer = await house.bring(body, **headers)
    assert (status, reason) == (answer.status_code, answer.json()["error"]["code"])
    assert ([], {reason: 1}) == (house.published, house.outcomes())


async def test_a_body_of_the_largest_size_is_taken() -> None:
    house, small = House(), len(body_of(1, NOW, note=""))
    body = body_of(1, NOW, note="n" * (BODY_BYTES_MAX - small))
    assert BODY_BYTES_MAX == len(body)
    assert 202 == (await house.bring(body)).status_code


async def test_a_body_that_says_that_it_is_plain_is_taken() -> None:
    assert (
        202
        == (await House().bring(body_of(1, NOW), **{"content-encoding": "Identity"})).status_code
    )


@pytest.mark.parametrize("codings", [("identity", "gzip"), ("gzip", "identity")])
async def test_of_two_codings_neither_is_picked(codings: tuple[str, str]) -> None:
    house, body = House(), body_of(1, NOW)
    headers = [*signature_of(body).items(), *(("content-encoding", each) for each in codings)]
    transport = httpx.ASGITransport(house.doors.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://door.example") as client:
        answer = await client.post("/calendar/main", content=body, headers=headers)
    assert (415, {"encoded": 1}) == (answer.status_code, house.outcomes())


@pytest.mark.parametrize("path", ["/calendar/%ff", "/calendar/a%fe", "/calendar/%ed%a0%80"])
async def test_a_path_that_is_no_text_names_nobody(path: str) -> None:
    """Two such paths would be one tenant."""
    house = House()
    answer = await house.bring(body_of(1, NOW), path)
    assert (400, {"path_not_utf8": 1}, []) == (
        answer.status_code,
        house.outcomes(),
        house.published,
    )


@pytest.mark.parametrize("order", [1, -1])
async def test_of_two_signatures_neither_is_picked(order: int) -> None:
    """Whoever checked one of them on the way may have looked at the other."""
    house, body = House(), body_of(1, NOW)
    headers = [*signature_of(body).items(), ("x-signature", "another")][::order]
    transport = httpx.ASGITransport(house.doors.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://door.example") as client:
        answer = await client.post("/calendar/main", content=body, headers=headers)
    assert (401, {"signature_wrong": 1}) == (answer.status_code, house.outcomes())


async def test_what_nothing_follows_from_has_arrived_all_the_same() -> None:
    house = House()
    answer = await house.bring(body_of(1, NOW, kind="viewed"))
    assert (200, {"accepted": False}) == (answer.status_code, answer.json())
    assert ([], {"not_needed_other_kind": 1}) == (house.published, house.outcomes())


async def test_what_the_broker_does_not_take_is_to_come_again() -> None:
    house = House()
    house.broker_is_away = True
    answer = await house.bring(body_of(1, NOW))
    assert (503, "5") == (answer.status_code, answer.headers["retry-after"])
    house.broker_is_away = False
    assert 202 == (await house.bring(body_of(1, NOW))).status_code
    assert {"not_acknowledged": 1, "accepted": 1} == house.outcomes()


async def test_who_brings_something_does_not_wait_for_a_broker_that_is_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor for the end of what failed: that goes on by itself, and brought again it is the same
    command."""
    monkeypatch.setattr(door_server, "PUBLISH_SECONDS_MAX", 0.01)
    house, answers = House(), asyncio.Event()
    publish, ended = house._publish, asyncio.Event()

    async def slowly(records: Sequence[Outgoing]) -> None:
        await answers.wait()
        await publish(records)
        ended.set()

    monkeypatch.setattr(house.doors, "_publish", slowly)
    answer = await house.bring(body_of(1, NOW))
    assert (503, {"not_acknowledged": 1}) == (answer.status_code, house.outcomes())
    assert [] == house.published
    answers.set()
    await ended.wait()
    assert 1 == len(house.published)


async def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_server, "READ_SECONDS_MAX", 0.01)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(60)

    house = House()
    answer = await house.bring(slowly())
    assert (408, {"too_slow": 1}) == (answer.status_code, house.outcomes())


async def test_who_comes_too_often_is_to_come_again() -> None:
    """Another caller is not held up by that."""
    house = House(calls_per_minute=3)
    codes = [(await house.bring(body_of(number, NOW))).status_code for number in range(5)]
    assert [202, 202, 202, 429, 429] == codes
    assert {"accepted": 3, "too_many_calls": 2} == house.outcomes()


def test_callers_are_counted_each_by_itself_and_anew_each_minute() -> None:
    times = iter([0.0, 1.0, 2.0, 3.0, 61.0])
    callers = Callers(1, lambda: next(times))
    found = [callers.may_come(who) for who in ("ann", "bob", "ann", "bob", "ann")]
    assert [True, True, False, False, True] == found


@pytest.mark.parametrize(
    ("host", "caller"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:7::1", "2001:db8:0:7::/64"),
        ("2001:db8:0:7:ffff::1", "2001:db8:0:7::/64"),
        ("2001:db8:0:8::1", "2001:db8:0:8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_network_of_ipv6_is_one_caller(host: str, caller: str) -> None:
    """One who has it may come from any address in it."""
    assert caller == caller_of(host)


async def test_another_address_of_a_network_is_no_other_caller() -> None:
    house = House(calls_per_minute=2)
    codes = [
        (await house.bring(body_of(number, NOW), host=f"2001:db8::{number}")).status_code
        for number in range(1, 4)
    ]
    assert [202, 202, 429] == codes


def test_of_very_many_callers_not_all_are_remembered() -> None:
    callers = Callers(2, lambda: 0.0)
    assert all(callers.may_come(f"caller {number}") for number in range(CALLERS_MAX + 2))
    assert not callers.may_come("one more")
    assert callers.may_come("caller 5")


async def test_a_door_with_a_mistake_has_the_sender_come_again() -> None:
    """It is counted, and nothing of what was brought is told."""

    def mistaken(_delivery: Delivery) -> Opened:
        raise ZeroDivisionError("a bug that Dana Okafor shows")

    house = House(replace(CALENDAR, open=mistaken))
    answer = await house.bring(body_of(1, NOW))
    assert (500, {"failed": 1}) == (answer.status_code, house.outcomes())
    assert "Dana" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/calendar/main", 405, "method_not_allowed"),
        ("HEAD", "/calendar/main", 405, "method_not_allowed"),
        ("OPTIONS", "/calendar/main", 405, "method_not_allowed"),
        ("POST", "/elsewhere", 404, "not_found"),
        ("POST", "/calendar/main/", 404, "not_found"),
        ("POST", "//calendar/main", 404, "not_found"),
        ("POST", "/health/live", 404, "not_found"),
    ],
)
async def test_what_comes_to_no_door_is_turned_away_and_counted(
    method: str, path: str, status: int, reason: str
) -> None:
    """There is nothing else behind the port; a slash too many is no redirect, which no sender
    follows."""
    house = House()
    transport = httpx.ASGITransport(house.doors.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://door.example") as client:
        answer = await client.request(method, f"http://door.example{path}")
    assert (status, {("none", reason): 1}) == (answer.status_code, house.doors.outcomes)
    assert (status == 405) == ("POST" == answer.headers.get("allow"))


async def test_of_too_many_at_once_the_last_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are taken."""
    monkeypatch.setattr(door_server, "CALLS_AT_ONCE_MAX", 2)
    house, go_on = House(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        await go_on.wait()
        yield body_of(1, NOW)

    signed = signature_of(body_of(1, NOW))
    waiting = [asyncio.create_task(house.bring(slowly(), **signed)) for _ in range(2)]
    while house.doors.under_way < 2:
        await asyncio.sleep(0)
    answer = await house.bring(body_of(2, NOW))
    assert (503, "5") == (answer.status_code, answer.headers["retry-after"])
    go_on.set()
    assert {202} == {(await each).status_code for each in waiting}
    assert 202 == (await house.bring(body_of(2, NOW))).status_code
    assert {"too_many_at_once": 1, "accepted": 3} == house.outcomes()


@pytest.mark.parametrize("status", [410, 200, 302, 503])
def test_nobody_is_turned_away_with_what_means_something_else(status: int) -> None:
    """Never come again, arrived, elsewhere, later."""
    with pytest.raises(ValueError, match="is no answer"):
        TurnedAway("any", status)


async def test_what_becomes_of_deliveries_is_a_metric() -> None:
    house = House()
    await house.bring(body_of(1, NOW))
    await house.bring(b"no JSON")
    registry = CollectorRegistry()
    registry.register(DoorMetrics("routing", house.doors))
    told = generate_latest(registry).decode()
    for outcome in ("accepted", "unreadable"):
        labels = f'door="calendar",outcome="{outcome}",service="routing"'
        assert f"leadops_door_deliveries_total{{{labels}}} 1.0" in told
