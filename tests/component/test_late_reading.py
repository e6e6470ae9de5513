"""A service that reads late judges as one that reads at once: that everything is known is told by a
deadline that has waited for what lay in the topics before it, and not by the clock."""

from datetime import timedelta
from typing import Any

from tests.component.agency import Agency
from tests.component.test_meetings import open_order

HOUR = timedelta(hours=1)


async def book(agency: Agency, slot: str) -> dict[str, Any]:
    """A meeting that starts in an hour; answers with whom it is about."""
    start = agency.now + HOUR
    data = {"slot": slot, "order": "o", "start": start, "end": start + HOUR}
    prospect = {"email": "robin@prospect.example"}
    answer = await agency.ask("appointments.meeting.book", data | {"prospect": prospect})
    return {"slot": slot, "account": "acme", "person": answer["details"]["person"]}


async def test_no_meeting_is_billed_over_a_report_that_waits_to_be_read(agency: Agency) -> None:
    await open_order(agency)
    meetings = [await book(agency, "a"), await book(agency, "b")]
    await agency.advance(2 * HOUR)
    reported_at = agency.now
    agency.world.clock.ahead += timedelta(days=3)
    for about in meetings:
        absent = about | {"not_on_link": True, "not_reached_by_phone": True}
        agency.publish("appointments.meeting.report_no_show", absent, at=reported_at)
    await agency.rest()
    answers = [each for each in agency.events("appointments.events.v1") if "command" in each]
    assert ["accepted", "accepted"] == [answer["code"] for answer in answers[-2:]]
    await agency.advance(timedelta(days=20))
    charges = [each for each in agency.events("appointments.events.v1") if "revision" in each]
    assert [] == charges
