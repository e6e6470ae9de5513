"""Publishes the example of every command with the programs of docs/publishing.md, taken from there,
to a running stack, and reads the answers with the document's own reader.

All examples are published twice: first in Python, in the order of their story; then again under
other ids, with kcat, or by our own client where no kcat is on the PATH.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli.api import Api
from cli.command import Asker, Command, record_of
from cli.dead_letter_commands import items_of
from cli.publishing import put_in_log
from deploy.files import CHECKOUT
from deploy.local import quiet
from shared.loop.log import Outgoing
from shared.topics import manifest, shard_of
from tests.contract.examples import (
    BLOCK,
    HELD,
    RELEASE,
    REPLACES,
    REPLAY,
    RESOLVE,
    SEND,
    SKIP,
    STORY,
    SUBMIT,
    UNBLOCK,
    Example,
)
from tests.integration.platform import tell
from tests.integration.programs import run_python

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.stack,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("stack"),
]

DOCUMENT = CHECKOUT / "docs" / "publishing.md"
STRUCTURED = "Structured mode"
PROGRAM_SECONDS = 60
OURS = "leadops"
"""Over one connection, where the programs would only be started once more."""
CUSTOMER = "https://hooks.fairview.example"
"""In the example of a campaign; here it is the stack's receiver."""
BY_TYPE = {example.type: example for example in STORY if example not in (HELD, REPLACES)}
Answer = dict[str, Any]


