"""Routing's rules on how and when leads are sent, through a real broker and store with two replicas
of routing, each with what must not be. Every test stands it that the clock is advanced by others.
"""

import json
import os
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cli.api import Api
from deploy.local import clock, quiet, stack
from deploy.received import is_signed, secret_bytes
from tests.integration.platform import asked, events, get, tell
from tests.integration.scene import TURNING, WAIT_SECONDS, Scene, jump_to, wait_until

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.mongo,
    pytest.mark.stack,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("stack"),
]

STRANGE = "whsec_" + b64encode(os.urandom(32)).decode()
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def on_day(moment: datetime) -> dict[str, Any]:
    return {"weekly": {"weekday": f"{moment:%A}".lower(), "at": f"{moment:%H:%M}"}}


@pytest.mark.rule("RTE-05")
def test_shares_are_steered_toward_and_not_promised(running: dict[str, Any]) -> None:
    """On the send day the country that is behind its share goes first, also if its leads came
    last; where there are none of it, others take its place. An exact split warns."""
    scene = Scene(running, "shares")
    day = on_day(quiet.now() + timedelta(days=1, hours=1)) | {"caps": {"total": 4}}
    shares = {"shares": {"US": 50, "DE": 50}}
    scene.put(
        without=day,
        shared=day | shares,
        alone=day | shares | {"excluded_places": [{"country": "DE"}]},
    )
    (exact,) = tell(scene.campaign("exact", exact_split=True, **shares))
    assert any("can't be promised" in warning for warning in exact.details["warnings"])
    assert [] == scene.about("shared")["warnings"]
    scene.upload("us1", "us2", "us3", "us4", Land="US")
    scene.upload("de1", "de2", "de3", Land="DE")
    jump_to(running, quiet.now() + DAY * 2)
    assert ["us1", "us2", "us3", "us4"] == scene.got("without") == scene.got("alone")
    assert ["de", "de", "us", "us"] == [reference[:2] for reference in scene.got("shared")]


PERIODS: dict[str, Callable[[date], object]] = {
    "day": lambda day: day,
    "week": lambda day: day.isocalendar()[:2],
    "month": lambda day: (day.year, day.month),
}


@pytest.mark.rule("RTE-12")
def test_no_cap_is_exceeded(running: dict[str, Any]) -> None:
    """In all, by period and by category, however many come at once to two replicas while the
    endpoint is slow. What is over says so and stays; a new period has room again, the total has
    not."""
    scene = Scene(running, "caps")
    scene.put_all({period: {"caps": {period: 2}} for period in PERIODS})
    scene.put(
        total={"caps": {"total": 3}},
        category={"categories": [{"id": "101", "amount": 1}, {"id": "102"}]},
        free={},
    )
    for name in ("total", "day", "category"):
        scene.behave(name, "slow", seconds=1)
    jump_to(running, (quiet.now() + DAY).replace(hour=9))
    days = [quiet.now().date()]
    many = {f"{topic}-{n}": {"Topic": topic} for topic in ("101", "102") for n in range(10)}
    scene.upload_each(many, settle=False)
    assert all(slots_taken(scene, name) <= most for name, most in (("total", 3), ("day", 2)))
    quiet.wait_quiet(WAIT_SECONDS)
    assert (3, 20) == tuple(len(scene.got(name)) for name in ("total", "free"))
    assert ["1", *"2" * 10] == [reference[2] for reference in scene.got("category")]
    assert {"cap_reached": 17} == get("routing", f"/campaigns/{scene.id('total')}/unsent")["unsent"]
    assert {"reserved": 0, "used": 3, "uncertain": 0} == scene.about("total")["capacity"]
    left = next(reference for reference in many if reference not in scene.got("day"))
    told = scene.told(left, "day")["failing"][0]
    assert ("cap_reached", "2", ["2"]) == (told["code"], told["value"], told["expected"])
    for gap in (1, 7, 31):
        jump_to(running, quiet.now() + DAY * gap)
        days.append(quiet.now().date())
        scene.upload(*(f"{gap}-{n}" for n in range(3)))
    assert {name: 2 * len({*map(of, days)}) for name, of in PERIODS.items()} == {
        name: len(scene.got(name)) for name in PERIODS
    }
    assert 3 == len(scene.got("total"))


