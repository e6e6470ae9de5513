"""What a person's shard decides: which campaigns a lead is for, whom to ask, what they answered.

The person's shard matches and claims; the campaign's shard grants a slot or refuses, and sends.
They ask each other by topics.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.routing.books import CampaignBook
from services.routing.catalogues import Wanting
from shared.contracts.intake import LeadAccepted, WithdrawalAsked
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

ClaimState = Literal["asked", "waiting", "granted", "refused", "uncertain", "sent", "not_sent"]

# A claim only moves forward, so an answer that is read again changes nothing back.
ORDER: Mapping[ClaimState, int] = {
    "asked": 0,
    "waiting": 1,
    "granted": 2,
    "refused": 3,
    "uncertain": 3,
    "sent": 4,
    "not_sent": 4,
}
OPEN: frozenset[ClaimState] = frozenset({"asked", "waiting", "granted", "uncertain", "sent"})
"""The campaign has the lead, or may yet get it."""
TOO_LATE: frozenset[ClaimState] = frozenset({"granted", "sent", "uncertain"})

WithdrawalOutcome = Literal["withdrawn", "already_sent"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one campaign was asked about a lead, and has answered so far."""

    campaign: str
    campaign_version: int
    state: ClaimState = "asked"
    failing: tuple[Failing, ...] = ()
    until: datetime | None = None
    """When it sends, while the lead waits for that."""
    ask: int = 0
    """How often it had been asked before."""


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
    is_exclusive: bool = False
    """Sold to one campaign only."""
    queue: tuple[Candidate, ...] = ()
    """Of an exclusive lead, the campaigns that want it too, in their order; the first is next."""

    @property
    def state(self) -> str:
        states = {asked.state for asked in self.asked}
        for state in ("sent", "uncertain", "granted", "waiting", "asked"):
            if state in states:
                return state
        return "unsent"

    def answered(self, answer: Asked) -> "RoutedLead":
        asked = tuple(
            replace(answer, ask=row.ask)
            if row.campaign == answer.campaign and _later(row, answer)
            else row
            for row in self.asked
        )
        return replace(self, asked=asked)

    def asking(self, answer: Asked) -> "RoutedLead":
        """A campaign is asked, for the first time or anew."""
        others = tuple(row for row in self.asked if row.campaign != answer.campaign)
        return replace(self, asked=(*others, answer))

    def asks_of(self, campaign: str) -> int:
        """How often the campaign has been asked for this lead."""
        before = self.of(campaign)
        return before.ask + 1 if before is not None else 0

    def of(self, campaign: str) -> Asked | None:
        return next((asked for asked in self.asked if asked.campaign == campaign), None)

    @property
    def is_held(self) -> bool:
        """Whether some campaign has it, or may yet get it."""
        return any(asked.state in OPEN for asked in self.asked)

    def is_open_to(self, campaign: str) -> bool:
        """Whether the campaign may be asked: it has not got the lead, and nobody has who shuts all
        others out."""
        return self._may_have(campaign) and not (self.is_exclusive and self.is_held)

    def may_queue(self, campaign: str) -> bool:
        """Whether the campaign may be asked if the one that holds an exclusive lead can't take
        it."""
        is_queued = any(candidate.campaign == campaign for candidate in self.queue)
        return self.is_exclusive and self.is_held and self._may_have(campaign) and not is_queued

    def _may_have(self, campaign: str) -> bool:
        if self.withdrawn or self.withdrawals or self.state == "sent" and self.is_exclusive:
            return False
        asked = self.of(campaign)
        return asked is None or asked.state not in OPEN | {"not_sent"}


def _later(before: Asked, after: Asked) -> bool:
    """A refusal of an earlier ask is overtaken; what was granted counts whatever it answers. A send
    day may be put off."""
    if after.state == "refused" and after.ask < before.ask:
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
        asked=(),
    )


