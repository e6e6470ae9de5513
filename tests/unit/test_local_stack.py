"""The local stack's decisions that need no process."""

import base64
import hashlib
import hmac
import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from ruamel.yaml import YAML

from cli.main import run
from cli.stack_commands import reason_rows, status_row
from deploy import received
from deploy.files import CHECKOUT
from deploy.local import clock, plan, process, quiet
from deploy.local.process import StackError, WrongRequest
from deploy.local.stack import STOP_SECONDS_MAX
from deploy.local.supervisor import SERVICE_GRACE_SECONDS
from deploy.received import Answer
from shared import http_server, serve
from shared.loop import loop

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL_OPEN = [{"shard": n, "state": "open", "error": None} for n in range(12)]


def test_services_have_the_time_that_their_graceful_stop_takes() -> None:
    """Of whoever stops them: what is cut off is in flight, and may be made a second time."""
    of_the_loop = loop.STEP_END_SECONDS + serve.EFFECTS_END_SECONDS
    takes = serve.GRACEFUL_SECONDS + of_the_loop + http_server.STOP_SECONDS_MAX
    composed = YAML(typ="safe").load(CHECKOUT / "docker-compose.yml")["x-service"]
    given = int(composed["stop_grace_period"].removesuffix("s"))
    assert takes < given == SERVICE_GRACE_SECONDS < STOP_SECONDS_MAX


def instance(**changes: Any) -> dict[str, Any]:
    idle = {
        "service": "intake",
        "instance": 0,
        "shards": ALL_OPEN,
        "lag": 0,
        "outbox": 0,
        "effects": {"in_flight": 0, "waiting": 0, "next_at": None},
        "due": {"now": 0, "next_at": None},
        "progress": 1,
        "not_ready": [],
    }
    return {"service": "intake", "instance": 0, "status": idle | changes}


def test_an_idle_service_has_nothing_left() -> None:
    assert quiet.what_is_left([instance()], NOW) == []


def test_a_future_date_is_not_work() -> None:
    due = {"now": 0, "next_at": (NOW + timedelta(days=1)).isoformat()}
    assert quiet.what_is_left([instance(due=due)], NOW) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"lag": 2}, "intake: lag 2"),
        ({"outbox": 1}, "intake: outbox 1"),
        (
            {"effects": {"in_flight": 3, "waiting": 0, "next_at": None}},
            "intake: effects in flight 3",
        ),
        ({"due": {"now": 4, "next_at": None}}, "intake: due now 4"),
        ({"due": {"now": 0, "next_at": NOW.isoformat()}}, "intake: something has just become due"),
        ({"shards": ALL_OPEN[1:]}, "intake: shards 0 not open"),
        ({"shards": ALL_OPEN[2:]}, "intake: shards 0, 1 not open"),
        ({"lag": None, "outbox": None}, "intake: lag, outbox unknown"),
    ],
)
def test_work_that_is_left_is_named(changes: dict[str, Any], named: str) -> None:
    assert [named] == quiet.what_is_left([instance(**changes)], NOW)


def test_what_is_due_is_counted_over_all_replicas() -> None:
    """Each knows what is due in its own shards."""
    rows = [instance(due={"now": now, "next_at": None}) for now in (3, 0, 4)]
    assert ["intake: due now 7"] == quiet.what_is_left(rows, NOW)


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        (["the store is silent"], "intake is not ready: the store is silent"),
        (["a, b", "c", "d"], "intake is not ready: a, b (2 more in `leadops status`)"),
    ],
)
def test_what_keeps_a_service_from_what_is_left_is_told(reasons: list[str], told: str) -> None:
    """Waiting alone may not help; a service with nothing left is not complained of."""
    left = quiet.what_is_left([instance(lag=2, not_ready=reasons)], NOW)
    assert ["intake: lag 2", told] == left
    assert [] == quiet.what_is_left([instance(not_ready=reasons)], NOW)


def test_endpoints_that_fail_are_told_with_what_waits_for_them() -> None:
    """Until their breakers close, waiting longer does not help."""
    waiting = {"effects": {"in_flight": 0, "waiting": 2, "next_at": NOW.isoformat()}}
    failing = instance(**waiting, endpoints={"failing": 3, "breakers_open": 2})
    assert quiet.what_is_left([failing], NOW) == [
        "intake: something has just become due",
        "intake: endpoints that fail, and are asked ever more seldom: 2",
    ]
    assert quiet.what_is_left([instance(endpoints={"failing": 3, "breakers_open": 2})], NOW) == []


def test_each_reason_why_a_replica_is_not_ready_has_a_line() -> None:
    """There may be one for every shard."""
    rows = reason_rows(instance(not_ready=["shard 0 is refused: x, y", "shard 1 is closed"]))
    expected = ["shard 0 is refused: x, y", "shard 1 is closed"]
    assert [("intake 0", why) for why in expected] == [(one["service"], one["why"]) for one in rows]
    assert [] == reason_rows({"service": "intake", "instance": 0, "status": None})


