"""The command line begins a trace with each command, and tells of its root."""

import pytest

from cli import roots
from cli.command import Asker, Command, record_of
from shared.contracts import envelope as envelopes
from shared.contracts.trace_context import trace_id
from tests.builders import NOW
from tests.collector import collecting

COMMANDS = [Command("leadops.intake.lead.submit.v1", b"{}", f"acme:R-{n}") for n in (1, 2)]


def publish(found: dict[str, str]) -> list[str | None]:
    """The traces in which the commands are."""
    with roots.roots_of(found).sending(COMMANDS) as traces:
        sent = [
            record_of(command, Asker("mira"), NOW, trace)
            for command, trace in zip(COMMANDS, traces, strict=True)
        ]
    return [envelopes.read(record.headers, record.value).trace for record in sent]


def test_the_root_of_each_command_is_told() -> None:
    with collecting() as collector:
        traces = publish({"receiver": collector.address})
        roots.close_roots()
    told = [f"00-{row['trace_id']}-{row['span_id']}-01" for row in collector.rows]
    assert traces == told
    assert 2 == len({trace_id(trace) for trace in traces})
    ids = [row["attributes"]["messaging.message.id"] for row in collector.rows]
    assert [command.id for command in COMMANDS] == ids


def test_a_collector_that_hangs_is_told_of_and_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(roots, "CLOSE_SECONDS", 0.01)
    with collecting() as collector:
        collector.answers.clear()
        assert 2 == len(publish({"receiver": collector.address}))
        roots.close_roots()
    assert "no collector took 2 root spans of traces\n" == capsys.readouterr().err


@pytest.mark.parametrize("variables", [{}, {"OTEL_SDK_DISABLED": "true"}])
def test_without_a_collector_a_trace_begins_all_the_same(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """So that whoever has one behind the services can follow the lead."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    traces = publish({"receiver": "http://127.0.0.1:1"} if variables else {})
    roots.close_roots()
    assert 2 == len({trace_id(trace) for trace in traces} - {""})