def share(routed: RoutedLead, wanting: Sequence[Wanting]) -> Decision:
    """RTE-11: each campaign that wants the lead is asked for a slot."""
    asked = tuple(Asked(each.campaign.name, each.campaign.number) for each in wanting)
    return Decision(
        save=[replace(routed, asked=asked)],
        publish=[_claim(each, routed) for each in wanting],
    )


def sell(routed: RoutedLead, wanting: Sequence[Wanting], books: Iterable[CampaignBook]) -> Decision:
    """RTE-11: only the first is asked, the others wait behind it in an order that is kept."""
    queue = in_order(wanting, {book.id: book for book in books})
    return ask_next(replace(routed, is_exclusive=True, queue=tuple(queue)))


def in_order(wanting: Sequence[Wanting], books: Mapping[str, CampaignBook]) -> list[Candidate]:
    """By priority, then furthest behind its amount, then what it likes, then age."""

    def place(each: Wanting) -> tuple[object, ...]:
        campaign = each.campaign
        behind = _behind(each, books.get(campaign.id))
        since = campaign.created_at or campaign.changed_at
        return campaign.definition.priority, -behind, each.rank, since, campaign.id

    return [
        Candidate(
            each.campaign.name,
            each.campaign.number,
            each.category,
            each.rank,
            each.campaign.definition.priority,
            _behind(each, books.get(each.campaign.id)),
        )
        for each in sorted(wanting, key=place)
    ]


def _behind(wanting: Wanting, book: CampaignBook | None) -> int:
    """How many leads of the ordered amount are missing; without an amount nothing is."""
    if wanting.amount is None:
        return 0
    return wanting.amount - (book.counted.get(f"category/{wanting.category}", 0) if book else 0)


def ask_next(routed: RoutedLead) -> Decision:
    """The first of the queue, if there is one."""
    if not routed.queue:
        return Decision(save=[routed])
    first, *others = routed.queue
    asked = Asked(first.campaign, first.campaign_version, ask=routed.asks_of(first.campaign))
    event = Claim(
        campaign=first.campaign,
        campaign_version=first.campaign_version,
        category=first.category,
        lead=routed.lead,
        rank=first.rank,
        ask=asked.ask,
        is_exclusive=True,
    )
    after = replace(routed.asking(asked), queue=tuple(others))
    return Decision(save=[after], publish=[Publish(event, first.campaign)])


def ask_again(routed: RoutedLead, wanting: Wanting, by_hand: ByHand | None = None) -> Decision:
    """A lead that was decided is put to one campaign again (RTE-14)."""
    ask = routed.asks_of(wanting.campaign.name)
    asked = Asked(wanting.campaign.name, wanting.campaign.number, ask=ask)
    claim = replace(_claim(wanting, routed, by_hand, ask), trace=routed.trace)
    return Decision(save=[routed.asking(asked)], publish=[claim])


def _claim(
    wanting: Wanting, routed: RoutedLead, by_hand: ByHand | None = None, ask: int = 0
) -> Publish:
    event = Claim(
        campaign=wanting.campaign.name,
        campaign_version=wanting.campaign.number,
        category=wanting.category,
        lead=routed.lead,
        rank=wanting.rank,
        ask=ask,
        is_exclusive=routed.is_exclusive,
        by_hand=by_hand,
    )
    return Publish(event, wanting.campaign.name)


def stand_behind(routed: RoutedLead, wanting: Wanting, book: CampaignBook | None) -> Decision:
    """A campaign that wants an exclusive lead by now takes its place in the queue."""
    (candidate,) = in_order([wanting], {book.id: book} if book else {})
    queue = sorted(
        [*routed.queue, candidate], key=lambda each: (each.priority, -each.behind, each.rank)
    )
    return Decision(save=[replace(routed, queue=tuple(queue))])