def slots_taken(scene: Scene, campaign: str) -> int:
    return sum(scene.about(campaign)["capacity"].values())


@pytest.mark.rule("RTE-12")
def test_a_slot_is_freed_by_a_refusal_and_kept_in_doubt(running: dict[str, Any]) -> None:
    """A definite refusal frees it, and so does an endpoint that was never reached. After a day of
    attempts without an answer it stays taken, until a person says what became of the lead."""
    scene = Scene(running, "slots")
    one = {"caps": {"total": 1}}
    away = {"mode": "webhook", "url": "http://127.0.0.1:1/", "secret": "default"}
    scene.put(refuses=one, lost=one, came=one, away=one | {"send": away})
    scene.behave("refuses", "fail", status=422)
    for name in ("lost", "came"):
        scene.behave(name, "close")
    scene.upload("first")
    assert {"reserved": 1, "used": 0, "uncertain": 0} == scene.about("lost")["capacity"]
    scene.behave("refuses", "ok")
    jump_to(running, quiet.now() + DAY + MINUTE)
    sends = {name: scene.sends(name)["first"] for name in ("refuses", "lost", "came", "away")}
    states = [send["status"] for send in sends.values()]
    assert ["refused", "uncertain", "uncertain", "refused"] == states
    taken = [slots_taken(scene, name) for name in sends]
    assert [0, 1, 1, 0] == taken
    uncertain = events(running, "routing.lead.uncertain")
    doubtful = [row["key"] for row in uncertain if row["affiliate"] == scene.name]
    assert sorted([sends["lost"]["key"], sends["came"]["key"]]) == sorted(doubtful)
    resolved = [resolve(scene, name, sends[name]["key"]) for name in ("refuses", "lost", "came")]
    assert ["not_uncertain", "refused", "sent"] == resolved
    for name in ("lost", "came"):
        scene.behave(name, "ok")
    scene.upload("second")
    assert (["second"], ["second"], []) == tuple(
        scene.got(name) for name in ("refuses", "lost", "came")
    )
    assert ["cap_reached"] == scene.why("second", "came")
    assert [422] == [row["status"] for row in scene.rows("refuses", "first")]


def resolve(scene: Scene, campaign: str, key: str) -> str:
    outcome = "sent" if campaign == "came" else "refused"
    data = {"campaign": scene.id(campaign), "send": key, "outcome": outcome, "reason": "they said"}
    return asked("routing.send.resolve", scene.id(campaign), data).code


@pytest.mark.rule("RTE-13")
def test_a_weekly_campaign_sends_on_its_day_once(running: dict[str, Any]) -> None:
    """Until then leads wait, while another campaign has them at once. A run that did not take place
    on the day is made up for when routing is there again, once."""
    scene = Scene(running, "weekly")
    day = (quiet.now() + timedelta(days=2)).replace(second=0, microsecond=0)
    scene.put(weekly=on_day(day), daily={})
    scene.upload("a", "b")
    assert ([], ["a", "b"]) == (scene.got("weekly"), scene.got("daily"))
    until = scene.told("a", "weekly")["failing"][0]["value"]
    assert day == datetime.fromisoformat(until)
    jump_to(running, day - MINUTE)
    assert [] == scene.got("weekly")
    jump_to(running, day + MINUTE)
    assert ["a", "b"] == scene.got("weekly")
    scene.upload("c")
    stack.up({"routing": 0})
    clock.jump_to(Path(running["clock_file"]), day + timedelta(days=9))
    assert ["a", "b"] == scene.got("weekly")
    stack.up({"routing": 2})
    quiet.wait_quiet(WAIT_SECONDS)
    assert ["a", "b", "c"] == scene.got("weekly")
    jump_to(running, day + timedelta(days=15))
    assert ["a", "b", "c"] == scene.got("weekly")


