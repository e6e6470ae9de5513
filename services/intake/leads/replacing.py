"""A lead that is uploaded in the place of another one (INT-08).

Routing has to give the other one back first. Both leads may live in different shards, so the one
that is replaced is written under the guard of its version.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.leads import outcomes
from services.intake.leads.contacts import Contact
from services.intake.leads.leads import ACCEPTED, OMITTED, UNUSABLE, WAITING, Change, Lead
from services.intake.leads.outcomes import Submission
from shared.contracts.intake import WithdrawalRequested
from shared.contracts.values import Reason
from shared.loop.collection import Entity
from shared.loop.decision import Accepted, Cause, Decision, Publish, Refused

ROUTING = "routing"
REPLACED = Reason("replaced", "another upload took its place")
TAKEN = Reason("replaces_replaced", "another upload had taken the place of the lead before")
ALREADY_SENT = Reason("replaces_sent", "the lead it was to replace was already sent")


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of both leads before the decision."""

    before: Lead | None
    """The new upload's own reference."""
    other: Lead | None
    contact: Contact | None


@dataclass(frozen=True, slots=True)
class Contacts:
    of_new: Contact | None
    of_other: Contact | None


def take_in(submission: Submission, known: Known, now: datetime) -> Decision:
    """An upload that can't be used, or would be omitted, replaces nothing; a lead that routing
    never got is replaced at once; for an accepted one routing is asked first."""
    raw, other = submission.raw, known.other
    if raw.replaces == raw.reference:
        return _refuse("replaces_itself", "a lead cannot replace itself")
    if other is None:
        return _refuse("replaced_unknown", "there is no lead with the reference to replace")
    if other.is_replaced:
        return _refuse("replaced_already", "another upload has taken its place")
    if other.outcome == WAITING:
        return _refuse("replaced_waiting", "the lead to replace waits for a replacement itself")
    free = known.contact.without(other.id) if known.contact else None
    outcome, _ = outcomes.outcome_of(submission, free)
    if outcome in (UNUSABLE, OMITTED):
        return outcomes.take_in(submission, known.before, known.contact)
    if other.outcome == ACCEPTED:
        return _request_withdrawal(submission, known, other)
    decision = outcomes.take_in(submission, known.before, known.contact)
    return _in_place_of(other, decision, raw.cause, now)


def _refuse(code: str, text: str) -> Decision:
    return Decision(answer=Refused(code, text))


def _in_place_of(other: Lead, decision: Decision, cause: Cause, now: datetime) -> Decision:
    ended = other.end(OMITTED, REPLACED, Change(now, cause.actor, "replaced"))
    return replace(
        decision,
        save=[*decision.save, ended],
        publish=[outcomes.outcome_event(ended), *decision.publish],
    )


def _request_withdrawal(submission: Submission, known: Known, other: Lead) -> Decision:
    lead, beside = outcomes.waiting_lead(submission, known.before, known.contact)
    assert other.person_id is not None
    request = WithdrawalRequested(
        lead=other.id, person_id=other.person_id, replacement=lead.id, reply_key=lead.key
    )
    details = {"lead": lead.id, "outcome": WAITING}
    return Decision(
        save=[lead, *beside],
        publish=[Publish(request, other.person_id)],
        answer=Accepted(WAITING, "routing is asked to withdraw the other lead", details),
    )


def omit_too_late(lead: Lead, now: datetime) -> Decision:
    """It is too late: the new upload is not used."""
    return _omit(lead, ALREADY_SENT, now)


def _omit(lead: Lead, reason: Reason, now: datetime) -> Decision:
    after = lead.end(OMITTED, reason, Change(now, ROUTING, "did not replace"))
    return Decision(save=[after], publish=[outcomes.outcome_event(after)])


def take_place_of_withdrawn(
    lead: Lead, other: Lead | None, submission: Submission, contacts: Contacts, now: datetime
) -> Decision:
    """The other lead ends as omitted, its person is free for the new one, which is now decided.
    Of two uploads that replace the same lead one takes its place."""
    if other is None or other.is_replaced:
        return _omit(lead, TAKEN, now)
    change = Change(now, ROUTING, "the other lead was withdrawn")
    ended = other.end(OMITTED, REPLACED, Change(now, ROUTING, "withdrawn"))
    freed = contacts.of_other.without(other.id) if contacts.of_other else None
    is_same = freed is not None and freed.id == submission.person_id
    decision = outcomes.decide_again(
        lead, submission, freed if is_same else contacts.of_new, change
    )
    before: list[Entity] = [ended, *([freed] if freed else [])]
    # Of the same person's contact the later one counts.
    save = {entity.id: entity for entity in (*before, *decision.save)}
    return replace(
        decision,
        save=list(save.values()),
        publish=[outcomes.outcome_event(ended), *decision.publish],
    )
