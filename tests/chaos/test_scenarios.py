"""Bad days that a lead must survive, each told on real processes; figures are printed (`-s`)."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cli.apply_commands import put
from cli.command import Asker
from cli.documents import read_files
from cli.output import CHECK_FAILED
from deploy.files import CHECKOUT
from deploy.local import stack
from deploy.local.process import StackError, wait_for
from deploy.sample import generate
from tests.chaos.story import Story, milliseconds, percentile, running
from tests.simulation.lead_path import CODES

pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("stack"),
]

SAMPLE = Path(generate.__file__).parent
LEADS = 20_000
KILLS = 20
TWICE_LEADS = 6_000
TWICE_KILLS = 10
OPEN = {"id": "open", "lead_codes": CODES}
STOPPED_SECONDS = 45.0
HANGING_SECONDS = 60.0
RATE = 40.0


@pytest.fixture
def story(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Story]:
    monkeypatch.setenv("LEADOPS_VAR", str(tmp_path))
    try:
        with running(getattr(request, "param", 2)) as told:
            yield told
    except StackError as error:
        if "to be had on this machine" not in str(error):
            raise
        pytest.skip(str(error))


def test_twenty_kills_in_the_middle_of_an_import(story: Story, tmp_path: Path) -> None:
    """Each row of the file ends in one outcome, and each lead that was sent has one key."""
    open_for_imports(story)
    file = leads_file(tmp_path, LEADS)
    began = time.monotonic()
    importing = leadops("import", str(file), "--affiliate", "infuse-media", "--json")
    killed = kill_while(story, importing)
    told = json.loads(importing.communicate()[0])
    assert CHECK_FAILED == importing.returncode, told  # Some rows of the sample can't be used.
    ended = time.monotonic()
    story.rest()
    evidence = story.evidence()
    outcomes = Counter(lead.outcome for lead in evidence.leads)
    tell(
        killed=killed,
        import_seconds=ended - began,
        drained_after_seconds=time.monotonic() - ended,
        told={name: told[name] for name in ("submitted", "accepted", "omitted", "unusable")},
        stored=dict(outcomes),
        requests=len(evidence.received),
        sent=len({one.key for one in evidence.received}),
    )
    assert killed >= KILLS
    names = ("accepted", "held", "unusable", "omitted")
    assert LEADS == told["submitted"] == sum(told[name] for name in names)
    assert LEADS == sum(outcomes[name] for name in names)
    assert [] == story.broken()


def open_for_imports(story: Story) -> None:
    names = [str(SAMPLE / name) for name in ("affiliates.yaml", "questions.yaml", "campaigns.yaml")]
    put(read_files(names, {"RECEIVER": story.found["receiver"]}), Asker("chaos"))


def leads_file(directory: Path, count: int) -> Path:
    file = directory / "leads.csv"
    with file.open("w", encoding="utf-8", newline="") as rows:
        generate.write(generate.rows(count, 4), rows)
    return file


def kill_while(
    story: Story,
    importing: "subprocess.Popen[str]",
    services: Sequence[str] = ("intake", "routing"),
    kills: int = KILLS,
) -> int:
    """Services in turn, one process at a time, once leads arrive and as long as the import runs."""
    wait_for("the first lead", 60, lambda: bool(story.received()))
    killed = 0
    while killed < kills and importing.poll() is None:
        time.sleep(story.random.uniform(0.3, 1.2))
        service = services[killed % len(services)]
        killed += story.kill([story.random.choice(story.processes(service))])
    return killed


def test_the_same_file_twice_while_intake_is_killed(story: Story, tmp_path: Path) -> None:
    """The sums hold, no lead is there twice, and the second import changes nothing."""
    open_for_imports(story)
    file = leads_file(tmp_path, TWICE_LEADS)
    told = []
    killed = 0
    for _ in range(2):
        importing = leadops("import", str(file), "--affiliate", "infuse-media", "--json")
        killed += kill_while(story, importing, ["intake"], TWICE_KILLS // 2)
        told.append(json.loads(importing.communicate()[0]))
        assert CHECK_FAILED == importing.returncode, told[-1]
    story.rest()
    evidence = story.evidence()
    tell(killed=killed, first=told[0], second=told[1])
    assert TWICE_KILLS == killed
    assert TWICE_LEADS == told[1]["unchanged"] == told[0]["submitted"]
    assert TWICE_LEADS == len(evidence.leads)
    names = ("accepted", "held", "unusable", "omitted")
    assert [TWICE_LEADS] * 2 == [sum(one[name] for name in names) for one in told]
    assert [] == story.broken()


def leadops(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "cli.main", *arguments]
    return subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_replica_stands_still_and_goes_on(story: Story) -> None:
    """First one, then the other, each past its session: the zombie changes nothing; and a campaign
    that is paused is paused on both."""
    story.open_for_business([OPEN, {"id": "capped", "lead_codes": CODES, "caps": {"total": 10}}])
    for instance in (0, 1):
        stopped = story.stopped(instance, STOPPED_SECONDS)
        story.upload_steadily(RATE, STOPPED_SECONDS + 10, stopped)
    story.rest()
    before = len(story.received("open"))
    paused = story.upstream.command(
        "routing.campaign.pause", "open", {"campaign": "open", "reason": "r"}
    )
    story.publish([paused])
    story.rest()
    story.publish(story.leads(500))
    story.rest()
    tell(sent=before, sent_while_paused=len(story.received("open")) - before)
    assert before == len(story.received("open")) > 0
    assert [] == story.broken()


def test_what_was_decided_before_the_last_kill_is_still_said(story: Story) -> None:
    """Everything is killed while the last records are under way, and nothing comes afterwards."""
    story.open_for_business([OPEN])
    drained = []
    for _ in range(6):
        story.publish(story.leads(300))
        time.sleep(story.random.uniform(0.05, 1.0))
        story.kill(story.processes())
        began = time.monotonic()
        story.rest()
        drained.append(time.monotonic() - began)
    found = sum(row["status"]["counters"].get("outbox_drained", 0) for row in stack.status())
    tell(drained_after_seconds=drained, outbox_documents_of_the_dead=found)
    assert 1800 == len(story.received("open")) - repeats(story)
    assert [] == story.broken()


def repeats(story: Story) -> int:
    keys = [line["key"] for line in story.received()]
    return len(keys) - len(set(keys))


def test_an_endpoint_that_hangs_delays_nobody_else(story: Story) -> None:
    """Every lead of the others arrives while the one endpoint still answers nothing."""
    story.open_for_business([{"id": name, "lead_codes": CODES} for name in ("one", "two", "dead")])
    story.upload_steadily(RATE, HANGING_SECONDS)
    story.rest()
    calm = len(received_by_others(story))
    story.behave("dead", mode="hang")
    story.upload_steadily(RATE, HANGING_SECONDS)
    wait_for("the others' leads", 180, lambda: len(received_by_others(story)) >= 2 * calm)
    hung = received_by_others(story)[calm:]
    story.behave("dead", mode="ok")
    story.rest()
    evidence = story.evidence()
    others = received_by_others(story)[:calm]
    without, during = milliseconds(evidence, others), milliseconds(evidence, hung)
    tell(
        **{f"without_p{share}_ms": percentile(without, share) for share in (50, 99)},
        **{f"hanging_p{share}_ms": percentile(during, share) for share in (50, 99)},
        leads=len(during),
    )
    assert len(during) == len(without) > 0
    assert [] == story.broken()


def received_by_others(story: Story) -> list[dict[str, Any]]:
    return [line for line in story.received() if line["campaign"] != "dead"]


def test_a_cap_is_exact_under_a_thousand_leads_at_once(story: Story) -> None:
    """Ten are sent, not nine and not eleven, by two replicas and however slow the receiver is."""
    story.open_for_business([{"id": "ten", "lead_codes": CODES, "caps": {"total": 10}}])
    story.behave("ten", mode="slow", seconds=2.0)
    story.publish(story.leads(1000))
    story.rest()
    keys = {line["key"] for line in story.received("ten")}
    tell(sent=len(keys), requests=len(story.received("ten")))
    assert 10 == len(keys)
    assert [] == story.broken()


def tell(**figures: Any) -> None:
    rounded = {
        name: round(value, 1) if isinstance(value, float) else value
        for name, value in figures.items()
    }
    print(json.dumps(rounded, default=str))
