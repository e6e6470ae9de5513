"""Leads through real processes, a real broker and a real store, told and judged by the wire."""

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.api import Api
from cli.command import Asker, Command, record_of
from cli.publishing import put_in_log
from deploy.local import quiet
from tests.integration.platform import ON_THE_STACK, RealStack, tell, wait_until
from tests.scenes.platform import OPERATOR
from tests.simulation import poison

pytestmark = ON_THE_STACK

SUBMIT = "leadops.intake.lead.submit.v1"
CODE = "TST-AAA-BBB-1"
AFFILIATE = {
    "id": "acme-leads",
    "name": "Acme Leads",
    "contacts": [{"name": "Main", "email": "main@acme-leads.example", "roles": ["main"]}],
    "mapping": {
        "fields": {
            "email": "Mail",
            "first_name": "First",
            "country": "Land",
            "category": "Topic",
            "job_title": "Title",
        }
    },
    "lead_codes": [CODE],
    "categories": ["101", "102"],
}


@pytest.fixture(scope="module", autouse=True)
def campaigns(running: dict[str, Any]) -> None:
    """One affiliate and three campaigns."""
    put("leadops.intake.affiliate.put.v1", AFFILIATE)
    put_campaign(running, "everywhere")
    put_campaign(running, "capped", caps={"total": 2}, places=[{"country": "FR"}])
    put_campaign(running, "germany", places=[{"country": "DE"}])


def put(kind: str, document: dict[str, Any]) -> None:
    (answer,) = tell(Command(kind, json.dumps(document).encode(), document["id"]))
    assert answer.accepted, answer


def put_campaign(found: dict[str, Any], name: str, **changed: Any) -> None:
    send = {"mode": "webhook", "url": f"{found['receiver']}/campaigns/{name}", "secret": "default"}
    put(
        "leadops.routing.campaign.put.v1",
        {"id": name, "customer": "acme", "programme": "standard", "lead_codes": [CODE]}
        | {"send": send}
        | changed,
    )


def submission(reference: str, email: str, **changed: Any) -> Command:
    record = {"Mail": email, "First": "Io", "Land": "US", "Topic": "101"} | changed.pop(
        "record", {}
    )
    data = {
        "affiliate": "acme-leads",
        "lead_code": CODE,
        "reference": reference,
        "record": record,
    } | changed
    return Command(SUBMIT, json.dumps(data).encode(), f"{data['affiliate']}:{reference}")


def received(running: dict[str, Any], lead: str) -> list[dict[str, Any]]:
    rows = map(json.loads, (Path(running["var"]) / "received.jsonl").read_text().splitlines())
    return [row for row in rows if row["lead"] == lead]


def lead_of(lead: str) -> dict[str, Any]:
    with Api() as api:
        found: dict[str, Any] = api.get("intake", f"/leads/{lead}")
        return found


def test_a_lead_goes_from_upload_to_the_customers_that_want_it(running: dict[str, Any]) -> None:
    """Accepted, matched, claimed, sent once to each campaign that wants it, and to no other."""
    (answer,) = tell(submission("r1", "io.one@mail.example", record={"Land": "DE"}))
    assert answer.accepted and answer.details["outcome"] == "accepted"
    quiet.wait_quiet(30)
    rows = received(running, answer.details["lead"])
    assert ["everywhere", "germany"] == sorted(row["campaign"] for row in rows)
    assert 2 == len({row["key"] for row in rows})
    assert {200} == {row["status"] for row in rows}


def test_one_trace_follows_a_lead_from_submission_to_delivery(running: dict[str, Any]) -> None:
    """The trace of the upload is that of what the customer's endpoint gets; no other lead's."""
    first, second = tell(
        submission("t1", "io.trace@mail.example"), submission("t2", "io.other@mail.example")
    )
    quiet.wait_quiet(30)
    traces = {
        answer.details["lead"]: trace_of(answer.details["lead"]) for answer in (first, second)
    }
    assert 2 == len(set(traces.values()))
    lead = first.details["lead"]
    assert {traces[lead]} == {row["traceparent"].split("-")[1] for row in received(running, lead)}
    wanted = {
        "send intake.commands.v1",
        "process intake.commands.v1",
        "process routing.claims.v1",
        "send http",
    }
    assert wanted <= span_names(running, traces[lead], wanted)


