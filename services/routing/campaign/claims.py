"""What a campaign's shard decides: who gets a slot, who waits for the send day, how a send ends.

A slot is taken in the same decision that writes the send, so a cap cannot be exceeded (RTE-12), and
there is one send per campaign and person, so nobody is sent twice (RTE-08).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.routing.campaign.sends import (
    BY_HAND_REFUSED,
    Delivery,
    Send,
    SendEntry,
    SendStatus,
    effect,
    end_event,
    new_send,
)
from services.routing.fit import checks
from services.routing.fit.checks import OVERRIDABLE, CampaignView, MatchContext
from services.routing.orders.campaigns import Campaign
from services.routing.orders.capacity import Capacity, counters_of
from shared.contracts.routing import (
    Claim,
    ClaimGranted,
    ClaimRefused,
    ClaimWaiting,
    ClaimWithdrawn,
    Failing,
    ResolveSend,
    SendCompleted,
)
from shared.loop.decision import (
    Accepted,
    Cause,
    Context,
    Count,
    Deadline,
    Decision,
    Due,
    EffectFinished,
    Outcome,
    Publish,
    Refused,
)

RUN_MAX = 100
"""So many waiting leads of a send day are decided in one step; the rest follows in the next."""

SENDS = "sends"
CHECKS_FAILED = "claim_checks_failed"
GRANTED_CLAIM, WAITING_CLAIM, REFUSED_CLAIM = (
    Count("claims", (("answer", answer),)) for answer in ("granted", "waiting", "refused")
)
ENDS: dict[Outcome, SendStatus] = {
    Outcome.DONE: "sent",
    Outcome.REFUSED: "refused",
    Outcome.UNCERTAIN: "uncertain",
}


class SendDay(Deadline, kind="weekly_send"):
    """RTE-13: whatever waits goes, by the campaign's id; what came since `before` goes on the
    next."""

    campaign: str
    before: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A claim's campaign as it stands now, with what judging needs."""

    campaign: Campaign
    context: MatchContext
    view: CampaignView
    before: Send | None
    """The send of this person to the campaign, if there is one already."""


def unknown_campaign(claim: Claim) -> Decision:
    return Decision(
        publish=[_refusal(claim, claim.campaign_version, [Failing(code="campaign_unknown")])]
    )


def decide(claim: Claim, case: Case, cause: Cause, now: datetime) -> Decision:
    """Refused with everything that fails, waiting for the send day, or granted."""
    before = case.before
    if before is not None and before.lead == claim.lead.lead and not _is_anew(before, claim):
        return Decision()
    category, failing = _evaluate(claim, case, cause.time, now)
    if failing:
        return _refuse(claim, case, failing, now)
    claim = claim.model_copy(update={"category": category})
    until = case.campaign.next_send(now)
    if until is None or claim.by_hand:
        return _grant(claim, case, now)
    return _waits(claim, case, until, now, cause.trace)


def _is_anew(before: Send, claim: Claim) -> bool:
    """What waits may be sent by hand, and what was dropped may be asked for again."""
    return before.status == "dropped" or (before.status == "waiting" and claim.by_hand is not None)


def _evaluate(claim: Claim, case: Case, at: datetime, now: datetime) -> tuple[str, list[Failing]]:
    """The category it would be sent for, as the campaign stands now, and what fails."""
    overridden = OVERRIDABLE if claim.by_hand else ()
    return checks.evaluate_in_view(
        case.campaign, claim.lead, at, case.context, case.view, now, overridden
    )


def _refuse(claim: Claim, case: Case, failing: Sequence[Failing], now: datetime) -> Decision:
    """What waited until now is dropped; what could not be sent by hand waits on."""
    before, codes = case.before, ", ".join(each.code for each in failing)
    counts = [Count(CHECKS_FAILED, (("check", each.code),)) for each in failing]
    if before is None or before.status != "waiting" or before.lead != claim.lead.lead:
        refusal = _refusal(claim, case.campaign.number, failing)
        return Decision(publish=[refusal], count=[REFUSED_CLAIM, *counts])
    if claim.by_hand and (until := case.campaign.next_send(now)):
        entry = SendEntry(now, BY_HAND_REFUSED, f"{claim.by_hand.by}: {codes}")
        kept = before.claim.model_copy(update={"attempt": claim.attempt}) if before.claim else None
        after = replace(before, history=(*before.history, entry), claim=kept)
        return Decision(save=[after], publish=[_waiting_event(after, until)])
    after = before.to("dropped", now, codes)
    refusal = _refusal(claim, case.campaign.number, failing)
    return Decision(save=[after], publish=[refusal], count=[REFUSED_CLAIM, *counts])


