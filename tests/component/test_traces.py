"""What is told of steps: one tree a trace, the same spans again for what is decided again, and
nobody's name."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.trace_context import trace_id
from shared.loop.decision import Verdict
from shared.tracing import Tracing
from tests.collector import Collector, collecting
from tests.component.leads import Platform, email_of
from tests.component.world import BROKEN, Speak, Town

ROOT = "b" * 16
TRACE = "00-" + "a" * 32 + f"-{ROOT}-01"

Row = dict[str, Any]


class TracedTown:
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
def traced(town: Town) -> Iterator[TracedTown]:
    with collecting() as collector:
        yield TracedTown(town, collector)


async def test_all_that_follows_from_a_command_is_one_tree(traced: TracedTown) -> None:
    """Deadlines, effects and what is published in between have a parent each; the command's is the
    span of its sender, which tells of it itself."""
    traced.town.ask("call", mood="outside", trace=TRACE)
    traced.town.ask("hello", mood="later", trace=TRACE)
    traced.town.ask("on", mood="handed on", trace=TRACE)
    await traced.town.rest()
    traced.town.world.clock.ahead += timedelta(days=2)
    await traced.town.for_seconds(5)
    traced.attempts(Verdict.DONE)
    rows = traced.rows()
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


async def test_what_is_decided_before_it_lies_anywhere_has_a_span_of_its_own(
    traced: TracedTown,
) -> None:
    """Two of one trace, published to one place in one step: their numbers tell them apart."""
    for number in range(2):
        traced.town.ask(f"on {number}", mood="handed on", trace=TRACE)
    await traced.town.rest()
    early = [row for row in traced.rows() if row["name"] == "process routing.claims.v1"]
    assert 2 == traced.town.loop.counters["inputs_early"]
    assert 2 == len({row["span_id"] for row in early})


async def test_what_is_published_names_the_span_of_its_decision(traced: TracedTown) -> None:
    traced.town.ask("hello", trace=TRACE)
    await traced.town.rest()
    (row,) = traced.rows()
    parents = {record.text("traceparent") for record in traced.town.records()}
    assert {f"00-{'a' * 32}-{row['span_id']}-01"} == parents


async def test_what_is_read_again_is_the_same_span(traced: TracedTown) -> None:
    """Whoever owns the shard then, and however often: its id follows from where it lies."""
    traced.town.ask("hello", id="same", trace=TRACE)
    await traced.town.rest()
    await traced.town.restart()
    traced.observe()
    for shard in list(traced.town.loop.shards):
        await traced.town.read_again(shard)
    await traced.town.for_seconds(10)
    rows = traced.rows()
    assert 2 == len(rows)
    assert 1 == len({row["span_id"] for row in rows})


async def test_a_dead_letter_is_an_error_until_it_is_replayed(traced: TracedTown) -> None:
    """Which is the same span, decided."""
    traced.town.ask("bad", mood="poison", trace=TRACE)
    await traced.town.rest()
    (kept,) = traced.town.stored("dead_letters")
    traced.town.operate("replay", id=kept["_id"], value=Speak(word="mended").model_dump_json())
    await traced.town.rest()
    first, second = traced.rows()
    assert first["span_id"] == second["span_id"]
    assert [True, False] == [first["is_error"], second["is_error"]]
    assert "unspeakable" == first["attributes"]["error.type"]
    assert "error.type" not in second["attributes"]


async def test_a_failed_attempt_is_an_error(traced: TracedTown) -> None:
    """Each attempt has a span of its own below the decision."""
    verdicts = [Verdict.UNKNOWN, Verdict.DONE]
    traced.town.answers = [(verdict, "as answered") for verdict in verdicts]
    traced.town.ask("call", mood="outside", trace=TRACE)
    await traced.town.rest()
    traced.attempts(*verdicts)
    rows = traced.rows()
    (deciding,) = [row for row in rows if row["parent_id"] == ROOT]
    tried = [row for row in rows if row["kind"] == "client"]
    assert [(1, "unknown"), (2, None)] == [
        (row["attributes"]["leadops.attempt"], row["attributes"].get("error.type")) for row in tried
    ]
    assert {deciding["span_id"]} == {row["parent_id"] for row in tried}


@pytest.mark.parametrize(
    "traceparent", ["00-" + "0" * 32 + f"-{ROOT}-01", "00-" + "a" * 32 + "-" + "0" * 16 + "-01"]
)
async def test_a_trace_of_zeros_is_none(traced: TracedTown, traceparent: str) -> None:
    """The command is decided all the same, and what follows from it is in no trace."""
    traced.town.ask("hello", trace=traceparent)
    await traced.town.rest()
    assert ["hello"] == traced.town.words()
    assert ([], {""}) == (traced.rows(), {row.text("traceparent") for row in traced.town.records()})


async def test_of_a_refused_command_only_the_code_is_told(traced: TracedTown) -> None:
    """Whatever it names need not exist, and may be anything."""
    traced.town.ask("Ann Canaryson", key="ann@mail.example", role="nobody", trace=TRACE)
    await traced.town.rest()
    (row,) = traced.rows()
    assert ("not_permitted", False) == (row["attributes"]["leadops.refused"], row["is_error"])
    assert not [name for name in ("ann", "canaryson") if name in json.dumps(row).lower()]


async def test_a_bug_that_is_hunted_down_is_told_once(traced: TracedTown) -> None:
    """A step that fails tells nothing: no span is of what did not happen."""
    BROKEN.add("bad")
    traced.town.ask("bad", trace=TRACE)
    await traced.town.for_seconds(30)
    (row,) = traced.rows()
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
    found = [row["attributes"][name] for row in rows if name in row["attributes"]]
    return {each for value in found for each in ([value] if isinstance(value, str) else value)}