def programs() -> dict[str, dict[str, str]]:
    """By section, the fenced blocks by language; a block that is not closed is an error."""
    found: dict[str, dict[str, str]] = {}
    for part in re.split(r"^#{2,3} ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]:
        name, _, text = part.partition("\n")
        blocks = re.findall(r"^```(\w+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
        found[name] = dict(blocks)
    return found


PROGRAMS = programs()
PUBLISH, READ = PROGRAMS["Publishing one"], PROGRAMS["Reading the answer"]


@pytest.fixture(scope="module")
def running(platform: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAFKA", platform["kafka"])
        yield platform


def run(language: str, code: str, *arguments: str, **environment: str) -> str:
    """What the program prints; the document's programs print nothing else on success."""
    whole = os.environ | environment
    with tempfile.NamedTemporaryFile("w+") as printed:
        if language == "python":
            exit_code = run_python(code, arguments, whole, Path(printed.name), PROGRAM_SECONDS)
        else:
            exit_code = subprocess.run(
                ["sh", "-euc", code, "publish.sh", *arguments],
                env=whole,
                stdout=printed,
                stderr=subprocess.STDOUT,
                timeout=PROGRAM_SECONDS,
            ).returncode
        printed.seek(0)
        text = printed.read()
    assert exit_code == 0, text
    return text.strip()


def publish(language: str, example: Example, text: str, shard: int | None = None) -> Answer:
    """The answer to the example with this text as its data."""
    key = example.key_of(json.loads(text))
    if language == OURS:
        command = Command(example.type, text.encode(), key or None, partition=shard or 0)
        return tell(command, asker=Asker(example.actor, example.role))[0].as_json()
    environment = {"ACTOR": example.actor, "ROLE": example.role}
    if shard is not None:
        environment["SHARD"] = str(shard)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(text)
        file.flush()
        arguments = (example.type, key, file.name)
        id = run(language, PUBLISH[language], *arguments, **environment)
    return answer_of(language, example.type, id)


def answer_of(language: str, kind: str, id: str) -> Answer:
    printed = run(language, READ[language], SERVICE=kind.split(".")[1], ID=id)
    return dict(json.loads(printed.splitlines()[0]))


@pytest.fixture(scope="module")
def first(running: dict[str, Any]) -> dict[Example, Answer]:
    """The answers in Python."""
    found: dict[Example, Answer] = {}
    for example in STORY:
        found[example] = run_example("python", example, running, found)
        if example.type in (SUBMIT, RELEASE, SEND):
            # Later examples are about these leads, or pause the campaign that gets them.
            quiet.wait_quiet(30)
    return found


@pytest.fixture(scope="module")
def again(running: dict[str, Any], first: dict[Example, Answer]) -> dict[Example, Answer]:
    """The answers to the same, once all was published."""
    language = "sh" if shutil.which("kcat") else OURS
    return {example: run_example(language, example, running, first) for example in STORY}


def run_example(
    language: str, example: Example, running: dict[str, Any], first: dict[Example, Answer]
) -> Answer:
    answer = partial(publish, language, example)
    if example.type in (REPLAY, SKIP):
        item = dead_letter()
        return answer(filled(example, id=item["id"]), item["shard"])
    values = ids_of(about, first) if (about := ABOUT.get(example.type)) else {}
    return answer(filled(example, **values).replace(CUSTOMER, running["receiver"]))


ABOUT = {SEND: RELEASE, RESOLVE: SUBMIT, BLOCK: SUBMIT, UNBLOCK: SUBMIT}
"""Whose lead the example is about."""


def filled(example: Example, **values: str) -> str:
    """The example with ids that only the running stack knows, of those that it names."""
    text = example.text
    for name in values.keys() & example.data.keys():
        text = text.replace(json.dumps(example.data[name]), json.dumps(values[name]))
    return text


def ids_of(kind: str, first: dict[Example, Answer]) -> dict[str, str]:
    lead = first[BY_TYPE[kind]]["details"]["lead"]
    with Api() as api:
        routed = api.get("routing", f"/leads/{lead}")
    sends = [send["key"] for send in routed["sends"]]
    return {"lead": lead, "person_id": routed["person_id"], "send": sends[0] if sends else ""}


def dead_letter() -> dict[str, Any]:
    """A submission that was cut short: the one that the example of a replay mends."""
    mended = BY_TYPE[REPLAY].data["value"].encode()
    key = BY_TYPE[SUBMIT].key_of(json.loads(mended))
    put_in_log([record_of(Command(SUBMIT, mended[:-9], key), Asker("test"), quiet.now())])
    quiet.wait_quiet(30)
    with Api() as api:
        (item,) = [each for each in items_of(api, state="dead") if each["key"] == key]
    return dict(item)


def structured() -> Answer:
    event = json.loads(PROGRAMS[STRUCTURED]["json"])
    key = event["data"]["campaign"].encode()
    headers = [("content-type", b"application/cloudevents+json")]
    place = shard_of(key, manifest().partitions)
    value = PROGRAMS[STRUCTURED]["json"].encode()
    put_in_log([Outgoing("routing.commands.v1", place, key, value, headers)])
    return answer_of("python", event["type"], event["id"])


@pytest.mark.parametrize("example", STORY, ids=lambda one: f"{one.type}.{one.name}")
def test_the_example_is_answered(first: dict[Example, Answer], example: Example) -> None:
    """The answer that the document's reader finds is the one that the reference promises."""
    assert example.answer == first[example]["code"]


@pytest.mark.parametrize("example", STORY, ids=lambda one: f"{one.type}.{one.name}")
def test_the_example_is_answered_again(again: dict[Example, Answer], example: Example) -> None:
    """The same data under another id, with kcat where there is one."""
    assert example.again == again[example]["code"]


def test_the_structured_example_is_answered(again: dict[Example, Answer]) -> None:
    assert "paused" == structured()["code"]


def test_submitted_leads_reach_the_customer(
    running: dict[str, Any], again: dict[Example, Answer], first: dict[Example, Answer]
) -> None:
    """Each lead of the examples is received by the campaign of the examples, under one key; the
    released one, whose title the policy suppresses, by hand."""
    lines = map(json.loads, (Path(running["var"]) / "received.jsonl").read_text().splitlines())
    keys: dict[str, set[str]] = {}
    for line in lines:
        assert ("fairview-uk", 200) == (line["campaign"], line["status"])
        keys.setdefault(line["lead"], set()).add(line["key"])
    sent = {first[BY_TYPE[kind]]["details"]["lead"] for kind in (SUBMIT, RELEASE)}
    assert sent <= keys.keys()
    assert all(len(each) == 1 for each in keys.values())


def test_a_replay_of_what_is_not_mended_fails_again(again: dict[Example, Answer]) -> None:
    """Without a value the kept bytes are decided; what still fails stays, until it is skipped."""
    item = dead_letter()
    shard = item["shard"]
    as_it_is = json.dumps({"id": item["id"]})
    assert "still_fails" == publish("python", BY_TYPE[REPLAY], as_it_is, shard)["code"]
    skipped = publish("python", BY_TYPE[SKIP], filled(BY_TYPE[SKIP], id=item["id"]), shard)
    assert "accepted" == skipped["code"]


@pytest.mark.parametrize("kind", [REPLAY, SKIP])
def test_a_resolved_record_is_unknown_to_the_next_replay(
    again: dict[Example, Answer], kind: str
) -> None:
    """The negative twin of replay and skip: an id under which nothing waits is refused."""
    text = filled(BY_TYPE[kind], id="intake.commands.v1/0/0/none")
    assert "dead_letter_unknown" == publish("python", BY_TYPE[kind], text, 0)["code"]
