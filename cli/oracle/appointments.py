"""Are meetings billed, told and refused as they have to be, by what was asked over topics alone?"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple

from cli.oracle import meetings
from cli.oracle.asked import Asked, asked_of
from cli.oracle.evidence import Document, Evidence
from cli.oracle.meetings import Judged
from cli.oracle.orders import Order, end_of_review, orders_of
from shared.contracts.appointments import MeetingBillable, MeetingChanged, MeetingWithdrawn
from shared.contracts.orders import OrderChanged

SERVICE = "appointments"
DAY = timedelta(hours=24)


@lru_cache(maxsize=1)
def agency_of(evidence: Evidence) -> "Agency":
    """Once for all checks of a run."""
    return Agency(evidence)


class Charge(NamedTuple):
    person: str
    slot: str
    """Of the meeting that is charged, the one whose clock was told to run."""
    at: datetime


@dataclass(frozen=True)
class Agency:
    """What was asked of appointments, and what is known of them by that."""

    evidence: Evidence

    @cached_property
    def commands(self) -> Sequence[Asked]:
        return asked_of(self.evidence, SERVICE)

    def acceptances(self, *types: str) -> Iterator[Asked]:
        return (each for each in self.commands if each.type in types and each.is_accepted)

    @cached_property
    def orders(self) -> Mapping[tuple[str, str], Order]:
        return orders_of(self.commands, asked_of(self.evidence, "billing"))

    @cached_property
    def business_days(self) -> Mapping[str, Document]:
        """By tenant, as they were put last."""
        put = self.acceptances("business_days.put")
        return {each.id.tenant: each.data for each in put}

    @cached_property
    def verdicts(self) -> Sequence[Judged]:
        """All meetings of all persons, as they stand now."""
        now = self.evidence.at
        assert now is not None, "meetings are judged at a time"
        known = (_of_person(told, self) for told in self._by_person.values())
        return [judged for told in known for judged in meetings.judge_all(told, now)]

    @cached_property
    def _by_person(self) -> Mapping[tuple[str, str, str], list[Document]]:
        """By tenant, account and address: of slots that moves connect, the person who took the
        earliest has all of them."""
        found: dict[tuple[str, str, str], list[Document]] = defaultdict(list)
        for together in groups_of_slots(list(self._told_of_slots())):
            booked = [each for each in together if each["kind"] == "booked"]
            if booked:
                first = min(booked, key=lambda each: (each["at"], each["person"]))
                found[first["tenant"], first["account"], first["person"]] += together
        return found

    def _told_of_slots(self) -> Iterator[Document]:
        booked: set[tuple[str, str]] = set()
        unassigned: dict[tuple[str, str], datetime] = {}
        for asked in self.commands:
            slot = (asked.id.tenant, str(asked.data.get("slot")))
            if not asked.is_accepted or asked.code == "unchanged":
                continue
            if asked.code == "unassigned":
                unassigned.setdefault(slot, asked.at)
            elif asked.type == "meeting.book" and slot not in booked:
                booked.add(slot)
                yield from _booking(asked, unassigned.get(slot, asked.at), self)
            else:
                yield from _facts(asked, self.business_days.get(asked.id.tenant, {}))

    @cached_property
    def charges(self) -> list[Charge]:
        """Those that stand: of a meeting the highest revision that was told of a person."""
        slots = {
            (each["meeting"], each["person"]): each["slot"] for each in self.last_changes.values()
        }
        latest: dict[tuple[str, str], Document] = {}
        for kind in (MeetingBillable, MeetingWithdrawn):
            for event in self.evidence.of_type(kind.TYPE):
                whose = (event["meeting"], event["person"])
                if whose not in latest or latest[whose]["revision"] < event["revision"]:
                    latest[whose] = event
        return [
            Charge(person, slots[meeting, person], _instant(event["billable_at"]))
            for (meeting, person), event in latest.items()
            if "billable_at" in event
        ]

    @cached_property
    def last_changes(self) -> Mapping[tuple[str, str], Document]:
        """By meeting and person, what was published of it last."""
        events = self.evidence.of_type(MeetingChanged.TYPE)
        return {(event["meeting"], event["person"]): event for event in events}


def groups_of_slots(told: Sequence[Document]) -> Iterator[list[Document]]:
    """What was told of slots that moves connect, within an account and a tenant."""
    groups: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for each in told:
        names = {(each["tenant"], each["slot"]), (each["tenant"], each.get("to", each["slot"]))}
        whole = names.union(*(groups.get(name, ()) for name in names))
        groups |= dict.fromkeys(whole, whole)
    for group in {frozenset(group) for group in groups.values()}:
        yield [each for each in told if (each["tenant"], each["slot"]) in group]


def _booking(asked: Asked, at: datetime, agency: Agency) -> Iterator[Document]:
    data, tenant = asked.data, asked.id.tenant
    order = agency.orders[tenant, data["order"]]
    yield {
        "kind": "booked",
        "tenant": tenant,
        "account": order.account,
        "person": data["prospect"]["email"].lower(),
        "slot": data["slot"],
        "order": data["order"],
        "at": at,
        "start": _instant(data["start"]),
    }
    if data.get("moves"):
        by = data.get("moved_by", "unknown")
        yield {
            "kind": "moved",
            "tenant": tenant,
            "slot": data["moves"],
            "to": data["slot"],
            "at": at,
            "by": by,
        }


def _facts(asked: Asked, days: Document) -> Iterator[Document]:
    """Of a slot, by commands other than bookings."""
    data, at = asked.data, asked.at
    about = {"tenant": asked.id.tenant, "slot": data.get("slot"), "at": at}
    match asked.type:
        case "meeting.move":
            yield about | {"kind": "moved", "to": data["to"], "by": data.get("by", "unknown")}
        case "meeting.cancel":
            yield about | {"kind": "cancelled", "by": data.get("by", "unknown")}
        case "meeting.report_no_show":
            yield about | {"kind": "absent", "id": data["slot"]}
        case "meeting.withdraw_report":
            yield about | {"kind": "withdrew", "report": data["slot"]}
        case "call.record":
            gave_up = data["result"] == "gave_up"
            yield about | {"kind": "called", "id": data["call"], "gave_up": gave_up}
        case "review.decide":
            is_upheld = data["verdict"] == "upheld"
            yield about | {"kind": "reviewed", "report": data["slot"], "is_upheld": is_upheld}
        case "meeting.report_off_target":
            until = end_of_review(at, days)
            yield about | {"kind": "off_target", "id": data["slot"], "decided_until": until}
            if (verdict := asked.details["verdict"]) != "review":
                review = {"kind": "reviewed", "report": data["slot"]}
                yield about | review | {"is_upheld": verdict == "upheld"}


def _of_person(told: list[Document], agency: Agency) -> list[Document]:
    """What was told of the person's slots, and what is known beside them."""
    booked = [each for each in told if each["kind"] == "booked"]
    tenant, account = booked[0]["tenant"], booked[0]["account"]
    beside: list[Document] = []
    for asked in agency.acceptances("exclusions.add"):
        is_theirs = (asked.id.tenant, asked.data["account"]) == (tenant, account)
        people = {each["person"] for each in booked}
        if is_theirs and any(
            _names(entry, one) for entry in asked.data["entries"] for one in people
        ):
            beside.append({"kind": "excluded", "at": asked.at})
    for name in {each["order"] for each in booked}:
        at = _interruptions(agency).get((tenant, name))
        if at is not None:
            beside.append({"kind": "interrupted", "order": name, "at": at})
    return [*told, *beside]


