"""A lead that another upload replaces, or can not."""

from typing import Any

import pytest

from tests.builders import record
from tests.component.leads import Platform


async def test_a_lead_that_was_not_sent_is_replaced(platform: Platform) -> None:
    """INT-08: routing gives it back, it ends as omitted, and the new one is processed."""
    await platform.campaign(categories=[{"id": "205"}])
    await platform.submit("R-1")
    answer = await platform.submit("R-2", replaces="R-1", record={"Cat": "205"})
    assert "waiting" == answer["code"]
    assert ("omitted", ["replaced"]) == (platform.outcome("R-1"), platform.codes("R-1"))
    assert "accepted" == platform.outcome("R-2")
    assert {platform.lead("R-2")["_id"]: 1} == platform.sent()
    again = await platform.submit("R-2", replaces="R-1", record={"Cat": "205"})
    assert "accepted" == again["details"]["outcome"]


async def test_a_lead_that_was_sent_is_not_replaced(platform: Platform) -> None:
    """INT-08: the re-upload ends as omitted, the first lead stays what it is."""
    await platform.campaign()
    await platform.submit("R-1")
    await platform.submit("R-2", replaces="R-1", record={"Mail": "other@x.example"})
    assert ("omitted", ["replaces_sent"]) == (platform.outcome("R-2"), platform.codes("R-2"))
    assert "accepted" == platform.outcome("R-1")
    assert {platform.lead("R-1")["_id"]: 1} == platform.sent()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"replaces": "R-9"}, "replaced_unknown"),
        ({"replaces": "R-2"}, "replaces_itself"),
    ],
)
async def test_what_cannot_be_replaced_is_refused(
    platform: Platform, changes: dict[str, Any], code: str
) -> None:
    answer = await platform.submit("R-2", **changes)
    assert (False, code) == (answer["accepted"], answer["code"])
    assert [] == platform.stored("leads")


async def test_an_unusable_upload_replaces_nothing(platform: Platform) -> None:
    """INT-08: a broken re-upload does not cost the good lead."""
    await platform.submit("R-1")
    await platform.submit("R-2", replaces="R-1", record={"Mail": "none"})
    assert ("unusable", "accepted") == (platform.outcome("R-2"), platform.outcome("R-1"))


@pytest.mark.parametrize("first", ["held", "unusable"])
async def test_what_was_not_accepted_is_replaced_at_once(platform: Platform, first: str) -> None:
    """INT-08: routing never had it."""
    await platform.question()
    spoilt = {"held": {"Budget": "42"}, "unusable": {"Mail": "none"}}[first]
    await platform.submit("R-1", record=spoilt)
    answer = await platform.submit("R-2", replaces="R-1", record={"Budget": "over 50k"})
    assert "accepted" == answer["details"]["outcome"]
    assert "omitted" == platform.outcome("R-1")


async def test_an_upload_that_would_be_a_duplicate_replaces_nothing(platform: Platform) -> None:
    """INT-08: of a third lead; the one that it was to replace stays."""
    await platform.submit("R-1")
    await platform.submit("R-2", record={"Mail": "other@x.example"})
    await platform.submit("R-3", replaces="R-1", record={"Mail": "other@x.example"})
    assert ["accepted", "accepted", "omitted"] == [
        platform.outcome(one) for one in ("R-1", "R-2", "R-3")
    ]
    assert ["duplicate"] == platform.codes("R-3")


async def test_who_comes_with_a_replacement_is_a_contact_whatever_becomes_of_it(
    platform: Platform,
) -> None:
    """INT-04, INT-08."""
    await platform.campaign()
    await platform.submit("R-1")
    await platform.submit("R-2", replaces="R-1", record={"Mail": "new@x.example"})
    assert "omitted" == platform.outcome("R-2")
    assert 2 == len(platform.stored("contacts"))


async def test_a_replacement_about_another_person_is_noted_with_that_person(
    platform: Platform,
) -> None:
    """INT-05, INT-08: who was replaced is free for the lead code, who came is not."""
    await platform.submit("R-1", record={"Mail": "ann@x.example", "Cat": "205"})
    await platform.campaign()
    await platform.submit("R-2", replaces="R-1", record={"Mail": "new@x.example"})
    await platform.submit("R-3", record={"Mail": "new@x.example"})
    await platform.submit("R-4", record={"Mail": "ann@x.example"})
    outcomes = [platform.outcome(reference) for reference in ("R-1", "R-2", "R-3", "R-4")]
    assert ["omitted", "accepted", "omitted", "accepted"] == outcomes
    assert ["duplicate"] == platform.codes("R-3")


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_lead_is_replaced_by_one_upload_only(platform: Platform, at_once: bool) -> None:
    """INT-08: whether the second asks after the first has taken the place, or at the same time."""
    await platform.submit("R-1", record={"Cat": "205"})
    await platform.campaign()
    for reference in ("R-2", "R-3"):
        data = {"affiliate": "acme", "reference": reference, "replaces": "R-1"}
        data |= {"record": record(Mail=f"{reference}@x.example")}
        platform.publish("intake.lead.submit", f"acme:{reference}", data)
        if not at_once:
            await platform.rest()
    await platform.rest()
    assert 1 == len(platform.sent())
    leads = [row for row in platform.stored("leads") if row["reference"] != "R-1"]
    outcomes = sorted(row["upload"]["outcome"] for row in leads)
    assert outcomes == (["accepted", "omitted"] if at_once else ["accepted"])


@pytest.mark.parametrize(
    ("mail", "outcome"), [("ann@x.example", "omitted"), ("other@x.example", "unusable")]
)
async def test_a_replaced_lead_keeps_its_end_though_it_was_omitted_before(
    platform: Platform, mail: str, outcome: str
) -> None:
    """INT-05, INT-08: its reference is no new try, and another person's upload a conflict."""
    await platform.submit("R-1", record={"Mail": "ann@x.example"})
    await platform.submit("R-2", record={"Mail": "ann@x.example"})
    assert ["duplicate"] == platform.codes("R-2")
    await platform.submit("R-3", replaces="R-2", record={"Mail": "new@x.example"})
    again = await platform.submit("R-2", record={"Mail": mail, "First": "Other"})
    assert outcome == again["details"]["outcome"]
    assert ["replaced"] == platform.codes("R-2")
    told = platform.events("intake.lead.unusable")
    assert ["reference_conflict"] * (outcome == "unusable") == [
        reason["code"] for event in told for reason in event["reasons"]
    ]


async def test_the_longest_reference_can_be_replaced(platform: Platform) -> None:
    long = "r" * 200
    await platform.submit("R-1")
    await platform.submit(long, replaces="R-1", record={"Mail": "new@x.example"})
    assert "accepted" == platform.outcome(long)
