"""What a person's shard decides: which campaigns a lead is for, whom to claim from, what they
answered.

The person's shard matches and claims; the campaign's shard grants a slot or refuses, and sends.
They claim and answer by topics.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.routing.fit.catalogue import Match
from services.routing.orders.capacity import Capacity
from shared.contracts.intake import LeadAccepted, WithdrawalRequested
from shared.contracts.routing import (
    ByHand,
    Claim,
    ClaimGranted,
    ClaimRefused,
    ClaimWaiting,
    ClaimWithdrawn,
    Failing,
    SendCompleted,
    WithdrawalAnswered,
)
from shared.loop.decision import Cause, Decision, Publish

ClaimState = Literal["claimed", "waiting", "granted", "refused", "uncertain", "sent", "not_sent"]

# A claim only moves forward, so an answer that is read again changes nothing back.
ORDER: Mapping[ClaimState, int] = {
    "claimed": 0,
    "waiting": 1,
    "granted": 2,
    "refused": 3,
    "uncertain": 3,
    "sent": 4,
    "not_sent": 4,
}
OPEN: frozenset[ClaimState] = frozenset({"claimed", "waiting", "granted", "uncertain", "sent"})
"""The campaign has the lead, or may yet get it."""
TOO_LATE: frozenset[ClaimState] = frozenset({"granted", "sent", "uncertain"})

WithdrawalOutcome = Literal["withdrawn", "already_sent"]


@dataclass(frozen=True, slots=True)
class ClaimRecord:
    """The claim of a lead on one campaign, and what it has answered so far."""

    campaign: str
    campaign_version: int
    state: ClaimState = "claimed"
    failing: tuple[Failing, ...] = ()
    until: datetime | None = None
    """When it sends, while the lead waits for that."""
    attempt: int = 0
    """How often it had been claimed from before."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A campaign that wants an exclusive lead, with what its place was decided on (RTE-11)."""

    campaign: str
    campaign_version: int
    category: str
    rank: int
    priority: int
    behind: int


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Who withdraws a lead and waits until every campaign has answered."""

    replacement: str
    reply_key: str


@dataclass(frozen=True, slots=True)
class EarlyWithdrawal:
    """A lead that was withdrawn before it came: it will not be matched."""

    id: str
    version: int
    tenant: str


@dataclass(frozen=True, slots=True)
class RoutedLead:
    """A lead in the person's shard. `revision` is that of the catalogue it was matched against:
    why the other campaigns did not match is recomputed on demand."""

    id: str
    version: int
    tenant: str
    person_id: str
    lead: LeadAccepted
    accepted_at: datetime
    revision: int
    trace: str | None
    claims: tuple[ClaimRecord, ...]
    withdrawn: bool = False
    """Given back to intake: another upload took its place (INT-08)."""
    withdrawals: tuple[Withdrawal, ...] = ()
    is_exclusive: bool = False
    """Sold to one campaign only."""
    queue: tuple[Candidate, ...] = ()
    """Of an exclusive lead, the campaigns that want it too, in their order; the first is next."""

    @property
    def state(self) -> str:
        states = {claim.state for claim in self.claims}
        for state in ("sent", "uncertain", "granted", "waiting", "claimed"):
            if state in states:
                return state
        return "unsent"

    def with_answer(self, answer: ClaimRecord) -> "RoutedLead":
        claims = tuple(
            replace(answer, attempt=row.attempt)
            if row.campaign == answer.campaign and _later(row, answer)
            else row
            for row in self.claims
        )
        return replace(self, claims=claims)

    def with_claim(self, answer: ClaimRecord) -> "RoutedLead":
        """A campaign is claimed from, for the first time or anew."""
        others = tuple(row for row in self.claims if row.campaign != answer.campaign)
        return replace(self, claims=(*others, answer))

    def attempts_of(self, campaign: str) -> int:
        """How often this lead was claimed from the campaign."""
        before = self.of(campaign)
        return before.attempt + 1 if before is not None else 0

    def of(self, campaign: str) -> ClaimRecord | None:
        return next((claim for claim in self.claims if claim.campaign == campaign), None)

    @property
    def is_held(self) -> bool:
        """Whether some campaign has it, or may yet get it."""
        return any(claim.state in OPEN for claim in self.claims)

    def is_open_to(self, campaign: str) -> bool:
        """Whether the campaign may get a claim: it has not got the lead, and nobody has who shuts
        all others out."""
        return self._may_have(campaign) and not (self.is_exclusive and self.is_held)

    def may_queue(self, campaign: str) -> bool:
        """Whether the campaign may get a claim if the one that holds an exclusive lead can't take
        it."""
        is_queued = any(candidate.campaign == campaign for candidate in self.queue)
        return self.is_exclusive and self.is_held and self._may_have(campaign) and not is_queued

    def _may_have(self, campaign: str) -> bool:
        if self.withdrawn or self.withdrawals or self.state == "sent" and self.is_exclusive:
            return False
        claim = self.of(campaign)
        return claim is None or claim.state not in OPEN | {"not_sent"}


def _later(before: ClaimRecord, after: ClaimRecord) -> bool:
    """A refusal of an earlier attempt is overtaken; what was granted counts whatever it answers. A
    send day may be put off."""
    if after.state == "refused" and after.attempt < before.attempt:
        return False
    if after.state == before.state == "waiting":
        return after.until != before.until
    return ORDER[after.state] > ORDER[before.state]


def new_lead(lead: LeadAccepted, revision: int, cause: Cause) -> RoutedLead:
    return RoutedLead(
        id=lead.lead,
        version=0,
        tenant=cause.tenant,
        person_id=lead.person_id,
        lead=lead,
        accepted_at=cause.time,
        revision=revision,
        trace=cause.trace,
        claims=(),
    )


def share(routed: RoutedLead, matches: Sequence[Match]) -> Decision:
    """RTE-11: a slot is claimed from each campaign that wants the lead."""
    claims = tuple(ClaimRecord(each.campaign.name, each.campaign.number) for each in matches)
    return Decision(
        save=[replace(routed, claims=claims)],
        publish=[_claim(each, routed) for each in matches],
    )


def sell(routed: RoutedLead, matches: Sequence[Match], capacities: Iterable[Capacity]) -> Decision:
    """RTE-11: only the first gets a claim, the others wait behind it in an order that is kept."""
    queue = in_order(matches, {capacity.id: capacity for capacity in capacities})
    return claim_next(replace(routed, is_exclusive=True, queue=tuple(queue)))


def in_order(matches: Sequence[Match], capacities: Mapping[str, Capacity]) -> list[Candidate]:
    """By priority, then furthest behind its amount, then what it likes, then age."""

    def place(each: Match) -> tuple[object, ...]:
        campaign = each.campaign
        behind = _behind(each, capacities.get(campaign.id))
        since = campaign.created_at or campaign.changed_at
        return campaign.definition.priority, -behind, each.rank, since, campaign.id

    return [
        Candidate(
            each.campaign.name,
            each.campaign.number,
            each.category,
            each.rank,
            each.campaign.definition.priority,
            _behind(each, capacities.get(each.campaign.id)),
        )
        for each in sorted(matches, key=place)
    ]


def _behind(matches: Match, capacity: Capacity | None) -> int:
    """How many leads of the ordered amount are missing; without an amount nothing is."""
    if matches.amount is None:
        return 0
    return matches.amount - (
        capacity.counted.get(f"category/{matches.category}", 0) if capacity else 0
    )


def claim_next(routed: RoutedLead) -> Decision:
    """The first of the queue, if there is one."""
    if not routed.queue:
        return Decision(save=[routed])
    first, *others = routed.queue
    record = ClaimRecord(
        first.campaign, first.campaign_version, attempt=routed.attempts_of(first.campaign)
    )
    event = Claim(
        campaign=first.campaign,
        campaign_version=first.campaign_version,
        category=first.category,
        lead=routed.lead,
        rank=first.rank,
        attempt=record.attempt,
        is_exclusive=True,
    )
    after = replace(routed.with_claim(record), queue=tuple(others))
    return Decision(save=[after], publish=[Publish(event, first.campaign)])


def claim_again(routed: RoutedLead, matches: Match, by_hand: ByHand | None = None) -> Decision:
    """A lead that was decided is put to one campaign again (RTE-14)."""
    attempt = routed.attempts_of(matches.campaign.name)
    record = ClaimRecord(matches.campaign.name, matches.campaign.number, attempt=attempt)
    claim = replace(_claim(matches, routed, by_hand, attempt), trace=routed.trace)
    return Decision(save=[routed.with_claim(record)], publish=[claim])


def _claim(
    matches: Match, routed: RoutedLead, by_hand: ByHand | None = None, attempt: int = 0
) -> Publish:
    event = Claim(
        campaign=matches.campaign.name,
        campaign_version=matches.campaign.number,
        category=matches.category,
        lead=routed.lead,
        rank=matches.rank,
        attempt=attempt,
        is_exclusive=routed.is_exclusive,
        by_hand=by_hand,
    )
    return Publish(event, matches.campaign.name)


def stand_behind(routed: RoutedLead, matches: Match, capacity: Capacity | None) -> Decision:
    """A campaign that wants an exclusive lead by now takes its place in the queue."""
    (candidate,) = in_order([matches], {capacity.id: capacity} if capacity else {})
    queue = sorted(
        [*routed.queue, candidate], key=lambda each: (each.priority, -each.behind, each.rank)
    )
    return Decision(save=[replace(routed, queue=tuple(queue))])


def answer_of(event: ClaimGranted | ClaimWaiting | ClaimRefused | SendCompleted) -> ClaimRecord:
    campaign, number = event.campaign, event.campaign_version
    match event:
        case ClaimGranted():
            return ClaimRecord(campaign, number, "granted")
        case ClaimWaiting():
            return ClaimRecord(campaign, number, "waiting", until=event.until)
        case ClaimRefused():
            return ClaimRecord(campaign, number, "refused", event.failing, attempt=event.attempt)
        case SendCompleted():
            states: Mapping[str, ClaimState] = {"refused": "not_sent", "sent": "sent"}
            return ClaimRecord(campaign, number, states.get(event.outcome, "uncertain"))


def note(routed: RoutedLead | None, answer: ClaimRecord) -> Decision:
    """What a campaign answered. A lead that is not there was never claimed for. Of an exclusive
    lead that the campaign can't take, the next gets a claim; if it is withdrawn, whoever asked gets
    the answer.
    """
    if routed is None:
        return Decision()
    after = routed.with_answer(answer)
    if after == routed:
        return Decision()
    if after.withdrawals:
        return answer_withdrawals(after)
    if after.is_exclusive and not after.is_held:
        return claim_next(after)
    return Decision(save=[after])


def withdraw(
    request: WithdrawalRequested,
    routed: RoutedLead | None,
    early: EarlyWithdrawal | None,
    cause: Cause,
) -> Decision:
    """INT-08: answered once every claim is answered; a send that has begun is
    too late."""
    withdrawal = Withdrawal(request.replacement, request.reply_key)
    if routed is None:
        new = [] if early else [EarlyWithdrawal(request.lead, 0, cause.tenant)]
        return Decision(save=new, publish=[_reply(request.lead, withdrawal, "withdrawn")])
    return answer_withdrawals(replace(routed, withdrawals=(*routed.withdrawals, withdrawal)))


def _back(routed: RoutedLead) -> Iterator[Publish]:
    """Campaigns where it waits for the send day get the claim back."""
    for row in routed.claims:
        if row.state == "waiting":
            back = ClaimWithdrawn(lead=routed.id, person_id=routed.person_id, campaign=row.campaign)
            yield Publish(back, row.campaign)


def answer_withdrawals(routed: RoutedLead) -> Decision:
    """The lead, and the answer to those who want it back, if it is known: as soon as one campaign
    has it, or when all have answered. It is taken from send days only when nobody else may have
    it."""
    states = {claim.state for claim in routed.claims}
    if states & TOO_LATE:
        return _keep_lead(routed)
    if "claimed" in states:
        return Decision(save=[routed])
    if "waiting" in states:
        return Decision(save=[routed], publish=list(_back(routed)))
    return Decision(
        save=[replace(routed, withdrawals=(), withdrawn=True)],
        publish=[_reply(routed.id, each, "withdrawn") for each in routed.withdrawals],
    )


def _keep_lead(routed: RoutedLead) -> Decision:
    """Too late: the lead stays what it is, and who has given it back meanwhile gets a new claim."""
    replies = [_reply(routed.id, each, "already_sent") for each in routed.withdrawals]
    kept = replace(routed, withdrawals=())
    for row in routed.claims if not routed.is_exclusive else ():
        if row.state == "refused" and {failing.code for failing in row.failing} == {"withdrawn"}:
            record = ClaimRecord(row.campaign, row.campaign_version, attempt=row.attempt + 1)
            kept = kept.with_claim(record)
            replies.append(_claim_anew(routed, record))
    return Decision(save=[kept], publish=replies)


def _claim_anew(routed: RoutedLead, record: ClaimRecord) -> Publish:
    event = Claim(
        campaign=record.campaign,
        campaign_version=record.campaign_version,
        category=routed.lead.category,
        lead=routed.lead,
        attempt=record.attempt,
    )
    return Publish(event, record.campaign)


def _reply(lead: str, withdrawal: Withdrawal, outcome: WithdrawalOutcome) -> Publish:
    event = WithdrawalAnswered(lead=lead, replacement=withdrawal.replacement, outcome=outcome)
    return Publish(event, withdrawal.reply_key)
