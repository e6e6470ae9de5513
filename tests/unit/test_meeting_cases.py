"""Meetings at the edges of their rules (`tests/meeting_cases.yaml`): what each comes to, as far as
verdicts alone can tell, and by the oracle, too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ruamel.yaml import YAML

from cli.oracle import meetings
from services.appointments.meetings.business_days import BusinessDays
from services.appointments.meetings.facts import (
    Booked,
    Called,
    Cancelled,
    Excluded,
    Fact,
    Interrupted,
    Moved,
    ReportedAbsent,
    ReportedOffTarget,
    Reviewed,
)
from services.appointments.meetings.verdicts import Verdict, verdicts
from services.appointments.orders.months import Months, interruption_takes_effect
from tests.told import document

Case = Mapping[str, Any]
Event = Mapping[str, Any]

CASES: Sequence[Case] = YAML(typ="safe").load(
    (Path(__file__).parents[1] / "meeting_cases.yaml").read_text()
)
MONTHS_LATER = datetime(2028, 1, 1, tzinfo=UTC)
BUSINESS_DAYS = BusinessDays(ZoneInfo("UTC"))


def facts_of(case: Case, event: Event) -> Iterator[Fact]:
    """What an event adds to what is known of meetings. Who attended is evidence, and prices and
    emails are another's matter."""
    at: datetime = event["at"]
    match event:
        case {"booked": slot, "start": start}:
            yield Booked(slot=slot, at=at, start=start, order="o")
        case {"moved": slot, "to": to}:
            yield Moved(slot=slot, to=to, at=at, by=event.get("by", "unknown"))
            if "start" in event:
                yield Booked(slot=to, at=at, start=event["start"], order="o")
        case {"cancelled": slot, "by": by}:
            yield Cancelled(slot=slot, at=at, by=by)
        case {"off_target": slot}:
            until = BUSINESS_DAYS.end(at, 5)
            yield ReportedOffTarget(id=slot, slot=slot, at=at, decided_until=until)
            if is_clear(case):
                yield Reviewed(report=slot, slot=slot, at=at, is_upheld=True)
        case {"reviewed": slot, "upheld": is_upheld}:
            yield Reviewed(report=slot, slot=slot, at=at, is_upheld=is_upheld)
        case {"absent": slot}:
            yield ReportedAbsent(id=slot, slot=slot, at=at)
        case {"called": slot, "new": new, "start": start}:
            yield Booked(slot=new, at=at, start=start, order="o")
            yield Moved(slot=slot, to=new, at=at, by="team")
        case {"called": slot}:
            yield Called(id=f"{at}", slot=slot, at=at, gave_up=event.get("gave_up", False))
        case {"excluded": _}:
            yield Excluded(at=at)
        case {"interrupted": order}:
            yield Interrupted(order=order, at=effective_at(case))


def is_clear(case: Case) -> bool:
    """The profile that was frozen at the booking lies outside of what was ordered."""
    return any(event.get("profile") == "outside" for event in case["events"])


def persons(case: Case) -> set[str]:
    return {event.get("person", "first") for event in case["events"] if "booked" in event}


def known(case: Case, person: str) -> list[Fact]:
    """Told as often as it was, in the order in which it became known. Of several persons there are
    bookings, and what is of their order."""
    events = sorted(case["events"], key=lambda event: event.get("known_at", event["at"]))
    return [
        fact
        for event in events
        if "booked" not in event or event.get("person", "first") == person
        for fact in facts_of(case, event)
        for _ in range(event.get("times", 1))
    ]


def judged(case: Case) -> list[Verdict]:
    return [
        verdict
        for person in persons(case)
        for verdict in verdicts(known(case, person), MONTHS_LATER)
    ]


def billed(case: Case) -> dict[str, datetime]:
    return {
        each.chain.id: each.judgement.at
        for each in judged(case)
        if each.judgement.state == "billable"
    }


