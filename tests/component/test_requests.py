"""What is asked of affiliates, and when they are reminded."""

from datetime import timedelta

from tests.component.leads import Platform

DAY = timedelta(days=1)


async def test_an_estimate_is_asked_reminded_and_answered(platform: Platform) -> None:
    """INT-16: of the role that it concerns, here empty, so of the main contact; answered whole."""
    asked = {"affiliate": "acme", "id": "E-1", "kind": "estimate", "text": "March?"}
    await platform.ask("intake.request.open", "acme:E-1", asked)
    again = await platform.ask("intake.request.open", "acme:E-1", asked)
    other = await platform.ask("intake.request.open", "acme:E-1", asked | {"text": "April?"})
    assert ("unchanged", "request_exists") == (again["code"], other["code"])
    await platform.advance(timedelta(days=3, hours=1))
    assert [("main", 0), ("main", 1)] == sorted(
        (one["role"], one["reminder"]) for one in platform.events("intake.request.opened")
    )
    partial = {"affiliate": "acme", "id": "E-1", "volume": 500}
    refused = await platform.ask("intake.request.answer", "acme:E-1", partial)
    assert "estimate_incomplete" == refused["code"]
    until = "2026-04-01T00:00:00Z"
    whole = partial | {"price_minor": 4500, "currency": "USD", "valid_until": until}
    assert (await platform.ask("intake.request.answer", "acme:E-1", whole))["accepted"]
    await platform.advance(timedelta(days=10))
    assert 2 == len(platform.events("intake.request.opened"))


async def test_what_was_opened_long_ago_is_reminded_of_from_now_on(platform: Platform) -> None:
    """INT-16: not once for each three days that are past."""
    asked = {"affiliate": "acme", "id": "E-1", "kind": "estimate", "text": "March?"}
    at = platform.now - 300 * DAY
    await platform.ask("intake.request.open", "acme:E-1", asked, at=at)
    await platform.advance(timedelta(days=3, hours=1))
    assert [0, 1] == sorted(one["reminder"] for one in platform.events("intake.request.opened"))
