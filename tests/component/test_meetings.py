"""Meetings at the edges of their rules (`tests/meeting_cases.yaml`), told over topics: what is
billed, and how reports are answered."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.appointments.meetings.dossier import meeting_id
from tests.component.agency import Agency
from tests.unit.test_meeting_cases import CASES, Case, params

PRICE = 4000
EMAIL = {"order": "o", "step": "first", "domain": "meet.example", "has_scheduling_link": True}
DAYS, LATER = 10, timedelta(days=120)
FITS = {"min": 200, "max": 500}
PROFILES = {"fits": FITS, "outside": {"min": 1, "max": 10}, "unclear": None}
TOLD = ("answers", "billed", "alerted_at")


async def open_order(agency: Agency, zone: str = "UTC") -> None:
    account = {"account": "acme", "currency": "USD", "time_zone": zone}
    await agency.ask("billing.account.put", account)
    await put_order(agency, PRICE)
    await prepare(agency)


async def prepare(agency: Agency) -> None:
    step = {"name": "first", "subject": "Ten minutes?", "body": "Here is my calendar."}
    prepared = {"order": "o", "brief": "directors of firms", "steps": [step]}
    await agency.ask("appointments.preparation.put", prepared)
    await agency.ask(
        "appointments.preparation.step", {"order": "o", "step": "first", "to": "validated"}
    )
    checks = ["warm_up", "cname", "spf", "dkim", "dmarc"]
    domain = {"order": "o", "domain": "meet.example", "done": checks}
    await agency.ask("appointments.preparation.domain", domain)


async def put_order(agency: Agency, price: int) -> None:
    """Put, and accepted by both sides."""
    wanted = {"intervals": [{"min": 100, "max": 1000}]}
    order = {"order": "o", "account": "acme", "criteria": {"company_size": wanted}}
    order |= {"wanted_per_month": 20, "price_minor": price, "currency": "USD"}
    answer = await agency.ask("appointments.order.put", order)
    accepts = {"order": "o", "account": "acme", "version": answer["details"]["version"]}
    await agency.ask("appointments.order.accept", accepts)
    customer = {"role": "representative", "actor": "acme/robin"}
    await agency.ask("appointments.order.accept", accepts, **customer)


class Story:
    """A case as it is told: each event when it was known."""

    def __init__(self, agency: Agency) -> None:
        self.agency = agency
        self.persons: dict[str, str] = {}
        """By slot."""
        self.answers: list[str] = []

    async def tell(self, event: Mapping[str, Any]) -> None:
        known_at: datetime = event.get("known_at", event["at"])
        if known_at > self.agency.now:
            await self.agency.advance(known_at - self.agency.now)
        for _ in range(event.get("times", 1)):
            await self._tell(event)

    async def _tell(self, event: Mapping[str, Any]) -> None:
        match event:
            case {"booked": slot, "start": start}:
                await self._book(slot, event, start)
            case {"moved": slot, "to": to}:
                if "start" in event:
                    moved = {"moves": slot, "moved_by": event.get("by", "unknown")}
                    await self._book(to, event, event["start"], **moved)
                data = {"slot": slot, "to": to, "by": event.get("by", "unknown")}
                await self._ask("meeting.move", data, event)
            case {"cancelled": slot, "by": by}:
                await self._ask("meeting.cancel", {"slot": slot, "by": by}, event)
            case {"off_target": slot, "grounds": grounds}:
                email = "We have met already." if event["has_email"] else None
                data = {"grounds": grounds, "email": email, "no_prior_contact": True}
                await self._report("meeting.report_off_target", slot, data, event)
            case {"reviewed": slot, "upheld": is_upheld}:
                data = {"verdict": "upheld" if is_upheld else "rejected", "reason": "looked"}
                await self._about("review.decide", slot, data, event)
            case {"absent": slot}:
                data = {"not_on_link": True, "not_reached_by_phone": event.get("called")}
                await self._report("meeting.report_no_show", slot, data, event)
            case {"called": slot, "new": new, "start": start}:
                await self._book(new, event, start, moves=slot, moved_by="team")
            case {"called": slot}:
                data = {"call": f"{event['at']}", "result": "not_reached"}
                await self._about("call.record", slot, data, event)
            case {"attended": slot}:
                data = {"slot": slot, "evidence": "the calendar"}
                sides = {
                    side: "present" if event[side] else "absent"
                    for side in ("prospect", "customer")
                    if side in event
                }
                await self._ask("meeting.attendance", data | sides, event)
            case {"marked_absent": slot}:
                data = {"slot": slot, "prospect": "absent", "evidence": "the calendar's mark"}
                await self._ask("meeting.attendance", data, event)
            case {"excluded": domain}:
                data = {"account": "acme", "entries": [domain]}
                await self._ask("exclusions.add", data, event)
            case {"interrupted": order}:
                received = event.get("received_at", event["at"])
                data = {"order": order, "account": "acme", "received_at": received.isoformat()}
                await self._note("order.interrupt", data | {"reason": "they said so"}, event)
            case {"asked_to_email": order}:
                data = EMAIL | {"order": order}
                await self._note("email.request", data, event)
            case {"priced": price}:
                await put_order(self.agency, price)
            case {"emailed": order}:
                data = EMAIL | {"order": order}
                await self._ask("email.request", data, event)

    async def _book(self, slot: str, event: Mapping[str, Any], start: Any, **more: Any) -> None:
        who = event.get("person", "first")
        prospect = {"email": f"{who}@prospect.example"}
        if event.get("phone", "known"):
            prospect["phone"] = "+43 1 555 01 00"
        size = PROFILES[event.get("profile", "fits")]
        profile = {"captured_at": event["at"].isoformat(), "company_size": size}
        data = {"slot": slot, "order": "o", "start": start.isoformat(), "prospect": prospect}
        data |= {"end": (start + timedelta(minutes=30)).isoformat(), "profile": profile} | more
        answer = await self._ask("meeting.book", data, event)
        self.persons[slot] = answer["details"].get("person", self.persons.get(slot))

    async def _report(
        self, kind: str, slot: str, data: Mapping[str, Any], event: Mapping[str, Any]
    ) -> None:
        about = {"slot": slot, "account": "acme", "person": self.persons[slot]}
        await self._note(kind, {**about, **data}, event)

    async def _note(self, kind: str, data: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        answer = await self._ask(kind, data, event)
        is_accepted = answer["type"].endswith(".accepted.v1")
        self.answers.append("accepted" if is_accepted else answer["code"])

    async def _about(
        self, kind: str, slot: str, data: Mapping[str, Any], event: Mapping[str, Any]
    ) -> Any:
        about = {"slot": slot, "account": "acme", "person": self.persons[slot]}
        return await self._ask(kind, {**about, **data}, event)

    async def _ask(self, kind: str, data: Mapping[str, Any], event: Mapping[str, Any]) -> Any:
        return await self.agency.ask(f"appointments.{kind}", data, at=event["at"])

    def billed(self) -> dict[str, datetime]:
        """What stands at the end, by the first slot of the meeting."""
        names = {meeting_id("main", slot): slot for slot in self.persons}
        charges = self.charges()
        return {
            names[meeting]: datetime.fromisoformat(charge["billable_at"]).astimezone(UTC)
            for meeting, charge in charges.items()
            if "billable_at" in charge
        }

    def alerted_at(self) -> datetime | None:
        """Within the day in which it was due."""
        told = self.agency.times("appointments.events.v1")
        alerts = [at for kind, at in told if kind.endswith("review.waits.v1")]
        return alerts[0].replace(hour=0, minute=0) if alerts else None

    def charges(self) -> dict[str, Any]:
        """Of each meeting the highest revision."""
        events = self.agency.events("appointments.events.v1")
        told = [event for event in events if "revision" in event]
        told.sort(key=lambda event: event["revision"])
        return {event["meeting"]: event for event in told}


@pytest.mark.parametrize("case", params([case for case in CASES if case["expected"].keys() & TOLD]))
async def test_a_meeting_told_over_topics_comes_to_what_is_expected(
    agency: Agency, case: Case
) -> None:
    await open_order(agency, case.get("zone", "UTC"))
    story = Story(agency)
    for event in sorted(case["events"], key=lambda event: event.get("known_at", event["at"])):
        await story.tell(event)
    for _ in range(DAYS):
        await agency.advance(timedelta(days=1))
    await agency.advance(LATER)
    found = {
        "answers": story.answers,
        "billed": story.billed(),
        "alerted_at": story.alerted_at(),
    }
    expected = {name: case["expected"][name] for name in TOLD if name in case["expected"]}
    assert expected == {name: found[name] for name in expected}