def trace_of(lead: str) -> str:
    found = json.dumps(lead_of(lead))
    return str(json.loads(found)["trace"]).split("-")[1]


def span_names(running: dict[str, Any], trace: str, wanted: set[str]) -> set[str]:
    """Each process exports its spans in batches, some seconds apart."""
    limit = time.monotonic() + 20
    while True:
        text = (Path(running["var"]) / "spans.jsonl").read_text()
        rows = [json.loads(line) for line in text.splitlines()]
        names = {row["name"] for row in rows if row["trace_id"] == trace}
        if wanted <= names or time.monotonic() > limit:
            return names
        time.sleep(0.5)


@pytest.mark.rule("INT-04")
def test_a_person_is_one_contact_also_where_the_lead_fails(running: dict[str, Any]) -> None:
    """Two uploads of one email, one of them unusable: one person, both leads found by the email;
    another email finds neither."""
    good, bad = tell(
        submission("p1", " Io.Person@Mail.example "),
        submission("p2", "io.person@mail.example", record={"Topic": ""}),
    )
    assert ("accepted", "unusable") == (good.details["outcome"], bad.details["outcome"])
    with Api() as api:
        found = api.get("intake", "/leads", email="IO.PERSON@mail.example")["leads"]
        nobody = api.get("intake", "/leads", email="io.nobody@mail.example")["leads"]
    assert {good.details["lead"], bad.details["lead"]} == {row["id"] for row in found}
    assert 1 == len({row["person_id"] for row in found})
    assert [] == nobody


def test_an_accepted_reference_is_that_lead_forever(running: dict[str, Any]) -> None:
    """The same reference again is answered with the first outcome; unusable ones are tried anew."""
    first, again = (
        tell(submission("f1", "io.f1@mail.example", record={"First": name}))[0]
        for name in ("Io", "Jo")
    )
    assert first.details["lead"] == again.details["lead"]
    (unusable,) = tell(submission("f2", "no address"))
    (mended,) = tell(submission("f2", "io.f2@mail.example"))
    outcomes = (unusable.details["outcome"], mended.details["outcome"])
    assert ("unusable", "accepted") == outcomes


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"affiliate": "nobody"}, "affiliate_unknown"),
        ({"lead_code": "NO-SUCH-CODE-1"}, "lead_code_unknown"),
        ({"record": {"Topic": "999"}}, "category_unknown"),
    ],
)
def test_what_does_not_exist_is_refused(
    running: dict[str, Any], changed: dict[str, Any], code: str
) -> None:
    """With its code, as the answer to that command."""
    (answer,) = tell(submission(f"x-{code}", "io.x@mail.example", **changed))
    assert (False, code) == (answer.accepted, answer.code)


def test_an_unknown_campaign_is_refused(running: dict[str, Any]) -> None:
    data = json.dumps({"campaign": "none-such", "reason": "test"}).encode()
    (answer,) = tell(Command("leadops.routing.campaign.pause.v1", data, "none-such"))
    assert (False, "campaign_unknown") == (answer.accepted, answer.code)


@pytest.mark.rule("OPS-06")
def test_every_command_is_answered(running: dict[str, Any]) -> None:
    """Accepted, refused or dead-lettered: each of them gets an answer that names it, with a
    code; of data that is not as its type asks for, with all that is wrong."""
    unknown = Command("leadops.intake.lead.juggle.v1", b"{}", "acme-leads:u")
    cut = Command(SUBMIT, b'{"affiliate": "acme-le', "acme-leads:c")
    wrong = Command(SUBMIT, b'{"affiliate": 5}', "acme-leads:w")
    good = submission("a1", "io.answered@mail.example")
    answers = tell(unknown, cut, wrong, good)
    codes = ["unknown_command", "dead_letter", "invalid", "accepted"]
    assert codes == [answer.code for answer in answers]
    assert [False, False, False, True] == [answer.accepted for answer in answers]
    faults = {fault["field"]: fault["code"] for fault in answers[2].details["faults"]}
    assert {"affiliate": "wrong_type", "reference": "missing", "record": "missing"} == faults


