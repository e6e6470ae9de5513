"""How a lead gets from accepted to sent, decided in two shards that ask each other by topics.

The person's shard matches and claims; the campaign's shard grants a slot or refuses, and sends. A
slot is taken in the same decision that writes the send, so a cap cannot be exceeded (RTE-12), and
there is one send per campaign and person, so nobody is sent twice (RTE-08).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from pydantic_core import to_json

from services.routing.campaigns import Campaign, CampaignBook
from services.routing.matching import explain, explain_slot
from shared.contracts.intake import LeadAccepted, WithdrawalAsked
from shared.contracts.routing import (
    Claim,
    ClaimGranted,
    ClaimRefused,
    Failing,
    LeadNotSent,
    LeadSent,
    LeadUncertain,
    LeadUnsent,
    SendEnded,
    SendSettled,
    WithdrawalAnswered,
)
from shared.ids import derived
from shared.loop.decision import Cause, Decision, Due, Effect, EffectFinished, Outcome, Request, Say

SEND = "send"
WATCH = "watch"
UNSENT_AFTER = timedelta(days=7)

SendStatus = Literal["reserved", "sent", "refused", "uncertain"]
ClaimState = Literal["asked", "granted", "refused", "sent", "not_sent", "uncertain"]

ENDS: dict[Outcome, SendStatus] = {
    Outcome.DONE: "sent",
    Outcome.REFUSED: "refused",
    Outcome.UNCERTAIN: "uncertain",
}
WithdrawalOutcome = Literal["withdrawn", "already_sent"]
TOO_LATE: frozenset[ClaimState] = frozenset({"granted", "sent", "uncertain"})

# A claim only moves forward, so an answer that is read again changes nothing back.
ORDER: dict[ClaimState, int] = {
    "asked": 0,
    "granted": 1,
    "refused": 2,
    "sent": 2,
    "not_sent": 2,
    "uncertain": 2,
}


def send_id(tenant: str, campaign: str, person_id: str) -> str:
    return derived(SEND, tenant, campaign, person_id)


@dataclass(frozen=True, slots=True)
class SendEntry:
    at: datetime
    what: SendStatus
    text: str = ""


@dataclass(frozen=True, slots=True)
class Send:
    """The one send of a person to a campaign; its id is the idempotency key."""

    id: str
    version: int
    tenant: str
    campaign: str
    customer: str
    campaign_version: int
    lead: str
    person_id: str
    affiliate: str | None
    lead_code: str | None
    category: str
    status: SendStatus
    history: tuple[SendEntry, ...]

    def ended(self, entry: SendEntry) -> "Send":
        return replace(self, status=entry.what, history=(*self.history, entry))


@dataclass(frozen=True, slots=True)
class Asked:
    """What one campaign was asked about a lead, and has answered so far."""

    campaign: str
    campaign_version: int
    state: ClaimState = "asked"
    failing: tuple[Failing, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Who asked for a lead back and waits until every campaign has answered."""

    replacement: str
    reply_key: str


@dataclass(frozen=True, slots=True)
class EarlyWithdrawal:
    """A lead that was asked back before it came: it will not be matched."""

    id: str
    version: int
    tenant: str


@dataclass(frozen=True, slots=True)
class RoutedLead:
    """A lead in the person's shard. `revision` is that of the catalogue it was matched against:
    why the other campaigns did not match is recomputed when someone asks."""

    id: str
    version: int
    tenant: str
    person_id: str
    lead: LeadAccepted
    accepted_at: datetime
    revision: int
    trace: str | None
    asked: tuple[Asked, ...]
    withdrawn: bool = False
    """Given back to intake: another upload took its place (INT-08)."""
    withdrawals: tuple[Withdrawal, ...] = ()

    @property
    def state(self) -> str:
        states = {asked.state for asked in self.asked}
        for state in ("sent", "uncertain", "granted", "asked"):
            if state in states:
                return state
        return "unsent"

    def answered(self, answer: Asked) -> "RoutedLead":
        asked = tuple(
            answer if row.campaign == answer.campaign and _later(row, answer) else row
            for row in self.asked
        )
        return replace(self, asked=asked)


def _later(before: Asked, after: Asked) -> bool:
    return ORDER[after.state] > ORDER[before.state]


def match(
    lead: LeadAccepted, candidates: Sequence[Campaign], *, revision: int, cause: Cause
) -> Decision:
    """RTE-09, RTE-11: each campaign that wants the lead is asked for a slot."""
    wanting = [campaign for campaign in candidates if not explain(campaign, lead, cause.time)]
    return Decision(
        save=[_routed(lead, wanting, revision, cause)],
        say=[_claim(campaign, lead) for campaign in wanting],
        due=[_watch(lead, cause.time)],
    )