def retries(attempt_at: datetime | None) -> dict[str, Any]:
    """One retry is due now, at an endpoint that would, or would not, be asked."""
    due = {"in_flight": 0, "waiting": 1, "next_at": NOW.isoformat(), "latest_at": NOW.isoformat()}
    return instance(effects=due | {"attempt_at": attempt_at and attempt_at.isoformat()})


@pytest.mark.parametrize(
    ("attempt_at", "failing_too", "expected"),
    [
        (None, False, []),
        (None, True, ["intake: something has just become due"]),
        (NOW, False, ["intake: something has just become due"]),
        (NOW, True, ["intake: something has just become due"]),
    ],
)
def test_the_clock_does_not_wait_for_an_endpoint_that_would_not_be_asked(
    attempt_at: datetime | None, failing_too: bool, expected: list[str]
) -> None:
    """Whoever waits until all is drained does."""
    rows = [retries(attempt_at)]
    assert expected == quiet.what_is_left(rows, NOW, failing_too=failing_too)


def test_the_retries_of_a_failing_endpoint_are_no_stops_of_the_clock() -> None:
    """But for the one moment at which all of them are due."""
    deadline = NOW + timedelta(hours=2)
    due = {"now": 0, "next_at": deadline.isoformat()}
    rows = [retries(None), instance(due=due)]
    assert ([deadline], [NOW]) == (quiet.due_moments(rows), quiet.latest_retry(rows))


def test_what_goes_on_failing_is_told() -> None:
    told: list[str] = []
    rows = [retries(None) | {"service": "routing"}, instance()]
    rows[0]["status"]["endpoints"] = {"failing": 1, "breakers_open": 1}
    quiet.tell_failing(rows, told.append)
    assert ["routing: 1 send waiting for endpoints that fail (1)"] == told


def test_replicas_share_the_shards_between_them() -> None:
    rows = [instance(shards=ALL_OPEN[:5]), instance(shards=ALL_OPEN[5:], instance=1)]
    assert quiet.what_is_left(rows, NOW) == []


def test_an_instance_that_does_not_answer_is_not_quiet() -> None:
    rows = [instance(), {"service": "intake", "instance": 1, "status": None}]
    assert quiet.what_is_left(rows, NOW) == ["intake 1 can't be reached"]


def test_a_new_plan_keeps_the_secrets_of_the_former(tmp_path: Path) -> None:
    first = plan.make(tmp_path, {"intake": []}, {}, {})
    plan.save(tmp_path, first)
    second = plan.make(tmp_path, {"intake": []}, {"intake": 3}, {})
    assert (first.secret, first.token, 3) == (second.secret, second.token, second.count("intake"))


def test_the_receiver_is_found_where_campaigns_know_it(tmp_path: Path) -> None:
    """A stack that went down and comes up has the same port, unless somebody else has taken it."""
    first = plan.make(tmp_path, {}, {}, {})
    plan.save(tmp_path, first)
    assert first.receiver_port == plan.make(tmp_path, {}, {}, {}).receiver_port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first.receiver_port))
        taken.listen()
        assert first.receiver_port != plan.make(tmp_path, {}, {}, {}).receiver_port


def test_replicas_of_an_unknown_service_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongRequest, match="no service 'nope'"):
        plan.make(tmp_path, {"intake": []}, {"nope": 1}, {})


@pytest.mark.parametrize(("count", "told"), [(13, "has 12 shards"), (99, "has 12"), (-1, "-1")])
def test_replicas_that_would_have_no_work_are_refused(
    tmp_path: Path, count: int, told: str
) -> None:
    """A slip of the finger would start as many processes."""
    with pytest.raises(WrongRequest, match=told):
        plan.make(tmp_path, {"intake": []}, {"intake": count}, {})
    assert plan.make(tmp_path, {"intake": []}, {"intake": 12}, {}).count("intake") == 12