def answer_of(event: ClaimGranted | ClaimWaiting | ClaimRefused | SendCompleted) -> Asked:
    campaign, number = event.campaign, event.campaign_version
    match event:
        case ClaimGranted():
            return Asked(campaign, number, "granted")
        case ClaimWaiting():
            return Asked(campaign, number, "waiting", until=event.until)
        case ClaimRefused():
            return Asked(campaign, number, "refused", event.failing, ask=event.ask)
        case SendCompleted():
            states: Mapping[str, ClaimState] = {"refused": "not_sent", "sent": "sent"}
            return Asked(campaign, number, states.get(event.outcome, "uncertain"))


def note(routed: RoutedLead | None, answer: Asked) -> Decision:
    """What a campaign answered. A lead that is not there was never asked for. Of an exclusive lead
    that the campaign can't take, the next is asked; if it is wanted back, whoever wants it is told.
    """
    if routed is None:
        return Decision()
    after = routed.answered(answer)
    if after == routed:
        return Decision()
    if after.withdrawals:
        return given_back(after)
    if after.is_exclusive and not after.is_held:
        return ask_next(after)
    return Decision(save=[after])


def withdraw(
    asked: WithdrawalAsked, routed: RoutedLead | None, early: EarlyWithdrawal | None, cause: Cause
) -> Decision:
    """INT-08: answered once every campaign that was asked has answered; a send that has begun is
    too late."""
    withdrawal = Withdrawal(asked.replacement, asked.reply_key)
    if routed is None:
        new = [] if early else [EarlyWithdrawal(asked.lead, 0, cause.tenant)]
        return Decision(save=new, publish=[_reply(asked.lead, withdrawal, "withdrawn")])
    return given_back(replace(routed, withdrawals=(*routed.withdrawals, withdrawal)))


def _back(routed: RoutedLead) -> Iterator[Publish]:
    """Campaigns where it waits for the send day are asked to give it back."""
    for row in routed.asked:
        if row.state == "waiting":
            back = ClaimWithdrawn(lead=routed.id, person_id=routed.person_id, campaign=row.campaign)
            yield Publish(back, row.campaign)


def given_back(routed: RoutedLead) -> Decision:
    """The lead, and what those who want it are told, if that is known: as soon as one campaign has
    it, or when all have answered. It is taken from send days only when nobody else may have it."""
    states = {asked.state for asked in routed.asked}
    if states & TOO_LATE:
        return _kept(routed)
    if "asked" in states:
        return Decision(save=[routed])
    if "waiting" in states:
        return Decision(save=[routed], publish=list(_back(routed)))
    return Decision(
        save=[replace(routed, withdrawals=(), withdrawn=True)],
        publish=[_reply(routed.id, each, "withdrawn") for each in routed.withdrawals],
    )


def _kept(routed: RoutedLead) -> Decision:
    """Too late: the lead stays what it is, and who has given it back meanwhile is asked anew."""
    replies = [_reply(routed.id, each, "already_sent") for each in routed.withdrawals]
    kept = replace(routed, withdrawals=())
    for row in routed.asked if not routed.is_exclusive else ():
        if row.state == "refused" and {failing.code for failing in row.failing} == {"withdrawn"}:
            asked = Asked(row.campaign, row.campaign_version, ask=row.ask + 1)
            kept = kept.asking(asked)
            replies.append(_claim_anew(routed, asked))
    return Decision(save=[kept], publish=replies)


def _claim_anew(routed: RoutedLead, asked: Asked) -> Publish:
    event = Claim(
        campaign=asked.campaign,
        campaign_version=asked.campaign_version,
        category=routed.lead.category,
        lead=routed.lead,
        ask=asked.ask,
    )
    return Publish(event, asked.campaign)


def _reply(lead: str, withdrawal: Withdrawal, outcome: WithdrawalOutcome) -> Publish:
    event = WithdrawalAnswered(lead=lead, replacement=withdrawal.replacement, outcome=outcome)
    return Publish(event, withdrawal.reply_key)