def _refusal(claim: Claim, number: int, failing: Sequence[Failing]) -> Publish:
    event = ClaimRefused(
        lead=claim.lead.lead,
        person_id=claim.lead.person_id,
        campaign=claim.campaign,
        campaign_version=number,
        failing=tuple(failing),
        attempt=claim.attempt,
    )
    return Publish(event, claim.lead.person_id)


def _start_send(claim: Claim, case: Case) -> Send:
    """A new send, or the one that waited or was dropped, on the campaign's version of now."""
    new = new_send(claim, case.campaign)
    before = case.before
    if before is None:
        return new
    return replace(new, version=before.version, history=before.history)


def _grant(claim: Claim, case: Case, now: datetime) -> Decision:
    campaign = case.campaign
    counters = tuple(counters_of(campaign, claim.lead, claim.category, now))
    text = f"by hand, {claim.by_hand.by}: {claim.by_hand.reason}" if claim.by_hand else ""
    send = replace(_start_send(claim, case).to("reserved", now, text), counters=counters)
    event = ClaimGranted(
        lead=send.lead,
        person_id=send.person_id,
        campaign=send.campaign,
        campaign_version=send.campaign_version,
        send=send.id,
    )
    capacity = case.view.capacity or Capacity(campaign.id, 0, campaign.tenant)
    return Decision(
        save=[capacity.reserve(counters), send],
        publish=[Publish(event, send.person_id)],
        effects=[effect(send, claim.lead, campaign, now)],
        count=[GRANTED_CLAIM],
    )


def _waits(claim: Claim, case: Case, until: datetime, now: datetime, trace: str | None) -> Decision:
    """RTE-13: nothing is reserved yet."""
    entry = SendEntry(now, "waiting", f"until {until.isoformat()}")
    send = _start_send(claim, case)
    send = replace(send, history=(*send.history, entry), claim=claim, trace=trace)
    return Decision(
        save=[send],
        publish=[_waiting_event(send, until)],
        due=[weekly_due(case.campaign, until)],
        count=[WAITING_CLAIM],
    )


def _waiting_event(send: Send, until: datetime) -> Publish:
    event = ClaimWaiting(
        lead=send.lead,
        person_id=send.person_id,
        campaign=send.campaign,
        campaign_version=send.campaign_version,
        until=until,
    )
    return Publish(event, send.person_id)


def decide_waiting(claim: Claim, case: Case, now: datetime) -> Decision:
    """On the send day: what fails now is refused, the rest is sent. A pause is waited out until the
    next day, unless others stand behind. What is published keeps to the lead's own trace."""
    trace = case.before.trace if case.before else None
    category, failing = _evaluate(claim, case, now, now)
    until = case.campaign.next_send(now)
    waits_out = failing and not claim.is_exclusive and all(map(_is_pause, failing))
    if waits_out and until is not None:
        decision = _waits(claim, case, until, now, trace)
    elif failing:
        decision = _refuse(claim, case, failing, now)
    else:
        decision = _grant(claim.model_copy(update={"category": category}), case, now)
    return _with_trace(decision, trace)


def _is_pause(failing: Failing) -> bool:
    """Of the campaign or of the customer's account; a campaign that is over is none."""
    return failing.code == "account_suspended" or (
        failing.code == "campaign_inactive" and failing.value == "paused"
    )


def _with_trace(decision: Decision, trace: str | None) -> Decision:
    return replace(
        decision,
        publish=[replace(each, trace=trace) for each in decision.publish],
        effects=[replace(each, trace=trace) for each in decision.effects],
    )


def together(decisions: Sequence[Decision]) -> Decision:
    """One decision of several; of an entity that more than one saves, the last is kept."""
    saved = {(type(entity), entity.id): entity for each in decisions for entity in each.save}
    return Decision(
        save=list(saved.values()),
        publish=[publish for each in decisions for publish in each.publish],
        effects=[effect for each in decisions for effect in each.effects],
        due=list({due.id: due for each in decisions for due in each.due}.values()),
        count=[count for each in decisions for count in each.count],
    )


def weekly_due(campaign: Campaign, before: datetime) -> Due:
    """One per campaign and send day, for what has waited since before it. It stays until it is
    decided, so a run that failed is made up for, once, and the next one does not take its place."""
    day = SendDay(campaign=campaign.id, before=before)
    return Due(weekly_id(campaign.id, before), day, campaign.name, before)


