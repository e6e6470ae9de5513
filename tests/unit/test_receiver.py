"""The local customer: asked by the code that asks real ones, in every mode, by webhook and by mail;
and the files that it finds."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from deploy import mailbox, received, receiver
from deploy.local.process import free_ports
from shared.http_server import Server
from shared.loop.decision import Verdict
from shared.loop.effects import AttemptResult
from shared.loop.mail import Mails, Relay
from shared.loop.webhook import Webhooks

SECRET = "whsec_" + "A" * 32
BODY = b'{"key": "key-1", "lead": "L1", "person": {"email": "dana@northgrid.example"}}'
TAKEN = (Verdict.DONE, "answered 200")
IN_MAIL = (Verdict.DONE, "the mail server took it")


@dataclass
class Customer:
    receiver: receiver.Receiver
    port: int
    smtp_port: int
    var: Path

    def behave(self, **how: Any) -> None:
        self.receiver.behaviours.tell("c1", **how)

    async def webhook(self, key: str = "key-1", seconds: float = 0.3) -> AttemptResult:
        url = f"http://127.0.0.1:{self.port}/campaigns/c1"
        request = {"url": url, "body": BODY, "headers": {}, "secret": ""}
        webhooks = Webhooks(SECRET, private_targets=True, timeout_seconds=seconds)
        performed = await webhooks(
            {"_id": key, "request": request, "attempt": 1, "cause": {"trace": "00-aa-bb-01"}}
        )
        await webhooks.close()
        return performed[:2]

    async def mail(self, key: str = "key-1", seconds: float = 0.3) -> AttemptResult:
        relay = Relay("127.0.0.1", self.smtp_port, "out@leadops.example")
        request = {"url": "mailto:leads@customer.example", "body": mail_of(key)}
        return await Mails(relay, timeout_seconds=seconds)({"_id": key, "request": request})

    def lines(self) -> list[dict[str, Any]]:
        rows = (self.var / "received.jsonl").read_text().splitlines()
        return [json.loads(row) for row in rows]


def mail_of(key: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "out@leadops.example", "leads@customer.example"
    message["X-Leadops-Key"], message["X-Leadops-Campaign"] = key, "c1"
    message["X-Leadops-Lead"] = "L1"
    message.set_content("A lead for you.\n.and a line that begins with a dot\n")
    message.add_attachment(BODY, maintype="application", subtype="json", filename="lead.json")
    return message.as_bytes()


@asynccontextmanager
async def customer(var: Path) -> AsyncIterator[Customer]:
    port, smtp_port = free_ports(2)
    taking = receiver.Receiver(var, SECRET)
    config = uvicorn.Config(
        taking, port=port, http=receiver.Protocol, lifespan="off", log_config=None
    )
    server = Server(config)
    mails = await mailbox.open_mailbox(taking.take, "127.0.0.1", smtp_port)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield Customer(taking, port, smtp_port, var)
    mails.close()
    server.force_exit = server.should_exit = True
    await serving
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    taking.received.close()
    taking.spans.close()


CLOSED = "the connection ended without an answer"
LATE = "no answer in time"
MAIL_LATE = "the mail server did not answer in time"


@pytest.mark.parametrize(
    ("how", "by_webhook", "by_mail", "status", "taken"),
    [
        ({"mode": "ok"}, TAKEN, IN_MAIL, 200, True),
        ({"mode": "slow", "seconds": 0.05}, TAKEN, IN_MAIL, 200, True),
        (
            {"mode": "fail", "status": 503},
            (Verdict.UNKNOWN, "answered 503"),
            (Verdict.UNKNOWN, "the mail server answered 451"),
            503,
            False,
        ),
        (
            {"mode": "fail", "status": 422},
            (Verdict.REFUSED, "answered 422"),
            (Verdict.REFUSED, "the mail server answered 554"),
            422,
            False,
        ),
        (
            {"mode": "redirect"},
            (Verdict.REFUSED, "answered 302: redirects are not followed"),
            (Verdict.REFUSED, "the mail server answered 554"),
            302,
            False,
        ),
        (
            {"mode": "nonsense"},
            (Verdict.UNKNOWN, "answered something that is not HTTP"),
            (Verdict.UNKNOWN, "the mail server answered something that is not SMTP"),
            0,
            True,
        ),
        (
            {"mode": "close"},
            (Verdict.UNKNOWN, CLOSED),
            (Verdict.UNKNOWN, "the connection to the mail server was lost"),
            0,
            True,
        ),
        ({"mode": "hang"}, (Verdict.UNKNOWN, LATE), (Verdict.UNKNOWN, MAIL_LATE), 0, True),
        (
            {"mode": "late", "seconds": 0.6},
            (Verdict.UNKNOWN, LATE),
            (Verdict.UNKNOWN, MAIL_LATE),
            200,
            True,
        ),
    ],
    ids=lambda value: value.get("mode") if isinstance(value, dict) else "",
)
async def test_each_mode_is_what_it_says(
    tmp_path: Path,
    how: dict[str, Any],
    by_webhook: AttemptResult,
    by_mail: AttemptResult,
    status: int,
    taken: bool,
) -> None:
    """And is written down with what the customer made of the lead."""
    async with customer(tmp_path) as one:
        one.behave(**how)
        assert (by_webhook, by_mail) == (await one.webhook("w"), await one.mail("m"))
        found = [(line["key"], line["status"], line["taken"]) for line in one.lines()]
    assert [("w", status, taken), ("m", status, taken)] == found


async def test_a_mail_is_written_down_like_a_webhook(tmp_path: Path) -> None:
    """With the digest of its JSON attachment, so that both can be compared."""
    async with customer(tmp_path) as one:
        await one.webhook()
        await one.mail()
        webhook, mail = one.lines()
    assert hashlib.sha256(BODY).hexdigest() == mail["body_sha256"]
    same = ("key", "lead", "campaign", "body_sha256", "status", "taken", "person_sha256")
    assert [webhook[name] for name in same] == [mail[name] for name in same]


async def test_who_was_taken_is_not_taken_twice(tmp_path: Path) -> None:
    """The customer keeps its word also after it has answered nothing."""
    async with customer(tmp_path) as one:
        one.behave(mode="close")
        await one.webhook()
        one.behave(mode="fail", status=422)
        assert TAKEN == await one.webhook()


@pytest.mark.parametrize("mode", ["flaky", "close"])
def test_what_is_drawn_anew_comes_round(mode: str) -> None:
    """A key that fails is taken later; drawn once it would fail for ever."""
    told = received.Behaviours()
    told.tell("c1", mode=mode, share=0.5, anew=True)
    answers = [told.for_campaign("c1").answer("key-1", attempt).status for attempt in range(20)]
    assert {False, True} == {status == 200 for status in answers}
    told.tell("c1", mode=mode, share=0.5, anew=False)
    answers = [told.for_campaign("c1").answer("key-1", attempt).status for attempt in range(20)]
    assert 1 == len(set(answers))


async def test_a_mail_without_our_headers_goes_by_its_message_id(tmp_path: Path) -> None:
    message = b"From: a@x.example\r\nMessage-ID: <key-9@x.example>\r\n\r\nhello\r\n"
    async with customer(tmp_path) as one:
        relay = Relay("127.0.0.1", one.smtp_port, "out@leadops.example")
        request = {"url": "mailto:leads@customer.example", "body": message}
        await Mails(relay)({"_id": "key-9", "request": request})
        (line,) = one.lines()
    expected = ("key-9@x.example", "", hashlib.sha256(message).hexdigest())
    assert expected == (line["key"], line["campaign"], line["body_sha256"])


FILE = b'{"key": "f/1", "lead": "L1", "campaign": "c1", "person": {"email": "dana@x.example"}}'


def drop(var: Path, name: str, content: bytes = FILE) -> Path:
    path = var / "drop" / "north" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@contextmanager
def started(var: Path) -> Iterator[receiver.Receiver]:
    taking = receiver.Receiver(var, SECRET)
    yield taking
    taking.received.close()
    taking.spans.close()


def written(var: Path) -> list[dict[str, Any]]:
    lines = (var / "received.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_a_file_is_written_down_like_a_webhook(tmp_path: Path) -> None:
    """What it is about stands in its content, its key is its name; it stays where it is."""
    path = drop(tmp_path, "f%2F1.json")
    with started(tmp_path) as one:
        one.take_files()
    (line,) = written(tmp_path)
    expected = {"key": "f/1", "lead": "L1", "campaign": "c1", "status": 200, "taken": True}
    expected |= {"body_sha256": hashlib.sha256(FILE).hexdigest()}
    expected |= {"person_sha256": hashlib.sha256(b"dana@x.example").hexdigest()}
    assert expected | {"at": line["at"]} == line
    assert FILE == path.read_bytes()


def test_a_file_may_carry_a_trace(tmp_path: Path) -> None:
    drop(tmp_path, "k-1.json", b'{"lead": "L1", "campaign": "c1", "traceparent": "00-aa-bb-01"}')
    with started(tmp_path) as one:
        one.take_files()
    assert ["00-aa-bb-01"] == [line["traceparent"] for line in written(tmp_path)]


def test_a_file_is_taken_once(tmp_path: Path) -> None:
    """Also by a customer that was started again, and when the same key is dropped again."""
    drop(tmp_path, "k-1.json")
    with started(tmp_path) as one:
        one.take_files()
        one.take_files()
    drop(tmp_path, "k-1.json")
    drop(tmp_path, "k-2.json")
    with started(tmp_path) as one:
        one.take_files()
    assert ["k-1", "k-2"] == [line["key"] for line in written(tmp_path)]


def test_a_file_that_is_still_written_is_left_alone(tmp_path: Path) -> None:
    """Its name begins with a dot until it is whole."""
    drop(tmp_path, ".k-1.json.a1b2c3d4")
    whole = drop(tmp_path, ".k-2.json")
    with started(tmp_path) as one:
        one.take_files()
        assert [] == written(tmp_path)
        whole.rename(whole.with_name("k-2.json"))
        one.take_files()
    assert ["k-2"] == [line["key"] for line in written(tmp_path)]


async def test_a_customer_looks_for_files_all_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It needs nobody to tell it."""
    monkeypatch.setattr(receiver, "LOOK_SECONDS", 0.001)
    with started(tmp_path) as one:
        looking = asyncio.create_task(receiver.look_for_files(one))
        await asyncio.sleep(0.01)
        drop(tmp_path, "k-1.json")
        while not written(tmp_path):
            await asyncio.sleep(0.001)
        looking.cancel()
