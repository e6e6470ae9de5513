"""Spans on their way to a collector: nobody waits for it, and what it does not take is counted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.trace import SpanKind

from shared.span_export import Spans, has_collector, sampled_context
from tests.collector import collecting

ROOT = Path(__file__).parents[2]
QUEUED_MAX = 600
TOLD = 5_000
PARENT = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


def tell(spans: Spans, count: int = 1, **more: str) -> None:
    for _ in range(count):
        spans.tell(
            "process x", SpanKind.CONSUMER, (1, 2), {}, parent=sampled_context(PARENT), **more
        )


def test_a_span_is_told_as_it_was_made() -> None:
    with collecting() as collector:
        spans = Spans("town", collector.address, "7")
        tell(spans, span_id="c" * 16, error="unspeakable")
        spans.close()
    (row,) = collector.rows
    assert ("a" * 32, "c" * 16, "b" * 16) == (row["trace_id"], row["span_id"], row["parent_id"])
    assert (1, 2, True) == (row["start"], row["end"], row["is_error"])
    assert {"error.type": "unspeakable"} == row["attributes"]
    (resource,) = collector.resources
    assert ("town", "7") == (resource["service.name"], resource["service.instance.id"])


def test_a_root_is_told_with_what_is_published_in_its_trace() -> None:
    """So that what follows has a parent; a send that failed is an error."""
    with collecting() as collector:
        spans = Spans("town", collector.address)
        sent, failed = (spans.root("x.commands.v1", "leadops.x", {"a": "b"}) for _ in range(2))
        sent.end()
        failed.end("not_acknowledged")
        spans.close()
    assert [False, True] == [row["is_error"] for row in collector.rows]
    assert {("send x.commands.v1", None)} == {
        (row["name"], row["parent_id"]) for row in collector.rows
    }
    told = [f"00-{row['trace_id']}-{row['span_id']}-01" for row in collector.rows]
    assert [sent.trace, failed.trace] == told


def test_an_id_is_used_once() -> None:
    """The next span has one of its own."""
    with collecting() as collector:
        spans = Spans("town", collector.address)
        tell(spans, span_id="c" * 16)
        tell(spans)
        spans.close()
    assert 2 == len({row["span_id"] for row in collector.rows})


def test_a_collector_that_answers_nobody_costs_a_bounded_queue_and_no_waiting() -> None:
    """What does not fit is lost and counted; what was queued is told when it answers again."""
    with collecting() as collector:
        collector.answers.clear()
        spans = Spans("town", collector.address, queued_max=QUEUED_MAX)
        tell(spans, TOLD)
        assert (QUEUED_MAX, TOLD - QUEUED_MAX) == (spans.queued, spans.lost)
        collector.answers.set()
        spans.close(30)
    assert (QUEUED_MAX, 0) == (len(collector.rows), spans.queued)


def test_a_collector_that_is_away_costs_what_it_was_to_be_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    spans = Spans("town", "http://127.0.0.1:1")
    tell(spans, 3)
    spans.close(30)
    assert (0, 3) == (spans.queued, spans.lost)


def test_who_closes_does_not_wait_for_a_collector_that_hangs() -> None:
    """What it was not told by then is as lost as if the process had been killed."""
    with collecting() as collector:
        collector.answers.clear()
        spans = Spans("town", collector.address)
        tell(spans, 3)
        spans.close(0.01)
        assert 3 == spans.queued


@pytest.mark.parametrize("context", [None, "", "00-xyz", PARENT[:-1] + "0", PARENT.upper()])
def test_what_is_in_no_trace_or_in_one_that_is_not_kept_is_not_told(context: str | None) -> None:
    assert sampled_context(context) is None


def test_the_environment_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "theirs")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=here")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
    with collecting() as collector:
        spans = Spans("town", collector.address)
        root = spans.root("x", "leadops.x", {})
        root.end()
        tell(spans)
        spans.close()
    assert "-00" == (root.trace or "")[-3:]
    assert ["process x"] == [row["name"] for row in collector.rows]
    (resource,) = collector.resources
    told = (resource["service.name"], resource["deployment.environment.name"])
    assert ("theirs", "here") == told


@pytest.mark.parametrize(
    ("endpoint", "variables", "wanted"),
    [
        ("", {}, False),
        ("http://x.example", {}, True),
        ("", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x.example"}, True),
        ("", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x.example/v1/traces"}, True),
        ("http://x.example", {"OTEL_TRACES_EXPORTER": "none"}, False),
        ("http://x.example", {"OTEL_TRACES_EXPORTER": "otlp"}, True),
    ],
)
def test_traces_are_told_where_somebody_wants_them(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, variables: dict[str, str], wanted: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wanted == has_collector(endpoint)


def test_the_sdk_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with collecting() as collector:
        spans = Spans("town", collector.address)
        assert spans.root("x", "leadops.x", {}).trace is None
        tell(spans)
        spans.close()
    assert [] == collector.rows


@pytest.mark.parametrize(
    "variables",
    [
        {"OTEL_BSP_MAX_QUEUE_SIZE": "2"},
        {"OTEL_BSP_MAX_QUEUE_SIZE": "many"},
        {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "1000000"},
        {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "0"},
        {"OTEL_BSP_SCHEDULE_DELAY": "0"},
        {"OTEL_BSP_SCHEDULE_DELAY": "-1"},
        {"OTEL_BSP_SCHEDULE_DELAY": "5s"},
        {"OTEL_ATTRIBUTE_COUNT_LIMIT": "none"},
        {"OTEL_SPAN_LINK_COUNT_LIMIT": "-1"},
        {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "-1"},
        {"OTEL_TRACES_SAMPLER": "sometimes"},
        {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "7"},
        {"OTEL_EXPORTER_OTLP_TIMEOUT": "10s"},
        {"OTEL_EXPORTER_OTLP_HEADERS": "authorization Bearer x"},
        {"OTEL_EXPORTER_OTLP_COMPRESSION": "zip"},
        {"OTEL_RESOURCE_ATTRIBUTES": "a,b=c=%zz"},
    ],
)
def test_a_slip_in_a_variable_costs_no_span(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """It counts as not set; the SDK would raise for some, and the process would not start."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with collecting() as collector:
        spans = Spans("town", collector.address)
        tell(spans, 2)
        spans.close(30)
    assert (2, 0) == (len(collector.rows), spans.lost)


def test_the_queue_is_as_long_as_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "2")
    with collecting() as collector:
        collector.answers.clear()
        spans = Spans("town", collector.address)
        tell(spans, 5)
        assert 3 == spans.lost
        collector.answers.set()
        spans.close(30)


@pytest.mark.parametrize(
    "limit", ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_EVENT_COUNT_LIMIT"]
)
def test_a_wrong_limit_does_not_keep_a_process_from_its_start(limit: str) -> None:
    """Which the SDK may read as soon as it is imported."""
    program = [sys.executable, "-c", "import shared.serve"]
    done = subprocess.run(program, cwd=ROOT, env=os.environ | {limit: "-1"}, check=False)
    assert 0 == done.returncode


def test_a_limit_that_is_one_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1")
    with collecting() as collector:
        spans = Spans("town", collector.address)
        spans.tell("process x", SpanKind.CONSUMER, (1, 2), {"a": 1, "b": 2})
        spans.close(30)
    assert 1 == len(collector.rows[0]["attributes"])