def withdrawn_before(lead: LeadAccepted, *, revision: int, cause: Cause) -> Decision:
    """INT-08: it was asked back before it came, so no campaign hears of it."""
    return Decision(save=[replace(_routed(lead, [], revision, cause), withdrawn=True)])


def _routed(
    lead: LeadAccepted, wanting: Sequence[Campaign], revision: int, cause: Cause
) -> RoutedLead:
    return RoutedLead(
        id=lead.lead,
        version=0,
        tenant=cause.tenant,
        person_id=lead.person_id,
        lead=lead,
        accepted_at=cause.time,
        revision=revision,
        trace=cause.trace,
        asked=tuple(Asked(campaign.name, campaign.number) for campaign in wanting),
    )


def withdraw(
    asked: WithdrawalAsked, lead: RoutedLead | None, early: EarlyWithdrawal | None, cause: Cause
) -> Decision:
    """INT-08: answered once every campaign that was asked has answered; a send that has begun is
    too late."""
    withdrawal = Withdrawal(asked.replacement, asked.reply_key)
    if lead is None:
        new = [] if early else [EarlyWithdrawal(asked.lead, 0, cause.tenant)]
        return Decision(save=new, say=[_reply(asked.lead, withdrawal, "withdrawn")])
    return answered(replace(lead, withdrawals=(*lead.withdrawals, withdrawal)))


def answered(lead: RoutedLead) -> Decision:
    """The lead after an answer, and, if no campaign's is outstanding, what those who asked for it
    back are told."""
    states = {asked.state for asked in lead.asked}
    if not lead.withdrawals or "asked" in states:
        return Decision(save=[lead])
    outcome: WithdrawalOutcome = "already_sent" if states & TOO_LATE else "withdrawn"
    is_withdrawn = outcome == "withdrawn"
    return Decision(
        save=[replace(lead, withdrawals=(), withdrawn=is_withdrawn)],
        say=[_reply(lead.id, withdrawal, outcome) for withdrawal in lead.withdrawals],
        settled=[watch_id(lead.id)] if is_withdrawn else [],
    )


def _reply(lead: str, withdrawal: Withdrawal, outcome: WithdrawalOutcome) -> Say:
    said = WithdrawalAnswered(lead=lead, replacement=withdrawal.replacement, outcome=outcome)
    return Say(said, withdrawal.reply_key)


def watch_id(lead: str) -> str:
    return f"{WATCH}/{lead}"


def _watch(lead: LeadAccepted, accepted_at: datetime) -> Due:
    at = accepted_at + UNSENT_AFTER
    return Due(watch_id(lead.lead), WATCH, lead.person_id, at, {"lead": lead.lead})


def raise_unsent(lead: RoutedLead | None) -> Decision:
    """RTE-16: a lead that nobody got in time is raised once, with all that stood in its way."""
    if lead is None or lead.withdrawn or lead.state == "sent":
        return Decision()
    codes = {failing.code for asked in lead.asked for failing in asked.failing}
    said = LeadUnsent(
        lead=lead.id,
        person_id=lead.person_id,
        affiliate=lead.lead.affiliate,
        lead_code=lead.lead.lead_code,
        accepted_at=lead.accepted_at,
        asked=tuple(asked.campaign for asked in lead.asked),
        codes=tuple(sorted(codes)),
    )
    return Decision(say=[Say(said, lead.person_id)])


def _claim(campaign: Campaign, lead: LeadAccepted) -> Say:
    claim = Claim(
        campaign=campaign.name,
        campaign_version=campaign.number,
        category=lead.category,
        lead=lead,
    )
    return Say(claim, campaign.name)


def grant_or_refuse(
    claim: Claim,
    campaign: Campaign | None,
    book: CampaignBook | None,
    before: Send | None,
    *,
    cause: Cause,
    now: datetime,
) -> Decision:
    """RTE-08, RTE-12: a slot is taken here or nowhere, on the campaign as it stands now."""
    if campaign is None:
        return _refuse(claim, claim.campaign_version, [Failing(code="campaign_unknown")])
    if before is not None and before.lead == claim.lead.lead:
        return Decision()
    failing = explain(campaign, claim.lead, cause.time)
    failing += explain_slot(campaign, book, before.status if before else None)
    if failing:
        return _refuse(claim, campaign.number, failing)
    return _grant(claim, campaign, book or CampaignBook(campaign.id, 0, campaign.tenant), now)


def _refuse(claim: Claim, number: int, failing: Sequence[Failing]) -> Decision:
    said = ClaimRefused(
        lead=claim.lead.lead,
        person_id=claim.lead.person_id,
        campaign=claim.campaign,
        campaign_version=number,
        failing=tuple(failing),
    )
    return Decision(say=[Say(said, claim.lead.person_id)])


