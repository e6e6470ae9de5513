"""What lies on the pages of somebody's API becomes commands, and the effect is done when the broker
has all of them."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from shared.contracts import envelope as envelopes
from shared.doors import Opened
from shared.errors import Infrastructure
from shared.loop import page_reader, webhook
from shared.loop.decision import Verdict
from shared.loop.effects import AttemptResult
from shared.loop.log import Outgoing
from shared.loop.page_reader import PAGES_MAX, PageReader
from shared.loop.webhook import Webhooks
from shared.readings import Found, PageRead, Reading, Unreadable
from tests.doors import BookMeeting
from tests.unit.test_webhook import SECRET, row

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TOKEN = "calendar"


def read_meetings(page: PageRead) -> Found | Unreadable:
    try:
        content = json.loads(page.body)
        names, following = content["meetings"], content["next"]
    except (ValueError, KeyError, TypeError):
        return Unreadable("no JSON of meetings")
    asked = [
        Opened(BookMeeting(meeting=name), f"meeting/{name}", page.at, "calendar", page.tenant)
        for name in names
    ]
    return Found(asked, following)


MEETINGS = Reading("meetings", "calendar", read_meetings)


class Clock:
    def now(self) -> datetime:
        return NOW


class Calendar:
    """Has pages by number; each names the next one, unless it is told otherwise."""

    def __init__(self, *pages: list[str]) -> None:
        self.pages = pages
        self.elsewhere = ""
        self.asked: list[dict[str, str]] = []
        self.broken: dict[int, web.Response] = {}
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append({name.lower(): text for name, text in request.headers.items()})
        number = int(request.query.get("page", "0"))
        if number in self.broken:
            return self.broken[number]
        following = f"{self.elsewhere or self.url}?page={number + 1}"
        is_last = number == len(self.pages) - 1
        page = {"meetings": self.pages[number], "next": None if is_last else following}
        return web.json_response(page)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/meetings", self.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/meetings"
        yield
        await runner.cleanup()


class Broker:
    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self.is_away = False

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if self.is_away:
            raise Infrastructure("Kafka: away")
        self.records += records

    def ids(self) -> list[str]:
        return [envelopes.read(one.headers, one.value).id for one in self.records]


async def run(
    calendar: Calendar, broker: Broker, folder: Path, *readings: Reading, **request: Any
) -> AttemptResult:
    """One attempt of an effect that reads this calendar."""
    (folder / TOKEN).write_text("of ours")
    webhooks = Webhooks(SECRET, private_targets=True, tokens=folder)
    reader = PageReader(readings or [MEETINGS], webhooks.get, broker.publish, Clock())
    async with calendar.open():
        effect = row(calendar.url, body=b"")
        effect["request"] |= {"token": TOKEN, "reading": "meetings", "headers": {}} | request
        effect["cause"] |= {"tenant": "north"}
        found = await reader(effect)
        await webhooks.close()
    return found


async def test_every_page_is_read_and_what_it_holds_is_asked(tmp_path: Path) -> None:
    calendar, broker = Calendar(["m-1", "m-2"], [], ["m-3"]), Broker()
    assert (Verdict.DONE, "read 3 pages, 3 commands") == await run(calendar, broker, tmp_path)
    assert ["meeting/m-1", "meeting/m-2", "meeting/m-3"] == broker.ids()
    envelope = envelopes.read(broker.records[0].headers, broker.records[0].value)
    assert ("reading/meetings", "north", "calendar", "calendar", NOW) == (
        envelope.source,
        envelope.tenant,
        envelope.actor,
        envelope.role,
        envelope.time,
    )
    assert {"Bearer of ours"} == {each["authorization"] for each in calendar.asked}


async def test_read_again_it_asks_the_same_under_the_same_ids(tmp_path: Path) -> None:
    calendar, broker = Calendar(["m-1"], ["m-2"]), Broker()
    calendar.broken[1] = web.Response(status=503, headers={"retry-after": "7"})
    assert (Verdict.UNKNOWN, "answered 503", 7.0) == await run(calendar, broker, tmp_path)
    calendar.broken.clear()
    await run(calendar, broker, tmp_path)
    assert ["meeting/m-1", "meeting/m-1", "meeting/m-2"] == broker.ids()
    assert broker.records[0] == broker.records[1]


async def test_it_is_not_done_before_the_broker_has_what_was_read(tmp_path: Path) -> None:
    calendar, broker = Calendar(["m-1"], ["m-2"]), Broker()
    broker.is_away = True
    found = await run(calendar, broker, tmp_path)
    assert (Verdict.UNKNOWN, "page 1: the broker has not taken it") == found
    assert 1 == len(calendar.asked)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"meetings": 1}', b"\xff"])
async def test_a_page_that_can_not_be_read_is_asked_for_again_later(
    tmp_path: Path, body: bytes
) -> None:
    calendar, broker = Calendar(["m-1"], ["m-2"]), Broker()
    calendar.broken[1] = web.Response(body=body)
    found = await run(calendar, broker, tmp_path)
    assert (Verdict.UNKNOWN, "page 2 can't be read: no JSON of meetings") == found
    assert ["meeting/m-1"] == broker.ids()


async def test_a_command_that_nobody_could_read_is_not_published(tmp_path: Path) -> None:
    def with_a_control(page: PageRead) -> Found:
        return Found([Opened(BookMeeting(meeting="m"), "\x01", page.at, "calendar")])

    calendar, broker = Calendar(["m-1"]), Broker()
    reading = Reading("meetings", "calendar", with_a_control)
    found = await run(calendar, broker, tmp_path, reading)
    assert ((Verdict.UNKNOWN, "page 1: attribute_invalid"), []) == (found, broker.records)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://other.example/meetings",
        "https://127.0.0.1/meetings",
        "//other.example/meetings",
        "http://127.0.0.1@other.example/meetings",
        "file:///etc/hostname",
    ],
)
async def test_a_token_is_shown_to_no_other_host(tmp_path: Path, elsewhere: str) -> None:
    """Nor over another scheme or port."""
    calendar, broker = Calendar(["m-1"], ["m-2"]), Broker()
    calendar.elsewhere = elsewhere
    found = await run(calendar, broker, tmp_path)
    assert (Verdict.REFUSED, "the next page lies at another host") == found


@pytest.mark.parametrize("beside", ["/meetings", "meetings", "./meetings"])
async def test_a_page_may_name_the_next_one_relative_to_itself(tmp_path: Path, beside: str) -> None:
    calendar, broker = Calendar(["m-1"], ["m-2"], ["m-3"]), Broker()
    calendar.elsewhere = beside
    assert (Verdict.DONE, "read 3 pages, 3 commands") == await run(calendar, broker, tmp_path)


@pytest.mark.parametrize(
    ("following", "beside"),
    [
        ("https://api.example/meetings?page=2", True),
        ("https://API.example:443/meetings?page=2", True),
        ("https://api.example:8443/meetings", False),
        ("http://api.example:443/meetings", False),
        ("https://ann:secret@api.example/meetings", False),
        ("https://api.example:443:443/meetings", False),
        ("https://api.example.other.example/meetings", False),
        ("https://api.example\\@other.example/meetings", False),
    ],
)
def test_a_port_that_is_not_written_is_the_usual_one(following: str, beside: bool) -> None:
    """Some write it in the next page's address, which was asked for without."""
    assert beside == page_reader.is_beside(following, "https://api.example/meetings")


