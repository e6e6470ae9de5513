"""One person under one lead code, within 90 days."""

from datetime import timedelta

from tests.component.leads import Platform

DAY = timedelta(days=1)


async def test_a_person_is_a_duplicate_under_one_lead_code_for_90_days(platform: Platform) -> None:
    """INT-05: on day 89 the same person is omitted; from day 90 on it is a lead again."""
    start = platform.now - 100 * DAY
    for reference, at in (("R-1", start), ("R-2", start + 89 * DAY), ("R-3", start + 90 * DAY)):
        await platform.submit(reference, at=at)
    outcomes = [platform.outcome(one) for one in ("R-1", "R-2", "R-3")]
    assert ["accepted", "omitted", "accepted"] == outcomes
    assert ["duplicate"] == platform.codes("R-2")
    (omitted,) = platform.events("intake.lead.omitted")
    assert "R-2" == omitted["reference"]


async def test_an_upload_of_long_before_is_no_duplicate(platform: Platform) -> None:
    """INT-05: 90 days either way; what counts is when it was uploaded, not when it is read."""
    await platform.submit("R-1")
    await platform.submit("R-2", at=platform.now - 89 * DAY)
    await platform.submit("R-3", at=platform.now - 300 * DAY)
    assert ["omitted", "accepted"] == [platform.outcome(one) for one in ("R-2", "R-3")]


async def test_another_person_or_lead_code_is_no_duplicate(platform: Platform) -> None:
    """INT-05: both must be the same."""
    await platform.submit("R-1")
    await platform.submit("R-2", record={"Mail": "else@northgrid.example"})
    assert "accepted" == platform.outcome("R-2")
