"""What decisions count is told once it is committed, in a bounded number of series."""

from collections import Counter

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from shared.decision_metrics import DecisionMetrics
from shared.errors import Infrastructure
from shared.loop import step
from shared.loop.batch import Batch
from shared.loop.counts import OTHER, SERIES_MAX, Counts
from shared.loop.decision import Count
from shared.loop.loop import Loop
from shared.store import Transaction
from tests.component.leads import Platform
from tests.component.world import Speak, Town


def count_lines(loop: Loop) -> list[str]:
    registry = CollectorRegistry()
    registry.register(DecisionMetrics(loop))
    return [
        line
        for line in generate_latest(registry).decode().splitlines()
        if not line.startswith("#") and "_created" not in line
    ]


async def test_commands_are_counted_by_type_and_answer(town: Town) -> None:
    """A type that nobody knows is a stranger's text, and no label."""
    town.ask("hello")
    town.ask("hello", role="stranger")
    town.ask("hello", type="leadops.routing.of-a-stranger.v1")
    await town.rest()
    assert {
        (Speak.TYPE, "accepted"): 1,
        (Speak.TYPE, "not_permitted"): 1,
        (OTHER, "unknown_command"): 1,
    } == {
        tuple(text for _, text in labels): number
        for _, series in town.loop.counts
        for labels, number in series.items()
    }


async def test_what_was_not_committed_is_not_counted(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that fails is decided again, and counted once."""
    right, failed = step._save, list[str]()

    async def fail_once(batch: Batch, transaction: Transaction) -> None:
        await right(batch, transaction)
        if batch.counted and not failed:
            failed.append("once")
            raise Infrastructure("the store is away")

    monkeypatch.setattr(step, "_save", fail_once)
    town.ask("hello")
    await town.rest()
    ((_, series),) = town.loop.counts
    assert (["once"], [1]) == (failed, list(series.values()))


async def test_claims_that_wait_for_their_day_are_counted(platform: Platform) -> None:
    await platform.campaign(weekly={"weekday": "friday"})
    await platform.upload(1)
    lines = {line for group in platform.world.groups for line in count_lines(group.members[0].loop)}
    assert 'leadops_claims_total{answer="waiting",service="routing"} 1.0' in lines


async def test_leads_claims_and_sends_are_counted(platform: Platform) -> None:
    """By affiliate and outcome, by answer, and by what became of them."""
    await platform.campaign(caps={"total": 1})
    await platform.upload(1, 2)
    loops = [group.members[0].loop for group in platform.world.groups]
    lines = [line for loop in loops for line in count_lines(loop)]
    for expected in (
        'leadops_lead_outcomes_total{affiliate="acme",outcome="accepted",service="intake"} 2.0',
        'leadops_claims_total{answer="granted",service="routing"} 1.0',
        'leadops_claims_total{answer="refused",service="routing"} 1.0',
        'leadops_claim_checks_failed_total{check="cap_reached",service="routing"} 1.0',
        'leadops_sends_total{outcome="sent",service="routing"} 1.0',
    ):
        assert expected in lines


def test_of_very_many_labels_the_later_ones_are_others() -> None:
    counts = Counts()
    for number in range(SERIES_MAX + 5):
        counts.add(Counter([Count("leads", (("affiliate", f"a{number}"), ("outcome", "held")))]))
    counts.add({Count("leads", (("affiliate", "a3"), ("outcome", "held"))): 2})
    ((name, series),) = counts
    others = series[("affiliate", OTHER), ("outcome", OTHER)]
    a3 = series[("affiliate", "a3"), ("outcome", "held")]
    assert ("leads", SERIES_MAX + 1, 5, 3) == (name, len(series), others, a3)
