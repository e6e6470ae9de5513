"""The history of a meeting: each fact in the order in which they happened, with what it did, by
which rule, who told it and why (APT-15)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from services.appointments.meetings.course import Step
from services.appointments.meetings.dossier import Beside, Dossier, Known
from services.appointments.meetings.facts import Booked, Cancelled, Fact, Moved
from services.appointments.meetings.verdicts import Verdict
from services.appointments.orders.orders import Order

BY_RULES = "rules"


class Entry(NamedTuple):
    at: datetime
    what: str
    """The kind of the fact; or `attended`, which decides nothing, or `decided`."""
    code: str
    """What it did, or why it did nothing."""
    rule: str
    by: str
    slot: str | None = None
    to: str | None = None
    """Of a move, the other slot."""
    side: str | None = None
    """Of a move or a cancellation, whose it was."""
    start: datetime | None = None
    """Of a booking, when the meeting begins."""
    why: str = ""


def history(dossier: Dossier, beside: Beside, verdict: Verdict) -> Sequence[Entry]:
    found = [_of_step(step, dossier.known) for step in verdict.steps]
    found += _evidence(dossier, verdict)
    found += _exclusion(dossier, beside, verdict)
    found += _interruption(beside.orders, verdict)
    found.sort(key=lambda entry: entry.at)
    judgement = verdict.judgement
    if judgement.state != "open":
        code = "billable" if judgement.state == "billable" else judgement.code
        found.append(Entry(judgement.at, "decided", code, judgement.rule, BY_RULES))
    return found


def _of_step(step: Step, known: Iterable[Known]) -> Entry:
    fact, told = step.fact, _known_of(step.fact, known)
    return Entry(
        fact.at,
        fact.kind,
        step.code,
        step.rule,
        told.by if told else "",
        slot=fact.slot,
        to=fact.to if isinstance(fact, Moved) else None,
        side=fact.by if isinstance(fact, Moved | Cancelled) else None,
        start=fact.start if isinstance(fact, Booked) else None,
        why=told.text if told else "",
    )


def _known_of(fact: Fact, known: Iterable[Known]) -> Known | None:
    """A move that both sides of a calendar told is one, with what either knew of it."""
    for each in known:
        is_half = (
            isinstance(fact, Moved)
            and isinstance(each.fact, Moved)
            and (fact.slot, fact.to, fact.at) == (each.fact.slot, each.fact.to, each.fact.at)
        )
        if is_half or each.fact == fact:
            return each
    return None


def _evidence(dossier: Dossier, verdict: Verdict) -> Iterator[Entry]:
    for each in dossier.attended:
        if each.slot in verdict.chain.slots:
            why = f"prospect {each.prospect}, customer {each.customer}: {each.evidence}"
            yield Entry(each.at, "attended", "noted", "APT-12", each.by, slot=each.slot, why=why)


def _exclusion(dossier: Dossier, beside: Beside, verdict: Verdict) -> Iterator[Entry]:
    entry = beside.exclusions.earliest(dossier.terms) if beside.exclusions else None
    if entry is not None:
        code = "excluded" if entry.at <= verdict.chain.first.at else "excluded_later"
        yield Entry(entry.at, "excluded", code, "APT-11", entry.by)


def _interruption(orders: Iterable[Order], verdict: Verdict) -> Iterator[Entry]:
    for order in orders:
        notice, at = order.notice, order.interrupted_at
        if notice and at and order.definition.order == verdict.chain.first.order:
            yield Entry(at, "interrupted", "effective", "APT-14", notice.by, why=notice.reason)
