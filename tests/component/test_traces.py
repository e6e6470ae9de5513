"""What is told of steps: one tree a trace, the same spans again for what is decided again, and
nobody's name."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.trace_context import trace_id
from shared.loop.effects import Verdict
from shared.tracing import Tracing
from tests.collector import Collector, collecting
from tests.component.leads import Platform, email_of
from tests.component.world import BROKEN, Speak, Town

ROOT = "b" * 16
TRACE = "00-" + "a" * 32 + f"-{ROOT}-01"

Row = dict[str, Any]


class Told:
    """A town whose steps are told to a collector."""

    def __init__(self, town: Town, collector: Collector) -> None:
        self.town = town
        self._collector = collector
        self._tracing = Tracing("town", collector.address)
        self.observe()

    def observe(self) -> None:
        self.town.loop.observe = self._tracing.step

    def attempts(self, *verdicts: Verdict) -> None:
        for row, verdict in zip(self.town.requests, verdicts, strict=True):
            self._tracing.attempt(row, verdict, 1, 2)

    def rows(self) -> list[Row]:
        """All that was told, without the spans of whole batches."""
        self._tracing.close()
        return [row for row in self._collector.rows if row["name"] != "process batch"]


@pytest.fixture
def told(town: Town) -> Iterator[Told]:
    with collecting() as collector:
        yield Told(town, collector)


async def test_all_that_follows_from_a_command_is_one_tree(told: Told) -> None:
    """Deadlines, effects and what is published in between have a parent each; the command's is the
    span of its sender, which tells of it itself."""
    told.town.ask("call", mood="outside", trace=TRACE)
    told.town.ask("hello", mood="later", trace=TRACE)
    told.town.ask("on", mood="handed on", trace=TRACE)
    await told.town.rest()
    told.town.world.clock.ahead += timedelta(days=2)
    await told.town.for_seconds(5)
    told.attempts(Verdict.DONE)
    rows = told.rows()
    ids = {row["span_id"] for row in rows}
    assert {"a" * 32} == {row["trace_id"] for row in rows}
    assert len(rows) == len(ids)
    assert {ROOT} == {row["parent_id"] for row in rows} - ids
    assert {
        "process routing.commands.v1",
        "process routing.claims.v1",
        "process due",
        "process effect",
        "send http",
    } == {row["name"] for row in rows}


async def test_what_is_decided_before_it_lies_anywhere_has_a_span_of_its_own(told: Told) -> None:
    """Two of one trace, published to one place in one step: their numbers tell them apart."""
    for number in range(2):
        told.town.ask(f"on {number}", mood="handed on", trace=TRACE)
    await told.town.rest()
    early = [row for row in told.rows() if row["name"] == "process routing.claims.v1"]
    assert 2 == told.town.loop.counters["inputs_early"]
    assert 2 == len({row["span_id"] for row in early})


async def test_what_is_published_names_the_span_of_its_decision(told: Told) -> None:
    told.town.ask("hello", trace=TRACE)
    await told.town.rest()
    (row,) = told.rows()
    parents = {record.text("traceparent") for record in told.town.records()}
    assert {f"00-{'a' * 32}-{row['span_id']}-01"} == parents


async def test_what_is_read_again_is_the_same_span(told: Told) -> None:
    """Whoever owns the shard then, and however often: its id follows from where it lies."""
    told.town.ask("hello", id="same", trace=TRACE)
    await told.town.rest()
    await told.town.restart()
    told.observe()
    for shard in list(told.town.loop.shards):
        await told.town.read_again(shard)
    await told.town.for_seconds(10)
    rows = told.rows()
    assert 2 == len(rows)
    assert 1 == len({row["span_id"] for row in rows})


async def test_a_dead_letter_is_an_error_until_it_is_replayed(told: Told) -> None:
    """Which is the same span, decided."""
    told.town.ask("bad", mood="poison", trace=TRACE)
    await told.town.rest()
    (kept,) = told.town.stored("dead_letters")
    told.town.operate("replay", id=kept["_id"], value=Speak(word="mended").model_dump_json())
    await told.town.rest()
    first, second = told.rows()
    assert first["span_id"] == second["span_id"]
    assert [True, False] == [first["is_error"], second["is_error"]]
    assert "unspeakable" == first["attributes"]["error.type"]
    assert "error.type" not in second["attributes"]


async def test_a_failed_attempt_is_an_error(told: Told) -> None:
    """Each attempt has a span of its own below the decision."""
    verdicts = [Verdict.UNKNOWN, Verdict.DONE]
    told.town.answers = [(verdict, "as answered") for verdict in verdicts]
    told.town.ask("call", mood="outside", trace=TRACE)
    await told.town.rest()
    told.attempts(*verdicts)
    rows = told.rows()
    (deciding,) = [row for row in rows if row["parent_id"] == ROOT]
    tried = [row for row in rows if row["kind"] == "client"]
    assert [(1, "unknown"), (2, None)] == [
        (row["attributes"]["leadops.attempt"], row["attributes"].get("error.type")) for row in tried
    ]
    assert {deciding["span_id"]} == {row["parent_id"] for row in tried}


@pytest.mark.parametrize(
    "traceparent", ["00-" + "0" * 32 + f"-{ROOT}-01", "00-" + "a" * 32 + "-" + "0" * 16 + "-01"]
)
async def test_a_trace_of_zeros_is_none(told: Told, traceparent: str) -> None:
    """The command is decided all the same, and what follows from it is in no trace."""
    told.town.ask("hello", trace=traceparent)
    await told.town.rest()
    assert ["hello"] == told.town.words()
    assert ([], {""}) == (told.rows(), {row.text("traceparent") for row in told.town.records()})


async def test_of_a_refused_command_only_the_code_is_told(told: Told) -> None:
    """Whatever it names need not exist, and may be anything."""
    told.town.ask("Ann Canaryson", key="ann@mail.example", role="nobody", trace=TRACE)
    await told.town.rest()
    (row,) = told.rows()
    assert ("not_permitted", False) == (row["attributes"]["leadops.refused"], row["is_error"])
    assert not [name for name in ("ann", "canaryson") if name in json.dumps(row).lower()]


async def test_a_bug_that_is_hunted_down_is_told_once(told: Told) -> None:
    """A step that fails tells nothing: no span is of what did not happen."""
    BROKEN.add("bad")
    told.town.ask("bad", trace=TRACE)
    await told.town.for_seconds(30)
    (row,) = told.rows()
    assert ("unexpected", True) == (row["attributes"]["error.type"], row["is_error"])


async def test_a_lead_is_found_by_its_id_and_by_nothing_of_its_person(platform: Platform) -> None:
    """With the affiliate that it came from, its outcome, the campaigns that were asked, and the
    check that one of them failed."""
    await platform.campaign("north")
    await platform.campaign("full", caps={"total": 0})
    with collecting() as collector:
        tracing = Tracing("leads", collector.address)
        for group in platform.world.groups:
            group.members[0].loop.observe = tracing.step
        await platform.upload(1)
        tracing.close()
    rows = [row for row in collector.rows if row["name"] != "process batch"]
    lead = platform.lead("R-1")
    of_the_lead = [row for row in rows if lead["_id"] in row["attributes"].get("leadops.lead", ())]
    assert {trace_id(lead["upload"]["trace"])} == {row["trace_id"] for row in of_the_lead}
    found = {name: values(rows, f"leadops.{name}") for name in ("affiliate", "campaign", "check")}
    assert {"affiliate": {"acme"}, "campaign": {"north", "full"}, "check": {"cap_reached"}} == found
    assert {"accepted", "sent"} == values(rows, "leadops.outcome")
    person = [str(value).lower() for value in lead["accepted"]["person"].values() if value]
    text = json.dumps(rows).lower()
    assert [] == [value for value in (email_of(1), *person) if value in text]


def values(rows: list[Row], name: str) -> set[str]:
    """Of one or of several, all that spans tell."""
    told = [row["attributes"][name] for row in rows if name in row["attributes"]]
    return {each for value in told for each in ([value] if isinstance(value, str) else value)}
