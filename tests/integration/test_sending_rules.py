"""Routing's rules on how leads are sent, on a real stack with two replicas of routing, each with
what must not be. Every test stands it that the clock is advanced by others.
"""

import json
import os
import threading
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cli.api import Api
from deploy.received import is_signed, secret_bytes
from tests.integration.platform import ON_THE_STACK, TURNING, RealStack, wait_until
from tests.scenes.scene import Scene

pytestmark = ON_THE_STACK

STRANGE = "whsec_" + b64encode(os.urandom(32)).decode()
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.rule("RTE-12")
def test_a_slot_is_freed_by_a_refusal_and_kept_in_doubt(real: RealStack) -> None:
    """A definite refusal frees it, and so does an endpoint that was never reached. After a day of
    attempts without an answer it stays taken, until a person says what became of the lead."""
    scene = Scene(real, "slots")
    one = {"caps": {"total": 1}}
    away = {"mode": "webhook", "url": "http://127.0.0.1:1/", "secret": "default"}
    scene.put(refuses=one, lost=one, came=one, away=one | {"send": away})
    scene.behave("refuses", "fail", status=422)
    for name in ("lost", "came"):
        scene.behave(name, "close")
    scene.upload("first")
    assert {"reserved": 1, "used": 0, "uncertain": 0} == scene.about("lost")["capacity"]
    scene.behave("refuses", "ok")
    real.jump_to(real.now() + DAY + MINUTE)
    sends = {name: scene.sends(name)["first"] for name in ("refuses", "lost", "came", "away")}
    states = [send["status"] for send in sends.values()]
    assert ["refused", "uncertain", "uncertain", "refused"] == states
    taken = [slots_taken(scene, name) for name in sends]
    assert [0, 1, 1, 0] == taken
    uncertain = real.events("routing.lead.uncertain")
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
    return scene.platform.ask("routing.send.resolve", scene.id(campaign), data).code


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
@pytest.mark.case("lead-files", "P18")
def test_a_webhook_is_signed_with_both_secrets(real: RealStack, customer: str) -> None:
    """While a secret is being changed, each of the two verifies it and no other; the key of the
    send is that of the request, and over other bytes no signature holds."""
    scene = Scene(real, "signed")
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
def test_leads_go_by_mail_and_as_files(real: RealStack) -> None:
    """Each once, with the content that a webhook has; a mail server that refuses is final."""
    scene = Scene(real, "modes")
    mail = {"send": {"mode": "email", "to": "leads@customer.example"}}
    scene.put(hook={}, mail=mail, unwanted=mail, file={"send": {"mode": "file", "folder": "modes"}})
    scene.behave("unwanted", "fail", status=422)
    scene.upload("a", "b")
    assert [["a", "b"]] * 2 == [scene.got(name) for name in ("hook", "mail")]
    folder = Path(real.found["var"]) / "drop" / "modes"
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
def test_each_answer_has_its_end(real: RealStack) -> None:
    """Taken, refused for good, or tried again on the stack's clock, not before 10 s and under the
    same key with the same bytes; each attempt is told in the send's history, a lead counts once."""
    scene = Scene(real, "answers")
    scene.put_all(dict.fromkeys(ANSWERS, {}))
    for name, (behaviour, _) in ANSWERS.items():
        scene.behave(name, **behaviour)
    scene.upload("a")
    assert {name: text for name, (_, text) in ANSWERS.items()} == {
        name: scene.attempts(name, "a")[0] for name in ANSWERS
    }
    for name in ANSWERS:
        scene.behave(name, "ok")
    real.jump_to(real.now() + MINUTE)
    again = sorted({*ANSWERS} - {*FINAL})
    assert [["a"]] * len(again) == [scene.got(name) for name in again]
    ends = [scene.attempts(name, "a")[-1].partition(": ") for name in again]
    assert all(int(number) > 1 and text == "done: answered 200" for number, _, text in ends)
    for name in again:
        rows = scene.rows(name)
        assert 1 == len({row["key"] for row in rows}) == len({row["body_sha256"] for row in rows})
    assert [1] * len(FINAL) == [len(scene.rows(name)) for name in FINAL]
    sent = [row["campaign"] for row in real.events("routing.lead.sent")]
    assert [1] * len(again) == [sent.count(scene.id(name)) for name in again]
    assert ["refused"] * 2 == [scene.sends(name)["a"]["status"] for name in ("moved", "unwanted")]


@pytest.mark.rule("RTE-15")
def test_an_endpoint_that_keeps_failing_is_left_alone(real: RealStack) -> None:
    """After five failures it gets one attempt at a time and operators are told; the others are sent
    to meanwhile, and when it answers again it gets everything, once."""
    scene = Scene(real, "breaker")
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
    real.jump_to(real.now() + MINUTE * 15)
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


def slots_taken(scene: Scene, campaign: str) -> int:
    return sum(scene.about(campaign)["capacity"].values())