@pytest.mark.parametrize(
    "arguments",
    [
        ["clock", "advance", "99999999999d"],
        ["clock", "advance", f"{10**400}w"],
        ["clock", "advance", "3651d"],
        ["clock", "advance", "1h", "--timeout", "nan"],
        ["wait", "--drained", "--timeout", "inf"],
        ["wait", "--drained", "--timeout", "-1"],
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_a_time_that_nobody_can_wait_for_is_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"


def test_the_clock_never_runs_backwards(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    clock.set_offset(file, timedelta(days=2))
    clock.jump_to(file, datetime.now(UTC))
    assert timedelta(days=2) == clock.offset(file)


def signed(secret: bytes, body: bytes) -> dict[bytes, bytes]:
    digest = hmac.digest(secret, b"k1.1700000000." + body, hashlib.sha256)
    return {
        b"webhook-id": b"k1",
        b"webhook-timestamp": b"1700000000",
        b"webhook-signature": b"v1,other v1," + base64.b64encode(digest),
    }


def test_only_the_body_that_was_signed_is_taken() -> None:
    headers = signed(b"secret", b"{}")
    assert received.is_signed(b"secret", headers, b"{}")
    assert not received.is_signed(b"secret", headers, b"{ }")
    assert not received.is_signed(b"other", headers, b"{}")


def test_a_request_is_written_down_with_key_and_lead() -> None:
    body = b'{"lead": "L1"}'
    delivery = received.from_webhook("c1", signed(b"secret", body), body)
    line = json.loads(received.line(delivery, 200, taken=True))
    digest = hashlib.sha256(body).hexdigest()
    expected = {"key": "k1", "lead": "L1", "campaign": "c1", "status": 200, "body_sha256": digest}
    assert expected | {"taken": True} == {name: line[name] for name in line if name != "at"}


def test_a_request_that_is_written_down_does_not_name_the_person() -> None:
    body = b'{"lead": "L1", "person": {"email": "dana@northgrid.example"}}'
    line = received.line(received.from_webhook("c1", {}, body), 200, taken=True)
    digest = hashlib.sha256(b"dana@northgrid.example").hexdigest()
    assert digest == json.loads(line)["person_sha256"]
    assert "northgrid" not in line


def test_the_customer_keeps_its_word_about_a_key() -> None:
    """Taken stays taken and refused stays refused, also after a restart; an error says nothing."""
    decided = received.Decided(['{"key": "old", "status": 0, "taken": true}'])
    assert [200, 422] == [answered(decided, "taken", 200), answered(decided, "refused", 422)]
    assert [500, 200] == [answered(decided, "tried", 500), answered(decided, "tried", 200)]
    asked_again = {key: answered(decided, key, 422) for key in ("old", "taken", "tried")}
    assert {"old": 200, "taken": 200, "tried": 200} == asked_again
    assert [422, 422] == [answered(decided, "refused", 200), answered(decided, "refused", 0)]


def answered(decided: received.Decided, key: str, status: int) -> int:
    return decided.answer(key, Answer(status)).status


def test_a_campaign_behaves_as_told_and_others_by_the_default() -> None:
    behaviours = received.Behaviours()
    behaviours.tell("*", mode="slow", seconds=2.0)
    behaviours.tell("c1", mode="fail", status=503)
    assert Answer(503) == behaviours.for_campaign("c1").answer()
    assert Answer(200, 2.0) == behaviours.for_campaign("c2").answer()


def test_a_share_of_keys_has_the_same_disposition_in_every_run() -> None:
    """Each attempt anew where the customer is flaky, so that what failed may be taken later."""
    behaviours = received.Behaviours()
    behaviours.tell("refuses", mode="fail", status=422, share=0.3)
    behaviours.tell("flaky", mode="flaky")
    keys = [f"key-{number}" for number in range(1000)]
    answers = [behaviours.for_campaign("refuses").answer(key, 0) for key in keys]
    assert 270 <= answers.count(Answer(422)) <= 330
    assert answers == [behaviours.for_campaign("refuses").answer(key, 7) for key in keys]
    tries = [behaviours.for_campaign("flaky").answer("key-1", attempt) for attempt in range(1000)]
    assert 270 <= tries.count(Answer(500)) <= 330


def test_an_unknown_mode_is_told() -> None:
    with pytest.raises(ValueError, match="unknown mode 'odd', not one of ok, slow"):
        received.Behaviours().tell("c1", mode="odd")


def test_an_error_is_a_json_document_with_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADOPS_VAR", str(tmp_path))
    assert run(["status", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "stack"


def test_wrong_usage_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["clock", "advance", "soon", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"
    assert issubclass(WrongRequest, StackError)


def test_no_port_is_given_twice() -> None:
    """Whoever got it may not listen yet: two parts of a stack would meet on it."""
    drawn = iter([25_001, 25_001, 25_002, 25_003])
    with (
        patch.object(process.random, "randrange", lambda *_: next(drawn)),
        patch.object(process, "is_free", lambda _port: True),
    ):
        assert [25_001] == process.free_ports(1)
        assert [25_003] == process.free_ports(1, besides=[25_002])


def test_who_waits_is_told_for_what(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At once, where the first reminder is due at once; on stderr, as all progress."""
    monkeypatch.setattr(process, "REMIND_SECONDS", 0.0)
    answers = iter([False, True])
    process.wait_for("the broker to answer", 60, lambda: next(answers), every=0)
    assert capsys.readouterr() == ("", "waiting for the broker to answer\n")


def test_a_short_wait_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    answers = iter([False, True])
    process.wait_for("the broker to answer", 60, lambda: next(answers), every=0)
    assert capsys.readouterr() == ("", "")


def test_a_figure_that_the_store_does_not_give_is_shown_as_unknown() -> None:
    """Also where each instance is a block of lines, which leaves out what is missing."""
    unknown = {"in_flight": None, "waiting": None}
    row = instance(outbox=None, effects=unknown, dead_letters=None, blocked=None, ready=False)
    row["status"] |= {"endpoints": {"breakers_open": 0}, "oldest_seconds": None}
    shown = status_row({**row, "pid": 7})
    unknown_ones = [name for name, figure in shown.items() if figure == "-"]
    assert ["outbox", "dead_letters", "blocked", "oldest", "effects"] == unknown_ones
    assert 0 == shown["lag"]