@pytest.mark.rule("RTE-16")
def test_leads_that_nobody_gets_are_raised(running: dict[str, Any]) -> None:
    """Three of one delivery after a day, each after seven, with what stood in their way; not what
    was sent, not what waits for its day, and not fewer than three."""
    scene = Scene(running, "watch")
    weekly = on_day(quiet.now() + DAY * 2) | {"places": [{"country": "DE"}]}
    scene.put(north={"places": [{"country": "NO"}]}, weekly=weekly)
    lands = {"lost": "ES", "few": "ES", "waiting": "DE", "fine": "NO"}
    count = {"few": 2}
    scene.upload_each(
        {
            f"{name}{n}": {"Land": land, "delivery": name}
            for name, land in lands.items()
            for n in range(count.get(name, 3))
        }
    )
    assert [] == raised(scene)
    jump_to(running, quiet.now() + DAY + MINUTE)
    (told,) = raised(scene)
    lost = {scene.leads[f"lost{n}"] for n in range(3)}
    assert ("lost", lost, ["filter.place"]) == (
        told["delivery"],
        {*told["leads"]},
        told["codes"],
    )
    watched = {
        group["delivery"]: (group["unsent"], group["raised_at"] is not None)
        for group in get("routing", "/watch")["deliveries"]
        if group["affiliate"] == scene.name
    }
    assert {"lost": (3, True), "few": (2, False)} == watched
    assert set() == unsent(scene)
    jump_to(running, quiet.now() + DAY * 2)
    assert 3 == len(scene.got("weekly"))
    jump_to(running, quiet.now() + DAY * 4)
    assert lost | {scene.leads[f"few{n}"] for n in range(2)} == unsent(scene)
    assert 1 == len(raised(scene))


def raised(scene: Scene) -> list[dict[str, Any]]:
    found = events(scene.running, "routing.delivery.unsent")
    return [row for row in found if row["affiliate"] == scene.name]


def unsent(scene: Scene) -> set[str]:
    found = events(scene.running, "routing.lead.unsent")
    return {row["lead"] for row in found if row["affiliate"] == scene.name}


