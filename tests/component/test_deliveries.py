"""Deliveries that are announced, and what does not add up."""

from datetime import timedelta
from typing import Any

import pytest

from services.intake.store import ROWS
from tests.component.leads import Platform


async def announce(platform: Platform, **changes: Any) -> Any:
    whole = {
        "affiliate": "acme",
        "id": "D-1",
        "month": "2026-03",
        "lead_code": "INT-AAA-BBB-1",
    }
    cause = {"at": changes.pop("at")} if "at" in changes else {}
    return await platform.ask("intake.delivery.announce", "acme:D-1", whole | changes, **cause)


async def test_a_delivery_that_is_short_is_raised_after_a_day(platform: Platform) -> None:
    """INT-10: with the missing references, for the technical contact; not before."""
    await announce(platform, declared=3, references=["R-1", "R-2", "R-3"])
    await platform.submit("R-1", delivery="D-1")
    await platform.submit("R-2", delivery="D-1", record={"Mail": "none"})
    await platform.advance(timedelta(hours=23))
    assert [] == platform.events("intake.delivery.reconciled")
    await platform.advance(timedelta(hours=2))
    (told,) = platform.events("intake.delivery.reconciled")
    assert (False, ["R-3"]) == (told["adds_up"], told["missing"])
    assert {"accepted": 1, "unusable": 1} == told["outcomes"]
    (asked,) = platform.events("intake.request.opened")
    assert ["R-3"] == asked["rows"]


async def test_a_delivery_that_adds_up_asks_for_nothing(platform: Platform) -> None:
    await announce(platform, declared=1)
    await platform.submit("R-1", delivery="D-1")
    await platform.advance(timedelta(hours=25))
    (told,) = platform.events("intake.delivery.reconciled")
    assert told["adds_up"]
    assert [] == platform.events("intake.request.opened")


@pytest.mark.parametrize("declared", [1, 3])
async def test_a_delivery_of_another_number_does_not_add_up(
    platform: Platform, declared: int
) -> None:
    """INT-10: though no reference is known to be missing, or to be one too many."""
    await announce(platform, declared=declared)
    await platform.upload(1, 2)
    await platform.advance(timedelta(hours=25))
    (reconciled,) = platform.events("intake.delivery.reconciled")
    fields = ("adds_up", "missing", "unannounced")
    assert [False, [], []] == [reconciled[name] for name in fields]


async def test_a_delivery_announced_twice_for_one_instant_is_reconciled_twice(
    platform: Platform,
) -> None:
    """INT-10: two facts with two ids, so that no reader takes the second for the first."""
    at = platform.now
    for declared in (1, 2):
        await announce(platform, declared=declared, at=at)
        await platform.advance(timedelta(hours=25))
    assert 2 == len(set(platform.event_ids("intake.delivery.reconciled")))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"declared": 2, "references": ["R-1"]}, "references_differ"),
        ({"declared": 2, "lead_code": "NO"}, "lead_code_unknown"),
        ({"declared": 2, "affiliate": "nobody"}, "affiliate_unknown"),
    ],
)
async def test_an_announcement_that_cannot_be_is_refused(
    platform: Platform, changes: dict[str, Any], code: str
) -> None:
    answer = await announce(platform, **changes)
    assert (False, code) == (answer["accepted"], answer["code"])


async def test_of_a_delivery_no_more_is_read_of_its_leads_than_is_counted(
    platform: Platform,
) -> None:
    """INT-10: a delivery may have a hundred thousand."""
    await platform.submit(delivery="D-1")
    (lead,) = platform.stored("leads")
    upload = {"outcome": lead["upload"]["outcome"]}
    part = {"reference": lead["reference"], "upload": upload, "is_sent": lead["is_sent"]}
    assert ("reference", "upload.outcome", "is_sent") == ROWS.fields
    assert ROWS.from_document(lead) == ROWS.from_document(part)