def _names(entry: str, address: str) -> bool:
    entry = entry.lower()
    return entry == address if "@" in entry else entry == address.partition("@")[2]


def _interruptions(agency: Agency) -> Mapping[tuple[str, str], datetime]:
    """As they were told; whether rightly, `interruptions_take_effect_in_time` says."""
    found: dict[tuple[str, str], datetime] = {}
    for record in agency.evidence.published.get(OrderChanged.TYPE, ()):
        event = record.data()
        if event.get("interrupted_at"):
            tenant = record.text("ce_tenant") or "main"
            found[tenant, event["order"]] = _instant(event["interrupted_at"])
    return found


def meetings_are_billed_once(evidence: Evidence) -> Iterator[str]:
    """Each meeting that is billable by all that was told of it has one charge that stands, dated to
    the instant; no other has one."""
    agency = agency_of(evidence)
    if not agency.commands:
        return
    left = list(agency.charges)
    for judged in agency.verdicts:
        found = [charge for charge in left if charge.slot in judged.slots]
        left = [charge for charge in left if charge not in found]
        expected = [judged.reasons["due"]] if judged.state == "billable" else []
        if [charge.at for charge in found] != expected:
            dates = [charge.at.isoformat() for charge in found]
            what = f"{judged.state}, {_reasons(judged)}"
            yield f"the meeting of slot {judged.id} is {what}, and charged at {dates}"
    for charge in left:
        yield f"{charge.slot} is no meeting's, and charged"