@pytest.mark.rule("OPS-07")
def test_only_a_permitted_role_is_heard(running: dict[str, Any]) -> None:
    """An agent may not submit; an affiliate may, but only its own leads."""
    command = submission("role1", "io.role@mail.example")
    (agent,) = tell(command, asker=Asker("someone", "agent"))
    own, other = (
        submission("role2", "io.role2@mail.example"),
        submission("role3", "io.r3@mail.example"),
    )
    (owner,) = tell(own, asker=Asker("acme-leads", "affiliate"))
    (stranger,) = tell(other, asker=Asker("another", "affiliate"))
    assert ["not_permitted", "accepted", "not_permitted"] == [
        answer.code for answer in (agent, owner, stranger)
    ]


@pytest.mark.rule("OPS-02")
@pytest.mark.parametrize("name", sorted(poison.CLASSES))
def test_poison_becomes_a_dead_letter_or_refused_and_blocks_nobody(
    running: dict[str, Any], name: str
) -> None:
    """Each of the fourteen classes, and a good lead behind it under the same key."""
    good = submission(f"poison-{name}", f"io.{name.replace('_', '.')}@mail.example")
    bad = poison.spoiled(name, record_of(good, OPERATOR, quiet.now()))
    before = dead_letter_ids()
    put_in_log([bad])
    follower = Command(good.type, good.data, good.key)
    (answer,) = tell(follower)
    assert (True, "accepted") == (answer.accepted, answer.code)
    added = dead_letter_ids() - before
    assert (0 if name in poison.ANSWERED else 1) == len(added)


def dead_letter_ids() -> set[str]:
    with Api() as api:
        items = api.get("intake", "/dead-letters", limit=1000)["items"]
    return {item["id"] for item in items}


def test_a_cap_holds_and_says_so(running: dict[str, Any]) -> None:
    """Further leads are unsent there, with the check that kept them away."""
    french = {"record": {"Land": "FR"}}
    answers = tell(*(submission(f"cap{n}", f"io.cap{n}@mail.example", **french) for n in range(5)))
    quiet.wait_quiet(30)
    with Api() as api:
        campaign = api.get("routing", "/counts")
    row = next(row for row in campaign["campaigns"] if row["id"] == "capped")
    assert (2, len(answers) - 2) == (row["sent"], row["unsent"]["cap_reached"])


def test_a_dead_endpoint_keeps_its_leads_and_gives_them_later(
    running: dict[str, Any], real: RealStack
) -> None:
    """Failing answers are retried on the stack's clock, under the same key, until one is taken."""
    real.behave("germany", "fail", status=503)
    (answer,) = tell(submission("dead1", "io.dead@mail.example", record={"Land": "DE"}))
    lead = answer.details["lead"]
    wait_until(lambda: bool(rows_for(running, lead, "germany")))
    real.behave("germany", "ok")
    quiet.wait_quiet(30)
    real.jump_to(real.now() + timedelta(minutes=30))
    rows = rows_for(running, lead, "germany")
    assert 1 == len({row["key"] for row in rows}) == len({row["body_sha256"] for row in rows})
    assert [503, 200] == [rows[0]["status"], rows[-1]["status"]]


def rows_for(running: dict[str, Any], lead: str, campaign: str) -> list[dict[str, Any]]:
    return [row for row in received(running, lead) if row["campaign"] == campaign]


def test_a_pause_on_one_replica_is_a_pause_on_both(running: dict[str, Any]) -> None:
    """Leads after the answer to the pause are not sent there, whichever replica matches them."""
    pause = json.dumps({"campaign": "everywhere", "reason": "test"}).encode()
    (paused,) = tell(Command("leadops.routing.campaign.pause.v1", pause, "everywhere"))
    answers = tell(*(submission(f"pause{n}", f"io.pause{n}@mail.example") for n in range(30)))
    # What is matched after the campaign has resumed is sent, so all of them are matched first.
    quiet.wait_quiet(30)
    (resumed,) = tell(Command("leadops.routing.campaign.resume.v1", pause, "everywhere"))
    quiet.wait_quiet(30)
    assert ("paused", "resumed") == (paused.code, resumed.code)
    sent = [
        row for answer in answers for row in rows_for(running, answer.details["lead"], "everywhere")
    ]
    assert [] == sent
