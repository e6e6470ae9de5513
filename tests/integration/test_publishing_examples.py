"""Runs the examples of docs/publishing.md, exactly as they stand there, against a running stack.

Each is a program of its own that prints the id of the command that it published; the answer is read
with the document's own reader of answers.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.api import Api
from cli.command import Asker, Command, record_of
from cli.dead_letter_commands import items_of
from cli.publishing import put_in_log
from deploy import quiet
from deploy.files import CHECKOUT
from shared.loop.log import Outgoing
from shared.topics import manifest, shard_of
from tests.integration.programs import run_python

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.stack,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("stack"),
]

DOCUMENT = CHECKOUT / "docs" / "publishing.md"
SUBMIT = "leadops.intake.lead.submit.v1"
REPLAY = "leadops.intake.dead-letter.replay.v1"
SKIP = "leadops.intake.dead-letter.skip.v1"
RELEASE = "leadops.intake.lead.release.v1"
SEND = "leadops.routing.lead.send.v1"
RESOLVE = "leadops.routing.send.resolve.v1"
BLOCK = "leadops.routing.person.block.v1"
UNBLOCK = "leadops.routing.person.unblock.v1"
ABOUT = {SEND: RELEASE, RESOLVE: SUBMIT, BLOCK: SUBMIT, UNBLOCK: SUBMIT}
"""Whose lead the example is about."""

ANSWERS = {
    "leadops.intake.affiliate.put.v1": {"python": "created", "sh": "unchanged"},
    "leadops.intake.question.put.v1": {"python": "created", "sh": "unchanged"},
    "leadops.routing.rules.put.v1": {"python": "created", "sh": "unchanged"},
    "leadops.routing.list.part.v1": {"python": "kept", "sh": "unchanged"},
    "leadops.routing.list.put.v1": {"python": "created", "sh": "changed"},
    "leadops.routing.list.edit.v1": {"python": "changed", "sh": "changed"},
    "leadops.routing.campaign.put.v1": {"python": "created", "sh": "unchanged"},
    SUBMIT: {"python": "accepted", "sh": "accepted"},
    f"{SUBMIT} with answers": {"python": "held", "sh": "held"},
    RELEASE: {"python": "accepted", "sh": "accepted"},
    SEND: {"python": "claimed", "sh": "claimed"},
    "leadops.intake.question.alias.v1": {"python": "changed", "sh": "unchanged"},
    f"{SUBMIT} with replaces": {"python": "waiting", "sh": "waiting"},
    "leadops.intake.lead.convert.v1": {"python": "accepted", "sh": "accepted"},
    "leadops.intake.delivery.announce.v1": {"python": "created", "sh": "unchanged"},
    "leadops.intake.request.open.v1": {"python": "created", "sh": "unchanged"},
    "leadops.intake.request.answer.v1": {"python": "answered", "sh": "unchanged"},
    "leadops.routing.campaign.pause.v1": {"python": "paused", "sh": "paused"},
    "leadops.routing.campaign.resume.v1": {"python": "resumed", "sh": "resumed"},
    RESOLVE: {"python": "not_uncertain", "sh": "not_uncertain"},
    BLOCK: {"python": "blocked", "sh": "blocked"},
    UNBLOCK: {"python": "unblocked", "sh": "unblocked"},
    "leadops.routing.account.suspend.v1": {"python": "suspended", "sh": "suspended"},
    "leadops.routing.account.restore.v1": {"python": "restored", "sh": "restored"},
    REPLAY: {"python": "accepted", "sh": "still_fails"},
    SKIP: {"python": "accepted", "sh": "accepted"},
}
"""In the document's order, which is the order in which they are run: first all in Python. The kcat
twins put the same again (the list as it was before its edit), and replay without a corrected value.
"""

STRUCTURED = "Structured mode"
PROGRAM_SECONDS = 60
Answer = dict[str, Any]


def examples() -> dict[str, dict[str, str]]:
    """By section, the fenced blocks by language; a block that is not closed is an error."""
    found: dict[str, dict[str, str]] = {}
    for part in re.split(r"^#{2,3} ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]:
        name, _, text = part.partition("\n")
        blocks = re.findall(r"^```(\w+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
        found[name.replace("`", "")] = dict(blocks)
    return found


EXAMPLES = examples()
READER = EXAMPLES["Reading the answer"]


@pytest.fixture(scope="module")
def running(platform: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAFKA", platform["kafka"])
        patch.setenv("RECEIVER", platform["receiver"])
        yield platform


def run(language: str, code: str, **environment: str) -> str:
    """What the program prints; the document's programs print nothing else on success."""
    whole = os.environ | environment
    with tempfile.NamedTemporaryFile("w+") as printed:
        if language == "python":
            exit_code = run_python(code, whole, Path(printed.name), PROGRAM_SECONDS)
        else:
            exit_code = subprocess.run(
                ["bash", "-euc", code],
                env=whole,
                stdout=printed,
                stderr=subprocess.STDOUT,
                timeout=PROGRAM_SECONDS,
            ).returncode
        text = printed.read()
    assert exit_code == 0, text
    return text.strip()


def answer_of(language: str, kind: str, id: str) -> Answer:
    printed = run(language, READER[language], SERVICE=kind.split(".")[1], ID=id)
    return dict(json.loads(printed.splitlines()[0]))