def weekly_id(campaign: str, at: datetime) -> str:
    return f"{SendDay.KIND}/{campaign}/{at.isoformat()}"


def next_of(waiting: Sequence[Send], campaign: Campaign, capacity: Capacity | None) -> list[Send]:
    """Of those that wait, whom one step decides, in their order. Each time the country that is
    furthest behind its share by then (RTE-05); of it who misses least of what is preferred
    (RTE-03), then the oldest. Countries without a share are one, which is never behind."""
    shares = campaign.definition.shares
    by_country: dict[str | None, list[Send]] = defaultdict(list)
    for send in sorted(waiting, key=_place, reverse=True):
        by_country[_country_with_share(send, shares)].append(send)
    counters = capacity.counted.items() if capacity else ()
    counted = Counter({view.partition("/")[2]: n for view, n in counters if view[:8] == "country/"})
    chosen: list[Send] = []

    def place(country: str | None) -> tuple[object, ...]:
        behind = shares[country] / 100 * (counted.total() + 1) - counted[country] if country else 0
        return -behind, _place(by_country[country][-1])

    while len(chosen) < RUN_MAX and any(by_country.values()):
        country = min((name for name, left in by_country.items() if left), key=place)
        send = by_country[country].pop()
        chosen.append(send)
        counted[_country(send) or ""] += 1
    return chosen


def _place(send: Send) -> tuple[object, ...]:
    return send.rank, send.history[-1].at, send.id


def _country(send: Send) -> str | None:
    return send.claim.lead.place.country if send.claim else None


def _country_with_share(send: Send, shares: Mapping[str, int]) -> str | None:
    country = _country(send)
    return country if country in shares else None


def withdraw(event: ClaimWithdrawn, before: Send | None, context: Context) -> Decision:
    """A lead that waits here is given back; one that is on its way is not."""
    if before is None or before.lead != event.lead or before.claim is None:
        return Decision()
    claim = before.claim
    refusal = _refusal(claim, before.campaign_version, [Failing(code="withdrawn")])
    return Decision(save=[before.to("dropped", context.now, "withdrawn")], publish=[refusal])


def record(
    finished: EffectFinished[Delivery], send: Send | None, capacity: Capacity | None, now: datetime
) -> Decision:
    """RTE-12: used when delivered, released when definitely refused, otherwise kept and marked."""
    if send is None or capacity is None or send.status != "reserved":
        return Decision()
    after = send.with_attempts(finished.tried).to(ENDS[finished.outcome], now, finished.text)
    return _complete(after, _count_outcome(capacity, send, finished.outcome), now)


def _count_outcome(capacity: Capacity, send: Send, outcome: Outcome) -> Capacity:
    match outcome:
        case Outcome.DONE:
            return capacity.use()
        case Outcome.REFUSED:
            return capacity.release(send.counters)
        case Outcome.UNCERTAIN:
            return capacity.mark_uncertain()


def _complete(send: Send, capacity: Capacity, now: datetime) -> Decision:
    completed = SendCompleted(
        lead=send.lead,
        person_id=send.person_id,
        campaign=send.campaign,
        campaign_version=send.campaign_version,
        send=send.id,
        outcome=_end_of(send.status),
    )
    events = [Publish(end_event(send, now), send.person_id), Publish(completed, send.person_id)]
    count = Count(SENDS, (("outcome", completed.outcome),))
    return Decision(save=[send, capacity], publish=events, count=[count])


def _end_of(status: SendStatus) -> Literal["sent", "refused", "uncertain"]:
    assert status in ("sent", "refused", "uncertain")
    return status


def resolve(
    command: ResolveSend, send: Send | None, capacity: Capacity | None, context: Context
) -> Decision:
    """A person has found out what became of a send that was given up with an unknown outcome."""
    cause, now = context.cause, context.now
    its = (cause.tenant, command.campaign)
    if send is None or capacity is None or (send.tenant, send.campaign) != its:
        return Decision(answer=Refused("send_unknown", "the campaign has no such send"))
    if send.status != "uncertain":
        text = f"the send is {send.status}, only an uncertain one is resolved by hand"
        return Decision(answer=Refused("not_uncertain", text))
    is_sent = command.outcome == "sent"
    after = send.to(command.outcome, now, f"resolved by {cause.actor}: {command.reason}")
    decision = _complete(after, capacity.resolve(send.counters, sent=is_sent), now)
    return replace(decision, answer=Accepted(command.outcome))