class Customer(BaseHTTPRequestHandler):
    """Keeps what it gets, whole."""

    got: list[tuple[dict[bytes, bytes], bytes]] = []

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower().encode(): text.encode() for name, text in self.headers.items()}
        self.got.append((headers, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def customer() -> Iterator[str]:
    """The address of an endpoint of our own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Customer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()


@pytest.mark.rule("RTE-15")
def test_a_webhook_is_signed_with_both_secrets(running: dict[str, Any], customer: str) -> None:
    """While a secret is being changed, each of the two verifies it and no other; the key of the
    send is that of the request, and over other bytes no signature holds."""
    scene = Scene(running, "signed")
    scene.put(hook={"send": {"mode": "webhook", "url": customer, "secret": "turning"}})
    scene.upload("a")
    ((headers, body),) = Customer.got
    verified = [is_signed(secret_bytes(secret), headers, body) for secret in (*TURNING, STRANGE)]
    assert [True, True, False] == verified
    assert not is_signed(secret_bytes(TURNING[0]), headers, body + b" ")
    send = scene.sends("hook")["a"]
    assert (send["key"], "sent") == (headers[b"webhook-id"].decode(), send["status"])
    told = json.loads(body)
    assert (send["key"], scene.leads["a"]) == (told["key"], told["lead"])


@pytest.mark.rule("RTE-15")
def test_leads_go_by_mail_and_as_files(running: dict[str, Any]) -> None:
    """Each once, with the content that a webhook has; a mail server that refuses is final."""
    scene = Scene(running, "modes")
    mail = {"send": {"mode": "email", "to": "leads@customer.example"}}
    scene.put(hook={}, mail=mail, unwanted=mail, file={"send": {"mode": "file", "folder": "modes"}})
    scene.behave("unwanted", "fail", status=422)
    scene.upload("a", "b")
    assert [["a", "b"]] * 2 == [scene.got(name) for name in ("hook", "mail")]
    folder = Path(running["var"]) / "drop" / "modes"
    files = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    sends = scene.sends("file")
    assert {send["key"]: scene.leads[name] for name, send in sends.items()} == {
        key: content["lead"] for key, content in files.items()
    }
    assert {"a@modes.example", "b@modes.example"} == {
        content["person"]["email"] for content in files.values()
    }
    assert [
        ["1: done: the file was written"],
        ["1: done: the mail server took it"],
        ["1: refused: the mail server answered 554"],
    ] == [scene.attempts(name, "a") for name in ("file", "mail", "unwanted")]
    assert [] == scene.got("unwanted")


ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "ok": ({"mode": "ok"}, "1: done: answered 200"),
    "moved": (
        {"mode": "redirect"},
        "1: refused: answered 302: redirects are not followed",
    ),
    "unwanted": ({"mode": "fail", "status": 422}, "1: refused: answered 422"),
    "busy": ({"mode": "fail", "status": 429}, "1: unknown: answered 429"),
    "broken": ({"mode": "fail", "status": 503}, "1: unknown: answered 503"),
    "closed": ({"mode": "close"}, "1: unknown: the connection ended without an answer"),
    "nonsense": ({"mode": "nonsense"}, "1: unknown: answered something that is not HTTP"),
}
FINAL = {"ok": ["200"], "moved": ["302"], "unwanted": ["422"]}


@pytest.mark.rule("RTE-15")
def test_each_answer_has_its_end(running: dict[str, Any]) -> None:
    """Taken, refused for good, or tried again on the stack's clock, not before 10 s and under the
    same key with the same bytes; each attempt is told in the send's history, a lead counts once."""
    scene = Scene(running, "answers")
    scene.put_all(dict.fromkeys(ANSWERS, {}))
    for name, (behaviour, _) in ANSWERS.items():
        scene.behave(name, **behaviour)
    scene.upload("a")
    assert {name: text for name, (_, text) in ANSWERS.items()} == {
        name: scene.attempts(name, "a")[0] for name in ANSWERS
    }
    for name in ANSWERS:
        scene.behave(name, "ok")
    jump_to(running, quiet.now() + MINUTE)
    again = sorted({*ANSWERS} - {*FINAL})
    assert [["a"]] * len(again) == [scene.got(name) for name in again]
    ends = [scene.attempts(name, "a")[-1].partition(": ") for name in again]
    assert all(int(number) > 1 and text == "done: answered 200" for number, _, text in ends)
    for name in again:
        rows = scene.rows(name)
        assert 1 == len({row["key"] for row in rows}) == len({row["body_sha256"] for row in rows})
    assert [1] * len(FINAL) == [len(scene.rows(name)) for name in FINAL]
    sent = [row["campaign"] for row in events(running, "routing.lead.sent")]
    assert [1] * len(again) == [sent.count(scene.id(name)) for name in again]
    assert ["refused"] * 2 == [scene.sends(name)["a"]["status"] for name in ("moved", "unwanted")]


@pytest.mark.rule("RTE-15")
def test_an_endpoint_that_keeps_failing_is_left_alone(running: dict[str, Any]) -> None:
    """After five failures it gets one attempt at a time and operators are told; the others are sent
    to meanwhile, and when it answers again it gets everything, once."""
    scene = Scene(running, "breaker")
    scene.put(dead={}, alive={})
    scene.behave("dead", "fail", status=503)
    many = [f"r{n}" for n in range(8)]
    try:
        scene.upload_each(dict.fromkeys(many, {}), settle=False)
        wait_until(lambda: scene.got("alive") == many and is_open(scene, "dead"))
        assert not is_open(scene, "alive")
        assert [] == scene.got("dead")
    finally:
        scene.behave("dead", "ok")
    wait_until(lambda: bool(scene.got("dead")))
    jump_to(running, quiet.now() + MINUTE * 15)
    assert many == scene.got("dead")
    assert {"sent"} == {send["status"] for send in scene.sends("dead").values()}


def is_open(scene: Scene, campaign: str) -> bool:
    name = scene.id(campaign)
    return any(one["breaker_open"] and name in one["endpoint"] for one in failing_endpoints())


def failing_endpoints() -> list[dict[str, Any]]:
    """As each replica of routing tells operators."""
    with Api() as api:
        replicas = [row for row in api.stack["processes"] if row["service"] == "routing"]
        answers = [api.client.get(f"{row['http']}/endpoints").json() for row in replicas]
    return [one for answer in answers for one in answer["items"]]