@pytest.fixture(scope="module")
def answered(running: dict[str, Any]) -> dict[tuple[str, str], Answer]:
    """The answers by language and type."""
    languages = ["python", "sh"] if shutil.which("kcat") else ["python"]
    found: dict[tuple[str, str], Answer] = {}
    for language in languages:
        for kind in ANSWERS:
            lead = found[language, ABOUT[kind]]["details"]["lead"] if kind in ABOUT else None
            found[language, kind] = run_example(language, kind, lead)
    found["structured", STRUCTURED] = run_structured()
    return found


def run_example(language: str, kind: str, lead: str | None) -> Answer:
    environment = dead_letters(language) if kind in (REPLAY, SKIP) else {}
    if lead is not None:
        environment = ids_of(lead)
    id = run(language, EXAMPLES[kind][language], **environment)
    answer = answer_of(language, kind, id)
    if kind in (SUBMIT, RELEASE, SEND):
        # Later examples are about these leads, or pause the campaign that gets them.
        quiet.wait_quiet(30)
    return answer


def ids_of(lead: str) -> dict[str, str]:
    """What the examples about a lead are told."""
    with Api() as api:
        routed = api.get("routing", f"/leads/{lead}")
    sends = [send["key"] for send in routed["sends"]]
    return {"LEAD": lead, "PERSON": routed["person_id"], "SEND": sends[0] if sends else ""}


def dead_letters(language: str) -> dict[str, str]:
    """A submission that was cut short, and what the examples about it are told."""
    submission = submission_of(f"cut-{language}-{time.monotonic_ns()}")
    cut = Command(SUBMIT, submission.data[:-9], submission.key)
    put_in_log([record_of(cut, Asker("test"), quiet.now())])
    quiet.wait_quiet(30)
    (item,) = [each for each in waiting() if each["key"] == submission.key]
    value = submission.data.decode()
    return {"DEAD_LETTER": item["id"], "SHARD": str(item["shard"]), "VALUE": value}


def run_structured() -> Answer:
    event = json.loads(EXAMPLES[STRUCTURED]["json"])
    key = event["data"]["campaign"].encode()
    headers = [("content-type", b"application/cloudevents+json")]
    place = shard_of(key, manifest().partitions)
    value = EXAMPLES[STRUCTURED]["json"].encode()
    put_in_log([Outgoing("routing.commands.v1", place, key, value, headers)])
    return answer_of("python", event["type"], event["id"])


def submission_of(reference: str) -> Command:
    record = {"Work Email": f"{reference}@mail.example", "Country": "UK", "Category ID": "101"}
    data = {
        "affiliate": "acme-media",
        "lead_code": "ACM-TST-0001",
        "reference": reference,
        "record": record,
    }
    return Command(SUBMIT, json.dumps(data).encode(), f"acme-media:{reference}")


def waiting() -> list[dict[str, Any]]:
    with Api() as api:
        return items_of(api, state="dead")


def test_every_command_has_its_examples() -> None:
    """A section per command, each in both languages."""
    assert set(ANSWERS) == {name for name in EXAMPLES if name.startswith("leadops.")}
    assert all({"python", "sh"} == EXAMPLES[kind].keys() for kind in ANSWERS)


@pytest.mark.parametrize("language", ["python", "sh"])
@pytest.mark.parametrize("kind", ANSWERS)
def test_the_example_is_answered(
    answered: dict[tuple[str, str], Answer], kind: str, language: str
) -> None:
    """The answer that the document's reader finds is the one that the document promises."""
    if (language, kind) not in answered:
        pytest.skip("kcat is not on the PATH: its examples are not run")
    assert ANSWERS[kind][language] == answered[language, kind]["code"]


def test_the_structured_example_is_answered(answered: dict[tuple[str, str], Answer]) -> None:
    assert "paused" == answered["structured", STRUCTURED]["code"]


def test_submitted_leads_reach_the_customer(
    running: dict[str, Any], answered: dict[tuple[str, str], Answer]
) -> None:
    """Each lead of the examples is received by the campaign of the examples, under one key; the
    released ones, whose titles the house suppresses, by hand."""
    lines = map(json.loads, (Path(running["var"]) / "received.jsonl").read_text().splitlines())
    keys: dict[str, set[str]] = {}
    for line in lines:
        assert ("fairview-uk", 200) == (line["campaign"], line["status"])
        keys.setdefault(line["lead"], set()).add(line["key"])
    submitted = [answer for (_, kind), answer in answered.items() if kind in (SUBMIT, RELEASE)]
    assert {answer["details"]["lead"] for answer in submitted} <= keys.keys()
    assert all(len(each) == 1 for each in keys.values())


def test_a_resolved_record_is_unknown_to_the_next_replay(
    answered: dict[tuple[str, str], Answer],
) -> None:
    """The negative twin of replay and skip: an id under which nothing waits is refused."""
    nothing = {"DEAD_LETTER": "intake.commands.v1/0/0/none", "SHARD": "0"}
    for kind in (REPLAY, SKIP):
        id = run("python", EXAMPLES[kind]["python"], **nothing)
        assert "dead_letter_unknown" == answer_of("python", kind, id)["code"]