def billed_by_the_oracle(case: Case) -> dict[str, datetime]:
    return {
        each.id: each.reasons["due"]
        for person in persons(case)
        for each in meetings.judge_all(map(document, known(case, person)), MONTHS_LATER)
        if each.state == "billable"
    }


def answers(case: Case) -> list[str]:
    return [
        step.code
        for verdict in judged(case)
        for step in verdict.steps
        if isinstance(step.fact, ReportedOffTarget | ReportedAbsent)
    ]


def linked(case: Case) -> list[str]:
    """The slots on which no clock runs."""
    return [
        step.fact.to
        for verdict in judged(case)
        for step in verdict.steps
        if isinstance(step.fact, Moved) and step.code == "linked"
    ]


def since(case: Case, code: str) -> datetime:
    (found,) = judged(case)
    assert code == found.judgement.code
    return found.judgement.at


def alerted_at(case: Case) -> datetime:
    (report,) = (event for event in case["events"] if "off_target" in event)
    return BUSINESS_DAYS.end(report["at"], 2)


def zone(case: Case) -> ZoneInfo:
    return ZoneInfo(case.get("zone", "UTC"))


def first_email(case: Case) -> datetime:
    found: datetime = min(event["at"] for event in case["events"] if "emailed" in event)
    return found


def months(case: Case) -> list[datetime]:
    of_order = Months(first_email(case), zone(case))
    return [of_order.start(number) for number in range(len(case["expected"]["months"]))]


def effective_at(case: Case) -> datetime:
    (notice,) = (event for event in case["events"] if "interrupted" in event)
    received_at = notice.get("received_at", notice["at"])
    found = interruption_takes_effect(received_at, first_email(case), zone(case))
    assert found is not None
    return found


FOUND: Mapping[str, Callable[[Case], object]] = {
    "answers": answers,
    "billed": billed,
    "meetings": lambda case: len(judged(case)),
    "linked": linked,
    "upheld_at": lambda case: since(case, "off_target"),
    "given_up_at": lambda case: since(case, "no_show"),
    "alerted_at": alerted_at,
    "months": months,
    "effective_at": effective_at,
}
"""By what is expected."""


def parts(case: Case) -> set[str]:
    return case["expected"].keys() - set(case.get("elsewhere", ()))


def params(cases: Sequence[Case]) -> list[Any]:
    return [
        pytest.param(
            case,
            id=case["id"],
            marks=pytest.mark.case("meetings", case["id"], kind=case["id"].split("-")[1]),
        )
        for case in cases
    ]


@pytest.mark.parametrize("case", params([case for case in CASES if parts(case)]))
def test_a_meeting_comes_to_what_is_expected(case: Case) -> None:
    expected = {part: case["expected"][part] for part in parts(case)}
    assert expected == {part: FOUND[part](case) for part in parts(case)}


@pytest.mark.parametrize("case", params([case for case in CASES if "billed" in parts(case)]))
def test_the_oracle_bills_what_is_expected(case: Case) -> None:
    assert case["expected"]["billed"] == billed_by_the_oracle(case)


def test_what_takes_the_whole_service_is_named() -> None:
    """Of the other cases verdicts tell all, or all but a part."""
    whole = [case["id"] for case in CASES if not parts(case)]
    in_part = {
        case["id"]: case["elsewhere"] for case in CASES if parts(case) and "elsewhere" in case
    }
    told = len(CASES) - len(whole)
    print(f"{told} of {len(CASES)} cases, {len(in_part)} of them in part; not {', '.join(whole)}")
    assert ["APT-W-06", "APT-W-07", "APT-N-06", "APT-N-07", "APT-N-08"] == whole
    assert {
        "APT-W-08": ["mails", "cancellations"],
        "APT-N-05": ["invoices", "credited"],
        "APT-D-03": ["period", "invoices"],
        "APT-C-06": ["amount"],
        "APT-I-05": ["answers"],
    } == in_part
    assert not [case["id"] for case in CASES if parts(case) - FOUND.keys()]