async def test_pages_without_end_have_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_reader, "PAGES_MAX", 3)
    calendar = Calendar(*([[]] * 5))
    found = await run(calendar, Broker(), tmp_path)
    assert ((Verdict.REFUSED, "there are more than 3 pages"), 3) == (found, len(calendar.asked))
    assert PAGES_MAX > 3


async def test_a_page_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "PAGE_BYTES_MAX", 100)
    calendar = Calendar(["m" * 100])
    found = await run(calendar, Broker(), tmp_path)
    assert (Verdict.REFUSED, "a page has more than 100 bytes") == found


async def test_what_is_refused_is_not_read(tmp_path: Path) -> None:
    calendar, broker = Calendar(["m-1"]), Broker()
    calendar.broken[0] = web.Response(status=401)
    assert ((Verdict.REFUSED, "answered 401"), []) == (
        await run(calendar, broker, tmp_path),
        broker.records,
    )


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"reading": "other"}, "nothing here reads such pages"),
        ({"token": "other"}, "there is no token 'other'"),
    ],
)
async def test_what_is_not_there_is_waited_for(
    tmp_path: Path, request_: dict[str, str], text: str
) -> None:
    calendar = Calendar(["m-1"])
    assert (Verdict.NOT_TRIED, text) == await run(calendar, Broker(), tmp_path, **request_)
