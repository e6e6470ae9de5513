"""What is stated of a meeting, between the shard of its person, which decides it, and the shard of
the slot that it is about, which keeps it: slots change hands when it turns out whose they are."""

from services.appointments.meetings.dossier import Known
from services.appointments.meetings.facts import (
    Called,
    Fact,
    ReportedAbsent,
    ReportedOffTarget,
    Reviewed,
    WithdrewReport,
)
from shared.contracts.appointments import SlotStated, Statement
from shared.loop.decision import Context, Publish

Stated = ReportedOffTarget | ReportedAbsent | WithdrewReport | Reviewed | Called


def statement_event(known: Known, context: Context) -> Publish | None:
    """To the slot's shard; None for what it knows itself."""
    fact = known.fact
    if not isinstance(fact, Stated):
        return None
    event = SlotStated(slot=fact.slot, statement=_statement(fact, known))
    return Publish(event, f"{context.tenant}/{fact.slot}")


def _statement(fact: Stated, known: Known) -> Statement:
    told = {"at": fact.at, "by": known.by, "text": known.text, "findings": known.findings}
    match fact:
        case ReportedOffTarget():
            until = fact.decided_until
            return Statement(what=fact.kind, id=fact.id, decided_until=until, **told)
        case ReportedAbsent():
            return Statement(what=fact.kind, id=fact.id, **told)
        case WithdrewReport():
            return Statement(what=fact.kind, id=fact.report, **told)
        case Reviewed():
            return Statement(what=fact.kind, id=fact.report, is_upheld=fact.is_upheld, **told)
        case Called():
            return Statement(what=fact.kind, id=fact.id, gave_up=fact.gave_up, **told)


def known_of(slot: str, statement: Statement) -> Known:
    return Known(_fact(slot, statement), statement.by, statement.text, statement.findings)


def _fact(slot: str, told: Statement) -> Fact:
    id_, at = told.id, told.at
    match told.what:
        case "off_target":
            assert told.decided_until is not None, "a report off target is reviewed until then"
            return ReportedOffTarget(id=id_, slot=slot, at=at, decided_until=told.decided_until)
        case "absent":
            return ReportedAbsent(id=id_, slot=slot, at=at)
        case "withdrew":
            return WithdrewReport(report=id_, slot=slot, at=at)
        case "reviewed":
            return Reviewed(report=id_, slot=slot, at=at, is_upheld=told.is_upheld)
        case "called":
            return Called(id=id_, slot=slot, at=at, gave_up=told.gave_up)
