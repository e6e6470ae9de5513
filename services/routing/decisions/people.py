"""In the person's shard: a lead is matched, claimed for, watched, withdrawn, decided again."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.routing.filters.routes import route_of
from services.routing.fit.catalogue import Catalogues, Match
from services.routing.fit.checks import failing_codes
from services.routing.fit.criteria import subjects
from services.routing.orders.campaigns import Campaign
from services.routing.orders.capacity import Capacity
from services.routing.orders.policy import Block
from services.routing.person import by_hand, leads, unsent
from services.routing.person.leads import EarlyWithdrawal, RoutedLead
from services.routing.person.unsent import StillUnsent
from shared.contracts.intake import LeadAccepted, WithdrawalRequested
from shared.contracts.routing import (
    ClaimGranted,
    ClaimRefused,
    ClaimWaiting,
    LeadToRematch,
    SendCompleted,
    SendLead,
)
from shared.loop.decision import Context, Decision, Took
from shared.loop.working_set import Reads, Ref, WorkingSet, ref_by_name

SENT = "upload_sent"
ClaimAnswer = ClaimGranted | ClaimWaiting | ClaimRefused | SendCompleted


@dataclass(frozen=True, slots=True)
class People:
    catalogues: Catalogues
    revision: Callable[[], int]

    def lead_reads(self, _state: WorkingSet, lead: LeadAccepted, context: Context) -> Reads:
        routed, early = Ref(RoutedLead, lead.lead), Ref(EarlyWithdrawal, lead.lead)
        block = ref_by_name(Block, context.tenant, lead.person_id)
        capacities: list[Ref[Capacity]] = []
        if self.catalogues.rules_of(context.tenant).is_exclusive(lead):
            matches = self.catalogues.matches(context.tenant, lead, context.cause.time)
            capacities = [capacity_of(each) for each in matches if each.amount]
        yield [routed, early, block, *capacities]

    def match_lead(self, state: WorkingSet, lead: LeadAccepted, context: Context) -> Decision:
        if state.get(Ref(RoutedLead, lead.lead)) is not None:
            return Decision()
        routed = leads.new_lead(lead, self.revision(), context.cause)
        if state.get(Ref(EarlyWithdrawal, lead.lead)) is not None:
            return Decision(save=[replace(routed, withdrawn=True)])
        matches = self._matches(state, routed)
        due = [unsent.first_look(lead, routed.accepted_at)]
        if self.catalogues.rules_of(context.tenant).is_exclusive(lead):
            found = [state.get(capacity_of(each)) for each in matches if each.amount]
            decision = leads.sell(routed, matches, [each for each in found if each is not None])
        else:
            decision = leads.share(routed, matches)
        return replace(decision, due=due)

    def _matches(self, state: WorkingSet, routed: RoutedLead) -> list[Match]:
        block = state.get(ref_by_name(Block, routed.tenant, routed.person_id))
        matches = self.catalogues.matches(routed.tenant, routed.lead, routed.accepted_at)
        if block is None:
            return matches
        return [each for each in matches if not block.hits(each.campaign.definition.customer)]

    def by_hand_reads(self, _state: WorkingSet, command: SendLead, context: Context) -> Reads:
        block = ref_by_name(Block, context.tenant, command.person_id)
        yield [Ref(RoutedLead, command.lead), block]

    def send_by_hand(self, state: WorkingSet, command: SendLead, context: Context) -> Decision:
        campaign = ref_by_name(Campaign, context.tenant, command.campaign)
        return by_hand.send(
            command,
            state.get(Ref(RoutedLead, command.lead)),
            self.catalogues.campaigns.get(campaign.id),
            state.get(ref_by_name(Block, context.tenant, command.person_id)),
            self.catalogues,
            context,
        )

    def unsent_reads(self, state: WorkingSet, due: StillUnsent, _context: Context) -> Reads:
        lead = Ref(RoutedLead, due.lead)
        yield [lead]
        if routed := state.get(lead):
            yield [ref_by_name(Block, routed.tenant, routed.person_id)]

    def look(self, state: WorkingSet, due: StillUnsent, context: Context) -> Decision:
        routed = state.get(Ref(RoutedLead, due.lead))
        if routed is None:
            return Decision()
        return unsent.look(routed, lambda: self._against(state, routed, context), context.now)

    def _against(self, state: WorkingSet, routed: RoutedLead, context: Context) -> set[str]:
        """The checks that keep a lead from the campaigns that take leads of its way, as they were
        answered or as they are now."""
        codes = {failing.code for claim in routed.claims for failing in claim.failing}
        block = state.get(ref_by_name(Block, routed.tenant, routed.person_id))
        on_route = self.catalogues.on_route(routed.tenant, route_of(routed.lead))
        by_category = subjects(routed.lead)
        for campaign in on_route[: unsent.CAMPAIGNS_JUDGED_MAX]:
            if routed.of(campaign.name) is None:
                criteria = self.catalogues.context_of(campaign)
                codes |= failing_codes(campaign, context.now, criteria, by_category)
                if block is not None and block.hits(campaign.definition.customer):
                    codes.add("person_blocked")
        return codes

    def rematch_reads(self, _state: WorkingSet, event: LeadToRematch, context: Context) -> Reads:
        campaign = ref_by_name(Campaign, context.tenant, event.campaign)
        yield [Ref(RoutedLead, event.lead), Ref(Capacity, campaign.id)]

    def rematch(self, state: WorkingSet, event: LeadToRematch, context: Context) -> Decision:
        routed = state.get(Ref(RoutedLead, event.lead))
        ref = ref_by_name(Campaign, context.tenant, event.campaign)
        campaign = self.catalogues.campaigns.get(ref.id)
        if routed is None or campaign is None:
            return Decision()
        category, failing = self.catalogues.evaluate(campaign, routed.lead, context.now)
        if failing:
            return Decision()
        match = Match(campaign, category, self.catalogues.rank(campaign, routed.lead, category))
        if routed.is_open_to(campaign.name):
            return leads.claim_again(routed, match)
        if routed.may_queue(campaign.name):
            return leads.stand_behind(routed, match, state.get(capacity_of(match)))
        return Decision()


def capacity_of(match: Match) -> Ref[Capacity]:
    return Ref(Capacity, match.campaign.id)


def lead_of(event: ClaimAnswer, _context: Context) -> Ref[RoutedLead]:
    return Ref(RoutedLead, event.lead)


def note_answer(event: ClaimAnswer, routed: RoutedLead | None, context: Context) -> Decision:
    decision = _stop_watching(leads.note(routed, leads.answer_of(event)))
    is_sent = isinstance(event, SendCompleted) and event.outcome == "sent"
    if routed is None or not (is_sent and decision.save):
        return decision
    return replace(decision, took=[Took(SENT, context.cause.time - routed.accepted_at)])


def withdrawal_reads(_state: WorkingSet, event: WithdrawalRequested, _context: Context) -> Reads:
    yield [Ref(RoutedLead, event.lead), Ref(EarlyWithdrawal, event.lead)]


def withdraw_lead(state: WorkingSet, event: WithdrawalRequested, context: Context) -> Decision:
    routed = state.get(Ref(RoutedLead, event.lead))
    early = state.get(Ref(EarlyWithdrawal, event.lead))
    return _stop_watching(leads.withdraw(event, routed, early, context.cause))


def _stop_watching(decision: Decision) -> Decision:
    """A lead that was sent or given back is watched no longer."""
    over = [
        unsent.watch_id(entity.id)
        for entity in decision.save
        if isinstance(entity, RoutedLead) and (entity.withdrawn or entity.state == "sent")
    ]
    return replace(decision, cancel=over) if over else decision
