"""What is asked of affiliates: estimates, and rows that are needed again (INT-16).

A request says itself when it is opened, and again at every reminder, for whoever writes to
affiliates; it names the role that it concerns.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.intake.catalogue.affiliates import Affiliate
from shared.contracts.affiliates import AnswerRequest, ContactRole, OpenRequest
from shared.contracts.intake import RequestAnswered, RequestOpened
from shared.loop.decision import (
    Accepted,
    Cause,
    Context,
    Deadline,
    Decision,
    Due,
    Publish,
    Refused,
)
from shared.loop.working_set import Ref, ref_by_name

REMIND_AFTER = timedelta(days=3)
ROLES: dict[str, ContactRole] = {"estimate": "estimates", "reupload": "technical"}


class Remind(Deadline, kind="remind"):
    """A request that may still be open, by its id."""

    request: str


@dataclass(frozen=True, slots=True)
class Request:
    id: str
    version: int
    tenant: str
    asked: OpenRequest
    role: ContactRole
    opened_at: datetime
    opened_by: str
    reminders: int = 0
    answer: AnswerRequest | None = None
    answered_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.answered_at is None


def request_of(command: OpenRequest | AnswerRequest, context: Context) -> Ref[Request]:
    return _ref(context.tenant, command)


def _ref(tenant: str, command: OpenRequest | AnswerRequest) -> Ref[Request]:
    return ref_by_name(Request, tenant, f"{command.affiliate}:{command.id}")


def role_for(kind: str, affiliate: Affiliate) -> ContactRole:
    """INT-01: the role that it concerns, or the main contact where that role is empty."""
    role = ROLES[kind]
    held = {role for contact in affiliate.definition.contacts for role in contact.roles}
    return role if role in held else "main"


def open_(
    command: OpenRequest,
    before: Request | None,
    affiliate: Affiliate | None,
    cause: Cause,
    now: datetime,
) -> Decision:
    if affiliate is None:
        return Decision(answer=Refused.unknown("affiliate", command.affiliate))
    if before is not None and before.asked == command:
        return Decision(answer=_accept("unchanged", command))
    if before is not None:
        return _refuse("request_exists", "another request has this id")
    request = Request(
        id=_ref(cause.tenant, command).id,
        version=0,
        tenant=cause.tenant,
        asked=command,
        role=role_for(command.kind, affiliate),
        opened_at=cause.time,
        opened_by=cause.actor,
    )
    return Decision(
        save=[request],
        publish=[_opening_event(request, cause)],
        due=[_reminder(request, cause, now)],
        answer=_accept("created", command),
    )


def _refuse(code: str, text: str) -> Decision:
    return Decision(answer=Refused(code, text))


def _accept(code: str, command: OpenRequest | AnswerRequest) -> Accepted:
    return Accepted(code, details={"request": command.id})


def _opening_event(request: Request, cause: Cause) -> Publish:
    asked = request.asked
    event = RequestOpened(
        affiliate=asked.affiliate,
        request=asked.id,
        kind=asked.kind,
        text=asked.text,
        rows=asked.rows,
        role=request.role,
        reminder=request.reminders,
    )
    return Publish(event, cause.key)


def reminder_id(request: str) -> str:
    return f"{Remind.KIND}/{request}"


def _reminder(request: Request, cause: Cause, now: datetime) -> Due:
    """What was opened long ago is reminded of from now on, not for all the days between."""
    at = max(cause.time, now) + REMIND_AFTER
    return Due(reminder_id(request.id), Remind(request=request.id), cause.key, at)


def remind(_due: Remind, request: Request | None, context: Context) -> Decision:
    cause, now = context.cause, context.now
    if request is None or not request.is_open:
        return Decision()
    after = replace(request, reminders=request.reminders + 1)
    return Decision(
        save=[after], publish=[_opening_event(after, cause)], due=[_reminder(after, cause, now)]
    )


def answer(command: AnswerRequest, before: Request | None, context: Context) -> Decision:
    """The first answer counts; an estimate needs volume, price and validity."""
    cause = context.cause
    if cause.role == "affiliate" and cause.actor != command.affiliate:
        return _refuse("not_permitted", "an affiliate answers its own requests only")
    if before is None:
        return Decision(answer=Refused.unknown("request", command.id))
    if before.answer is not None:
        same = before.answer == command
        return Decision(
            answer=_accept("unchanged", command)
            if same
            else Refused("request_answered", "the request was answered already")
        )
    estimate = (command.volume, command.price_minor, command.currency, command.valid_until)
    if before.asked.kind == "estimate" and None in estimate:
        return _refuse(
            "estimate_incomplete", "an estimate needs volume, price, currency and validity"
        )
    return _record_answer(command, before, cause)


def _record_answer(command: AnswerRequest, before: Request, cause: Cause) -> Decision:
    event = RequestAnswered(
        affiliate=command.affiliate,
        request=command.id,
        volume=command.volume,
        price_minor=command.price_minor,
        currency=command.currency,
        valid_until=command.valid_until,
    )
    return Decision(
        save=[replace(before, answer=command, answered_at=cause.time)],
        publish=[Publish(event, cause.key)],
        cancel=[reminder_id(before.id)],
        answer=_accept("answered", command),
    )