def _grant(claim: Claim, campaign: Campaign, book: CampaignBook, now: datetime) -> Decision:
    send = _send(claim, campaign, now)
    said = ClaimGranted(
        lead=send.lead,
        person_id=send.person_id,
        campaign=send.campaign,
        campaign_version=send.campaign_version,
        send=send.id,
    )
    return Decision(
        save=[book.reserve(), send],
        say=[Say(said, send.person_id)],
        effects=[_effect(send, claim.lead, campaign)],
    )


def _send(claim: Claim, campaign: Campaign, now: datetime) -> Send:
    lead = claim.lead
    return Send(
        id=send_id(campaign.tenant, campaign.name, lead.person_id),
        version=0,
        tenant=campaign.tenant,
        campaign=campaign.name,
        customer=campaign.definition.customer,
        campaign_version=campaign.number,
        lead=lead.lead,
        person_id=lead.person_id,
        affiliate=lead.affiliate,
        lead_code=lead.lead_code,
        category=lead.category,
        status="reserved",
        history=(SendEntry(now, "reserved"),),
    )


def _effect(send: Send, lead: LeadAccepted, campaign: Campaign) -> Effect:
    mode = campaign.definition.send
    request = Request(
        url=mode.url,
        body=_body(send, lead),
        headers={"content-type": "application/json"},
        secret=mode.secret,
    )
    # Campaigns of one host have each their own breaker: one dead hook must not hold up the others.
    endpoint = f"{urlsplit(mode.url).netloc}/{campaign.id}"
    return Effect(send.id, SEND, endpoint, request, {"campaign": campaign.id})


def _body(send: Send, lead: LeadAccepted) -> bytes:
    return to_json(
        {
            "key": send.id,
            "lead": send.lead,
            "campaign": send.campaign,
            "campaign_version": send.campaign_version,
            "category": send.category,
            "person": lead.person,
            "company": lead.company,
            "place": lead.place,
            "title_class": lead.title_class,
            "answers": lead.answers,
            "consent": lead.consent,
            "captured_at": lead.captured_at,
        }
    )


def record_send(
    finished: EffectFinished, send: Send | None, book: CampaignBook | None, now: datetime
) -> Decision:
    """RTE-12: used when delivered, released when definitely refused, otherwise kept and marked."""
    if send is None or book is None or send.status != "reserved":
        return Decision()
    status = ENDS[finished.outcome]
    ended = send.ended(SendEntry(now, status, finished.text))
    settled = SendSettled(
        lead=send.lead,
        person_id=send.person_id,
        campaign=send.campaign,
        campaign_version=send.campaign_version,
        send=send.id,
        outcome=_settled(status),
    )
    return Decision(
        save=[ended, _booked(book, finished.outcome)],
        say=[Say(_end(ended, now), send.person_id), Say(settled, send.person_id)],
    )


def _settled(status: SendStatus) -> Literal["sent", "refused", "uncertain"]:
    assert status != "reserved"
    return status


def _booked(book: CampaignBook, outcome: Outcome) -> CampaignBook:
    match outcome:
        case Outcome.DONE:
            return book.use()
        case Outcome.REFUSED:
            return book.release()
        case Outcome.UNCERTAIN:
            return book.doubt()


def _end(send: Send, now: datetime) -> SendEnded:
    facts = {
        "lead": send.lead,
        "person_id": send.person_id,
        "campaign": send.campaign,
        "customer": send.customer,
        "campaign_version": send.campaign_version,
        "affiliate": send.affiliate,
        "lead_code": send.lead_code,
        "category": send.category,
        "key": send.id,
    }
    if send.status == "sent":
        return LeadSent.model_validate(facts | {"sent_at": now})
    if send.status == "refused":
        return LeadNotSent.model_validate(facts | {"refused_at": now})
    return LeadUncertain.model_validate(facts | {"given_up_at": now})


def note_granted(granted: ClaimGranted, lead: RoutedLead | None) -> Decision:
    return _noted(lead, Asked(granted.campaign, granted.campaign_version, "granted"))


def note_refused(refused: ClaimRefused, lead: RoutedLead | None) -> Decision:
    answer = Asked(refused.campaign, refused.campaign_version, "refused", refused.failing)
    return _noted(lead, answer)


def note_settled(settled: SendSettled, lead: RoutedLead | None) -> Decision:
    states: dict[str, ClaimState] = {"refused": "not_sent", "sent": "sent"}
    state = states.get(settled.outcome, "uncertain")
    return _noted(lead, Asked(settled.campaign, settled.campaign_version, state))


def _noted(lead: RoutedLead | None, answer: Asked) -> Decision:
    """A lead that is not there was never asked for: there is nothing to note."""
    if lead is None:
        return Decision()
    after = lead.answered(answer)
    if after == lead:
        return Decision()
    decision = answered(after)
    if after.state == "sent":
        return replace(decision, settled=[watch_id(lead.id)])
    return decision
