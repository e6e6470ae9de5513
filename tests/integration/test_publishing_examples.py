"""Runs the examples of docs/publishing.md, exactly as they stand there, against a running stack.

Each is a program of its own that prints the id of the command that it published; the answer is read
with the document's own reader of answers.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.api import Api
from cli.command import Asker, Command, record_of
from cli.publishing import put_in_log
from cli.set_aside_commands import items_of
from deploy import quiet, stack
from deploy.files import CHECKOUT
from deploy.process import StackError
from shared.contracts.envelope import Envelope
from shared.loop.log import Outgoing

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.stack,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("stack"),
]

DOCUMENT = CHECKOUT / "docs" / "publishing.md"
SUBMIT = "leadops.intake.lead.submit.v1"
REPLAY = "leadops.intake.set-aside.replay.v1"
SKIP = "leadops.intake.set-aside.skip.v1"

ANSWERS = {
    "leadops.intake.affiliate.put.v1": ("accepted", "created"),
    "leadops.routing.campaign.put.v1": ("accepted", "created"),
    SUBMIT: ("accepted", "accepted"),
    "leadops.routing.campaign.pause.v1": ("accepted", "paused"),
    "leadops.routing.campaign.resume.v1": ("accepted", "resumed"),
    REPLAY: ("accepted", "accepted"),
    SKIP: ("accepted", "accepted"),
}
"""What each example is answered the first time that it is run, in the document's order."""

UNCHANGED = {"leadops.intake.affiliate.put.v1", "leadops.routing.campaign.put.v1"}
"""The kcat twins of these put the very same again."""

LANGUAGES = ["python", "sh"]
Answer = dict[str, Any]


def examples() -> dict[str, dict[str, str]]:
    """By section, the fenced blocks by language; a block that is not closed is an error."""
    found: dict[str, dict[str, str]] = {}
    for part in re.split(r"^#{2,3} ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]:
        name, _, text = part.partition("\n")
        blocks = re.findall(r"^```(\w+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
        found[name.strip("`")] = dict(blocks)
    return found


EXAMPLES = examples()
READER = EXAMPLES["Reading the answer"]


def needs(language: str) -> None:
    if language == "sh" and shutil.which("kcat") is None:
        pytest.skip("kcat is not on the PATH: its examples are not run")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEADOPS_VAR", str(tmp_path_factory.mktemp("var")))
        try:
            found = stack.up(fresh=True, lease=True)
        except StackError as error:
            if "to be had on this machine" not in str(error):
                raise
            pytest.skip(str(error))
        patch.setenv("KAFKA", found["kafka"])
        patch.setenv("RECEIVER", found["receiver"])
        yield found
        stack.down()


def run(language: str, code: str, **environment: str) -> str:
    """What the program prints; the document's programs print nothing else on success."""
    command = {"python": [sys.executable, "-c", code], "sh": ["bash", "-euc", code]}[language]
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def answer_of(language: str, kind: str, id: str) -> Answer:
    printed = run(language, READER[language], SERVICE=kind.split(".")[1], ID=id)
    return dict(json.loads(printed.splitlines()[0]))


@pytest.fixture(scope="module")
def answered(running: dict[str, Any]) -> Callable[[str], dict[str, Answer]]:
    """Runs all examples of one language, once, in the document's order."""
    known: dict[str, dict[str, Answer]] = {}

    def all_of(language: str) -> dict[str, Answer]:
        if language not in known:
            known[language] = {kind: run_example(language, kind) for kind in ANSWERS}
        return known[language]

    return all_of


def run_example(language: str, kind: str) -> Answer:
    environment = set_aside(language) if kind in (REPLAY, SKIP) else {}
    if kind == REPLAY and language == "sh":
        # Without a corrected value a broken record stays broken, so a good one is in its place.
        environment |= set_aside_unknown()
    id = run(language, EXAMPLES[kind][language], **environment)
    return answer_of(language, kind, id)


def set_aside(language: str) -> dict[str, str]:
    """A submission whose end is missing, and what the examples about it are told."""
    reference = f"cut-{language}-{time.monotonic_ns()}"
    submission = submission_of(reference)
    broken = Command(SUBMIT, submission.data[:-9], submission.key)
    put_in_log([record_of(broken, Asker("test"), quiet.now())])
    (item,) = [each for each in waiting() if each["key"] == submission.key]
    value = submission.data.decode()
    return {"SET_ASIDE": item["id"], "SHARD": str(item["shard"]), "VALUE": value}


def set_aside_unknown() -> dict[str, str]:
    return {"SET_ASIDE": "nothing/0/0"}


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
    quiet.wait_quiet(30)
    with Api() as api:
        return items_of(api, state="set_aside")
