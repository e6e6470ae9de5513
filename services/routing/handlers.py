"""What routing does with each event; all of it is called inside one transaction of the loop."""

from collections.abc import Callable
from functools import partial

from services.routing import campaigns, domain
from services.routing.campaigns import Campaign, CampaignBook, CampaignIndex
from services.routing.domain import EarlyWithdrawal, RoutedLead, Send
from shared.contracts.intake import LeadAccepted, WithdrawalAsked
from shared.contracts.routing import (
    Claim,
    ClaimGranted,
    ClaimRefused,
    PauseCampaign,
    PutCampaign,
    ResumeCampaign,
    SendSettled,
)
from shared.loop.decision import Decision, DueReached, EffectFinished, Handlers, Input
from shared.loop.working_set import WorkingSet


def handlers(index: CampaignIndex, revision: Callable[[], int]) -> Handlers:
    """`revision` tells that of the catalogue that the index holds."""
    return {
        PutCampaign: put_campaign,
        PauseCampaign: set_status,
        ResumeCampaign: set_status,
        LeadAccepted: partial(match_lead, index, revision),
        WithdrawalAsked: withdraw_lead,
        Claim: grant_or_refuse,
        EffectFinished: record_send,
        ClaimGranted: note_answer,
        ClaimRefused: note_answer,
        SendSettled: note_answer,
        domain.WATCH: raise_unsent,
    }


def put_campaign(state: WorkingSet, given: Input) -> Decision:
    command = given.event
    assert isinstance(command, PutCampaign)
    id = campaigns.stored_id(given.cause.tenant, command.id)  # noqa: A001
    before, book = state.get(Campaign, id), state.get(CampaignBook, id)
    return campaigns.put(command, before, book, given.cause, given.now)


def set_status(state: WorkingSet, given: Input) -> Decision:
    command = given.event
    assert isinstance(command, PauseCampaign | ResumeCampaign)
    before = state.get(Campaign, campaigns.stored_id(given.cause.tenant, command.campaign))
    return campaigns.set_status(command, before, given.cause, given.now)


def match_lead(
    index: CampaignIndex, revision: Callable[[], int], state: WorkingSet, given: Input
) -> Decision:
    lead, cause = given.event, given.cause
    assert isinstance(lead, LeadAccepted)
    if state.get(RoutedLead, lead.lead) is not None:
        return Decision()
    if state.get(EarlyWithdrawal, lead.lead) is not None:
        return domain.withdrawn_before(lead, revision=revision(), cause=cause)
    candidates = index.carrying(cause.tenant, lead.lead_code)
    return domain.match(lead, candidates, revision=revision(), cause=cause)


def withdraw_lead(state: WorkingSet, given: Input) -> Decision:
    asked = given.event
    assert isinstance(asked, WithdrawalAsked)
    lead = state.get(RoutedLead, asked.lead)
    return domain.withdraw(asked, lead, state.get(EarlyWithdrawal, asked.lead), given.cause)


def grant_or_refuse(state: WorkingSet, given: Input) -> Decision:
    claim, cause = given.event, given.cause
    assert isinstance(claim, Claim)
    id = campaigns.stored_id(cause.tenant, claim.campaign)  # noqa: A001
    return domain.grant_or_refuse(
        claim,
        state.get(Campaign, id),
        state.get(CampaignBook, id),
        state.get(Send, domain.send_id(cause.tenant, claim.campaign, claim.lead.person_id)),
        cause=cause,
        now=given.now,
    )


def record_send(state: WorkingSet, given: Input) -> Decision:
    finished = given.event
    assert isinstance(finished, EffectFinished)
    send = state.get(Send, finished.id)
    book = state.get(CampaignBook, finished.data["campaign"])
    return domain.record_send(finished, send, book, given.now)


def raise_unsent(state: WorkingSet, given: Input) -> Decision:
    reached = given.event
    assert isinstance(reached, DueReached)
    return domain.raise_unsent(state.get(RoutedLead, reached.data["lead"]))


def note_answer(state: WorkingSet, given: Input) -> Decision:
    match given.event:
        case ClaimGranted() as granted:
            return domain.note_granted(granted, state.get(RoutedLead, granted.lead))
        case ClaimRefused() as refused:
            return domain.note_refused(refused, state.get(RoutedLead, refused.lead))
        case SendSettled() as settled:
            return domain.note_settled(settled, state.get(RoutedLead, settled.lead))
        case other:
            raise AssertionError(f"not an answer: {type(other).__name__}")