def meetings_are_told_as_they_are(evidence: Evidence) -> Iterator[str]:
    """What was published of a meeting last is its state, with a reason that holds."""
    agency = agency_of(evidence)
    if not agency.commands:
        return
    told = defaultdict(list)
    for event in agency.last_changes.values():
        told[event["slot"]].append((event["state"], event["code"], _instant(event["at"])))
    for judged in agency.verdicts:
        right = {(judged.state, code, at) for code, at in judged.reasons.items()}
        if not right & {*told[judged.current]}:
            yield f"the meeting of slot {judged.id} is told to be {told[judged.current]}: {right}"


def reports_are_refused_for_their_window(evidence: Evidence) -> Iterator[str]:
    """By the time at which it was made, and by nothing else, a report is too early or too late."""
    agency = agency_of(evidence)
    starts = {
        (each.id.tenant, each.data["slot"]): _instant(each.data["start"])
        for each in agency.acceptances("meeting.book")
    }
    for asked in agency.commands:
        if asked.type not in ("meeting.report_off_target", "meeting.report_no_show"):
            continue
        start = starts.get((asked.id.tenant, asked.data["slot"]))
        if start is None:
            continue
        is_absence = asked.type == "meeting.report_no_show"
        is_early = is_absence and asked.at < start
        is_late = asked.at >= (start + DAY if is_absence else start)
        for is_so, code in ((is_early, "too_early"), (is_late, "too_late")):
            if asked.code == code and not is_so:
                yield f"{asked.type} of {asked.data['slot']} at {asked.at} was {code}"
            if is_so and asked.is_accepted:
                yield f"{asked.type} of {asked.data['slot']} at {asked.at} is {code}, and accepted"


def interruptions_take_effect_in_time(evidence: Evidence) -> Iterator[str]:
    agency = agency_of(evidence)
    told = _interruptions(agency)
    for place, order in agency.orders.items():
        at, allowed = told.get(place), order.may_be_interrupted_at()
        if at not in allowed:
            yield f"order {order.name} is interrupted at {at}, and has to be at {allowed}"


def reviews_end_in_time(evidence: Evidence) -> Iterator[str]:
    agency = agency_of(evidence)
    for asked in agency.acceptances("meeting.report_off_target"):
        if "decided_until" in asked.details:
            until = end_of_review(asked.at, agency.business_days.get(asked.id.tenant, {}))
            if _instant(asked.details["decided_until"]) != until:
                told = asked.details["decided_until"]
                yield f"the review of {asked.data['slot']} ends at {told}, and has to at {until}"


def _reasons(judged: Judged) -> str:
    return ", ".join(f"{code} at {at.isoformat()}" for code, at in judged.reasons.items())


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
