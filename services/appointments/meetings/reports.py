"""What customers report, what is decided of it, and calls for a new time: each becomes a fact if it
counts, and is refused with the reason if not (APT-03 to APT-09)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, get_args

from services.appointments.meetings import reviews
from services.appointments.meetings.business_days import BusinessDays
from services.appointments.meetings.dossier import (
    Beside,
    Dossier,
    Known,
    decide,
    judge,
    meeting_id,
)
from services.appointments.meetings.facts import (
    Called,
    Fact,
    ReportedAbsent,
    ReportedOffTarget,
    Reviewed,
    WithdrewReport,
)
from services.appointments.meetings.statements import statement_event
from services.appointments.meetings.verdicts import Verdict
from services.appointments.meetings.windows import rebooking_until
from services.appointments.orders.parties import not_theirs
from shared.contracts.appointments import (
    DecideReview,
    Finding,
    Ground,
    RecordCall,
    ReportNoShow,
    ReportOffTarget,
    ReviewWaits,
    SlotBooked,
    SlotReported,
    WithdrawReport,
)
from shared.loop.decision import (
    Accepted,
    Context,
    Count,
    Deadline,
    Decision,
    Due,
    Publish,
    Refused,
)

REVIEWED_WITHIN, ALERTED_AFTER = 5, 2
"""Business days."""
BY_RULES = "rules"
About = ReportOffTarget | ReportNoShow | WithdrawReport | DecideReview | RecordCall

TEXTS = {
    "already_reported": "the slot was reported already",
    "moved_before": "the meeting was moved to another slot before",
    "too_late": "the time for it is over",
    "too_early": "the meeting has not begun",
    "not_pending": "nothing is pending",
    "meeting_unknown": "there is no such meeting of this person",
}


class ReviewIsDue(Deadline, kind="review_is_due"):
    """A report has waited for two business days."""

    account: str
    person: str
    slot: str


class Case(NamedTuple):
    """What a report is decided with."""

    dossier: Dossier | None
    beside: Beside
    business_days: BusinessDays
    context: Context

    @property
    def at(self) -> datetime:
        return self.context.cause.time


@dataclass(frozen=True, slots=True)
class _Meeting:
    """A meeting that a report is about, and what is known of the person."""

    dossier: Dossier
    slot: SlotBooked
    case: Case

    def code_of(self, fact: Fact) -> str:
        """What the fact would do, if it became known now."""
        steps = (step for verdict in self._verdicts(fact) for step in verdict.steps)
        return next(step.code for step in steps if step.fact == fact)

    def findings(self, grounds: Sequence[Ground]) -> Mapping[Ground, Finding]:
        """By what was frozen with the meeting's first booking; of the profile by the first there
        is."""
        verdict = next(each for each in self._verdicts() if self.slot.slot in each.chain.slots)
        order = sorted(verdict.chain.slots.values(), key=lambda slot: (slot.at, slot.slot))
        booked = [self.dossier.slot(each.slot) or self.slot for each in order]
        profiles = (each.profile for each in booked if each.profile is not None)
        return reviews.findings(next(profiles, None), booked[0].criteria, grounds)

    def _verdicts(self, *facts: Fact) -> Sequence[Verdict]:
        dossier = self.dossier
        for fact in facts:
            dossier = dossier.with_known(Known(fact, ""))
        return judge(dossier, self.case.beside)

    def decide_with(self, answer: Accepted, *facts: Known) -> Decision:
        after, context = self.dossier, self.case.context
        for known in facts:
            after = after.with_known(known)
        decision = decide(self.dossier, after, self.case.beside, context, answer)
        new = [known for known in after.known if known not in self.dossier.known]
        publish = [each for known in new if (each := statement_event(known, context)) is not None]
        return replace(decision, publish=[*decision.publish, *publish])


def _meeting(command: About, case: Case) -> _Meeting | Refused:
    if refused := not_theirs(case.context.cause, command.account):
        return refused
    slot = case.dossier.slot(command.slot) if case.dossier else None
    if case.dossier is None or slot is None:
        return _refusal("meeting_unknown", "slot")
    return _Meeting(case.dossier, slot, case)


def _refusal(code: str, field: str, **details: object) -> Refused:
    return Refused(code, TEXTS[code], {"field": field, **details})


def report_off_target(command: ReportOffTarget, case: Case) -> Decision:
    meeting = _meeting(command, case)
    if isinstance(meeting, Refused):
        return Decision(answer=meeting)
    if refused := _incomplete(command):
        return Decision(answer=refused)
    until = case.business_days.end(case.at, REVIEWED_WITHIN)
    report = ReportedOffTarget(id=command.slot, slot=command.slot, at=case.at, decided_until=until)
    if (code := meeting.code_of(report)) != "accepted":
        return Decision(answer=_refusal(code, "slot"))
    grounds = tuple(ground for ground in get_args(Ground) if ground in command.grounds)
    found = meeting.findings(grounds)
    verdict = reviews.verdict(found)
    told = ", ".join(f"{ground} {finding}" for ground, finding in found.items())
    due: list[Due] = []
    facts = [Known(report, case.context.cause.actor, told, found)]
    details: dict[str, object] = {"verdict": verdict, "findings": dict(found)}
    if verdict == "review":
        details["decided_until"] = until.isoformat()
        due.append(alert_of(command, case.at, case.business_days, case.context))
    else:
        is_upheld = verdict == "upheld"
        review = Reviewed(report=report.id, slot=command.slot, at=case.at, is_upheld=is_upheld)
        facts.append(Known(review, BY_RULES, told))
    decision = meeting.decide_with(Accepted("accepted", details=details), *facts)
    return replace(decision, due=[*decision.due, *due])


def alert_of(
    about: ReportOffTarget | SlotReported, at: datetime, days: BusinessDays, context: Context
) -> Due:
    whose = {"account": about.account, "person": about.person, "slot": about.slot}
    id_ = "/".join((ReviewIsDue.KIND, context.tenant, *whose.values()))
    return Due(id_, ReviewIsDue(**whose), about.person, days.end(at, ALERTED_AFTER))


def alert(due: ReviewIsDue, case: Case) -> Decision:
    """Somebody has to decide, if nobody has meanwhile."""
    dossier = case.dossier
    found = judge(dossier, case.beside) if dossier else ()
    for verdict in found:
        if due.slot in verdict.chain.slots and verdict.judgement.code == "under_review":
            event = ReviewWaits(
                meeting=meeting_id(case.context.tenant, verdict.chain.id),
                account=due.account,
                person=due.person,
                slot=due.slot,
                decided_until=verdict.judgement.at,
            )
            return Decision(publish=[Publish(event, due.person)], count=[Count("reviews_waiting")])
    return Decision()


def _incomplete(command: ReportOffTarget) -> Refused | None:
    if not command.grounds:
        return Refused("grounds_missing", "a report names its grounds", {"field": "grounds"})
    if others := sorted({*command.grounds} - {*get_args(Ground)}):
        allowed = ", ".join(get_args(Ground))
        text = f"the grounds are {allowed}; of these {len(others)} are none"
        return Refused("ground_not_allowed", text, {"field": "grounds"})
    if command.email is None or not command.email.strip():
        text = "it carries the email to the prospect"
        return Refused("email_missing", text, {"field": "email"})
    if not command.no_prior_contact:
        text = "it declares that there was no contact before"
        return Refused("declaration_missing", text, {"field": "no_prior_contact"})
    return None


def report_no_show(command: ReportNoShow, case: Case) -> Decision:
    meeting = _meeting(command, case)
    if isinstance(meeting, Refused):
        return Decision(answer=meeting)
    if field := next(_not_declared(command, has_phone=bool(meeting.slot.prospect.phone)), None):
        text = "it declares: not on the link, and not reachable by phone where one is known"
        return Decision(answer=Refused("declaration_missing", text, {"field": field}))
    report = ReportedAbsent(id=command.slot, slot=command.slot, at=case.at)
    if (code := meeting.code_of(report)) != "accepted":
        return Decision(answer=_refusal(code, "slot"))
    details = {"rebooking_until": rebooking_until(case.at).isoformat()}
    known = Known(report, case.context.cause.actor, _declaration(command))
    return meeting.decide_with(Accepted("accepted", details=details), known)


def _declaration(command: ReportNoShow) -> str:
    by_phone = "not reached by phone" if command.not_reached_by_phone else "no phone is known"
    return f"not on the link; {by_phone}"


def _not_declared(command: ReportNoShow, *, has_phone: bool) -> Iterator[str]:
    if not command.not_on_link:
        yield "not_on_link"
    if command.not_reached_by_phone is False or (
        has_phone and command.not_reached_by_phone is None
    ):
        yield "not_reached_by_phone"


def withdraw_report(command: WithdrawReport, case: Case) -> Decision:
    meeting = _meeting(command, case)
    if isinstance(meeting, Refused):
        return Decision(answer=meeting)
    fact = WithdrewReport(report=command.slot, slot=command.slot, at=case.at)
    return _accept_fact(meeting, fact, command.reason, {"withdrawn": "withdrawn"})


def decide_review(command: DecideReview, case: Case) -> Decision:
    meeting = _meeting(command, case)
    if isinstance(meeting, Refused):
        return Decision(answer=meeting)
    is_upheld = command.verdict == "upheld"
    fact = Reviewed(report=command.slot, slot=command.slot, at=case.at, is_upheld=is_upheld)
    return _accept_fact(meeting, fact, command.reason, {"upheld": "upheld", "rejected": "rejected"})


def record_call(command: RecordCall, case: Case) -> Decision:
    meeting = _meeting(command, case)
    if isinstance(meeting, Refused):
        return Decision(answer=meeting)
    gave_up = command.result == "gave_up"
    fact = Called(id=command.call, slot=command.slot, at=case.at, gave_up=gave_up)
    text = f"by {command.means}" + (f": {command.note}" if command.note else "")
    return _accept_fact(meeting, fact, text, {"not_reached": "noted", "given_up": "final"})


def _accept_fact(meeting: _Meeting, fact: Fact, text: str, accepted: dict[str, str]) -> Decision:
    code = meeting.code_of(fact)
    if code not in accepted:
        return Decision(answer=_refusal(code, "slot"))
    who = meeting.case.context.cause.actor
    return meeting.decide_with(Accepted(accepted[code]), Known(fact, who, text))
