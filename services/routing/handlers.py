"""What routing does with each event; all of it is called inside one transaction of the loop."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from services.routing.campaign import claims, sends
from services.routing.campaign.sends import Send
from services.routing.fit.catalogue import Catalogues, Match
from services.routing.fit.checks import CampaignView
from services.routing.fit.criteria import company_domains, route_of
from services.routing.orders import campaigns, lists, policy
from services.routing.orders.campaigns import Campaign, CampaignVersion, Checked
from services.routing.orders.capacity import Capacity
from services.routing.orders.checklist import may_start, warnings
from services.routing.orders.lists import Changed, ListPart
from services.routing.orders.policy import Account, Block, Rules
from services.routing.orders.validation import all_at_once, of_rules, violations
from services.routing.person import by_hand, leads, unsent
from services.routing.person.leads import EarlyWithdrawal, RoutedLead
from services.routing.person.unsent import UnsentDelivery
from services.routing.rematch import widening
from services.routing.rematch.widening import LeadPage
from shared.contracts.campaigns import PauseCampaign, PutCampaign, ResumeCampaign
from shared.contracts.intake import LeadAccepted, WithdrawalRequested
from shared.contracts.lists import (
    BlockPerson,
    EditList,
    PutList,
    PutListPart,
    PutRules,
    RestoreAccount,
    SuspendAccount,
    UnblockPerson,
)
from shared.contracts.routing import (
    CampaignWidened,
    Claim,
    ClaimGranted,
    ClaimRefused,
    ClaimWaiting,
    ClaimWithdrawn,
    LeadStillUnsent,
    LeadToRematch,
    ResolveSend,
    ScopeWidened,
    SendCompleted,
    SendLead,
)
from shared.loop.decision import Decision, DueReached, EffectFinished, Handlers, Input
from shared.loop.working_set import WorkingSet

MOMENT = timedelta(milliseconds=1)
"""What has waited until now has waited since before the next moment."""


@dataclass(frozen=True, slots=True)
class Routing:
    """What every decision may look things up in; `revision` tells how far the catalogue of
    campaigns is."""

    catalogues: Catalogues
    revision: Callable[[], int]

    def handlers(self) -> Handlers:
        return {
            PutCampaign: self.put_campaign,
            PauseCampaign: self.set_status,
            ResumeCampaign: self.set_status,
            PutRules: self.put_rules,
            SuspendAccount: set_account,
            RestoreAccount: set_account,
            BlockPerson: set_block,
            UnblockPerson: set_block,
            PutListPart: put_list_part,
            PutList: put_list,
            EditList: edit_list,
            lists.EFFECTIVE: take_effect,
            LeadAccepted: self.match_lead,
            WithdrawalRequested: withdraw_lead,
            SendLead: self.send_by_hand,
            ClaimGranted: note_answer,
            ClaimWaiting: note_answer,
            ClaimRefused: note_answer,
            SendCompleted: note_answer,
            unsent.WATCH: self.look,
            LeadStillUnsent: count_unsent,
            Claim: self.decide_claim,
            ClaimWithdrawn: withdraw_claim,
            claims.WEEKLY: self.send_weekly,
            EffectFinished: record_send,
            ResolveSend: resolve_send,
            ScopeWidened: self.open_campaigns,
            CampaignWidened: self.rematch_page,
            widening.RESCAN: rescan,
            widening.LOOK_AGAIN: rescan,
            LeadToRematch: self.rematch,
        }

    # In the campaign's shard: what it is.

    def put_campaign(self, state: WorkingSet, given: Input) -> Decision:
        command, cause = given.event, given.cause
        assert isinstance(command, PutCampaign)
        id = campaigns.stored_id(cause.tenant, command.id)  # noqa: A001
        before, capacity = state.get(Campaign, id), state.get(Capacity, id)
        rules = self.catalogues.rules_of(cause.tenant)
        found = violations(command, before, capacity, rules, given.now)
        against = all_at_once(found) or may_start(command)
        missing = self.catalogues.missing_lists(cause.tenant, command)
        checked = Checked(against, (*warnings(command), *missing))
        decision = campaigns.put(command, before, checked, cause, given.now)
        if before is None or not decision.save:
            return decision
        return _widening(decision, before, command, given)

    def set_status(self, state: WorkingSet, given: Input) -> Decision:
        command, cause = given.event, given.cause
        assert isinstance(command, PauseCampaign | ResumeCampaign)
        before = state.get(Campaign, campaigns.stored_id(cause.tenant, command.campaign))
        after = campaigns.with_status(before.definition, command) if before else None
        checked = Checked(may_start(after) if after else None)
        return campaigns.set_status(command, before, checked, cause, given.now)

    # What holds for all campaigns.

    def put_rules(self, state: WorkingSet, given: Input) -> Decision:
        command, tenant = given.event, given.cause.tenant
        assert isinstance(command, PutRules)
        before = state.get(Rules, policy.stored_id(tenant, command.id))
        if refused := all_at_once(of_rules(command)):
            return Decision(answer=refused)
        decision = policy.put_rules(command, before, given.cause, given.now)
        if not decision.save or before is None:
            return decision
        widened = widening.by_titles(before.suppressed_titles, command.suppressed_titles)
        return replace(decision, publish=[*decision.publish, *widening.scope_events(*widened)])

    def open_campaigns(self, state: WorkingSet, given: Input) -> Decision:
        widened = given.event
        assert isinstance(widened, ScopeWidened)
        return widening.next_page(widened, given.cause.tenant, self.catalogues)

    # In the person's shard.

    def match_lead(self, state: WorkingSet, given: Input) -> Decision:
        lead, cause = given.event, given.cause
        assert isinstance(lead, LeadAccepted)
        if state.get(RoutedLead, lead.lead) is not None:
            return Decision()
        routed = leads.new_lead(lead, self.revision(), cause)
        if state.get(EarlyWithdrawal, lead.lead) is not None:
            return Decision(save=[replace(routed, withdrawn=True)])
        matches = self._wanting(state, routed)
        due = [unsent.first_look(lead, routed.accepted_at)]
        if self.catalogues.rules_of(cause.tenant).is_exclusive(lead):
            decision = leads.sell(routed, matches, state.all(Capacity))
        else:
            decision = leads.share(routed, matches)
        return replace(decision, due=due)

    def _wanting(self, state: WorkingSet, routed: RoutedLead) -> list[Match]:
        block = state.get(Block, policy.stored_id(routed.tenant, routed.person_id))
        matches = self.catalogues.matches(routed.tenant, routed.lead, routed.accepted_at)
        if block is None:
            return matches
        return [each for each in matches if not block.hits(each.campaign.definition.customer)]

    def send_by_hand(self, state: WorkingSet, given: Input) -> Decision:
        command, tenant = given.event, given.cause.tenant
        assert isinstance(command, SendLead)
        return by_hand.send(
            command,
            state.get(RoutedLead, command.lead),
            self.catalogues.campaigns.get(campaigns.stored_id(tenant, command.campaign)),
            state.get(Block, policy.stored_id(tenant, command.person_id)),
            self.catalogues,
            given,
        )

    def look(self, state: WorkingSet, given: Input) -> Decision:
        reached = given.event
        assert isinstance(reached, DueReached)
        routed = state.get(RoutedLead, reached.data["lead"])
        if routed is None:
            return Decision()
        return unsent.look(routed, lambda: self._against(state, routed, given), given.now)

    def _against(self, state: WorkingSet, routed: RoutedLead, given: Input) -> set[str]:
        """The checks that keep a lead from the campaigns that take leads of its way, as they were
        answered or as they are now."""
        codes = {failing.code for claim in routed.claims for failing in claim.failing}
        block = state.get(Block, policy.stored_id(routed.tenant, routed.person_id))
        on_route = self.catalogues.on_route(routed.tenant, route_of(routed.lead))
        for campaign in on_route[: unsent.CAMPAIGNS_JUDGED_MAX]:
            if routed.of(campaign.name) is None:
                failing = self.catalogues.evaluate(campaign, routed.lead, given.now)[1]
                codes |= {each.code for each in failing}
                if block is not None and block.hits(campaign.definition.customer):
                    codes.add("person_blocked")
        return codes

    def rematch(self, state: WorkingSet, given: Input) -> Decision:
        event, tenant = given.event, given.cause.tenant
        assert isinstance(event, LeadToRematch)
        routed = state.get(RoutedLead, event.lead)
        campaign = self.catalogues.campaigns.get(campaigns.stored_id(tenant, event.campaign))
        if routed is None or campaign is None:
            return Decision()
        category, failing = self.catalogues.evaluate(campaign, routed.lead, given.now)
        if failing:
            return Decision()
        rank = self.catalogues.rank(campaign, routed.lead, category)
        matches = Match(campaign, category, rank)
        if routed.is_open_to(campaign.name):
            return leads.claim_again(routed, matches)
        if routed.may_queue(campaign.name):
            return leads.stand_behind(routed, matches, state.get(Capacity, campaign.id))
        return Decision()

    # In the campaign's shard: what it gets.

    def decide_claim(self, state: WorkingSet, given: Input) -> Decision:
        claim = given.event
        assert isinstance(claim, Claim)
        return self._decide(state, claim, given)

    def _decide(
        self, state: WorkingSet, claim: Claim, given: Input, *, run: bool = False
    ) -> Decision:
        tenant = given.cause.tenant
        id = campaigns.stored_id(tenant, claim.campaign)  # noqa: A001
        campaign = state.get(Campaign, id)
        if campaign is None:
            return claims.unknown_campaign(claim)
        person = claim.lead.person_id
        before = state.get(Send, sends.send_id(tenant, claim.campaign, person))
        view = CampaignView(
            state.get(Capacity, id),
            before.status if before is not None and before.bars(claim.lead.lead) else None,
            _of_domain(state, campaign, claim),
            state.get(Block, policy.stored_id(tenant, person)),
        )
        case = claims.Case(campaign, self.catalogues.context_of(campaign), view, before)
        if run:
            if claim.is_exclusive is None:
                is_exclusive = self.catalogues.rules_of(tenant).is_exclusive(claim.lead)
                claim = claim.model_copy(update={"is_exclusive": is_exclusive})
            return claims.decide_waiting(claim, case, given.now)
        return claims.decide(claim, case, given.cause, given.now)

    def send_weekly(self, state: WorkingSet, given: Input) -> Decision:
        """RTE-13: whatever waits, as the campaign stands on the day; the rest in the next step."""
        reached = given.event
        assert isinstance(reached, DueReached)
        campaign, before = state.get(Campaign, reached.data["campaign"]), reached.data["before"]
        if campaign is None:
            return Decision()
        # Of many campaigns that send at once only some were looked up: the others' turn comes.
        page = state.peek(claims.SendDay, claims.weekly_id(campaign.id, before))
        again = claims.weekly_due(campaign, before)
        if page is None:
            return Decision(due=[again])
        waiting = [
            send
            for id in page.sends  # noqa: A001
            if (send := state.get(Send, id)) is not None and send.waits_for(before)
        ]
        decisions = []
        capacity = state.get(Capacity, campaign.id)
        branch = state.branch()
        for send in claims.next_of(waiting, campaign, capacity):
            assert send.claim is not None
            decisions.append(self._decide(branch, send.claim, given, run=True))
            branch.put(decisions[-1].save)
        together = claims.together(decisions)
        if page.is_last:
            return together
        return replace(together, due=[*together.due, again])

    def rematch_page(self, state: WorkingSet, given: Input) -> Decision:
        widened, tenant = given.event, given.cause.tenant
        assert isinstance(widened, CampaignWidened)
        # Of many that were widened at once only some were looked up: the others' turn comes.
        page = state.peek(LeadPage, widening.page_id(widened, tenant))
        campaign = state.get(Campaign, campaigns.stored_id(tenant, widened.campaign))
        if campaign is None:
            return Decision()
        if page is None:
            return Decision(publish=widening.campaign_events([widened]))
        return widening.rematch_page(
            widened,
            campaign,
            _since(state, widened, campaign),
            page.leads,
            self.catalogues,
            given.now,
        )


def _since(state: WorkingSet, widened: CampaignWidened, campaign: Campaign) -> Campaign | None:
    """The campaign as it was before it was widened, where the event names that version."""
    if widened.since is None:
        return None
    kept = state.get(CampaignVersion, campaigns.version_id(campaign.id, widened.since))
    return kept.campaign if kept is not None else None


def put_list(state: WorkingSet, given: Input) -> Decision:
    command, cause = given.event, given.cause
    assert isinstance(command, PutList)
    before, parts = lists.of_list(state, cause.tenant, command.id)
    changed = lists.put(command, before, parts, cause, given.now)
    return _opening(changed, command.id)


def edit_list(state: WorkingSet, given: Input) -> Decision:
    command, cause = given.event, given.cause
    assert isinstance(command, EditList)
    before, parts = lists.of_list(state, cause.tenant, command.list)
    changed = lists.edit(command, before, parts, cause, given.now)
    return _opening(changed, command.list)


def take_effect(state: WorkingSet, given: Input) -> Decision:
    reached, cause = given.event, given.cause
    assert isinstance(reached, DueReached)
    before, parts = lists.of_list(state, cause.tenant, reached.key)
    changed = lists.take_effect(before, parts, cause, given.now)
    return _opening(changed, reached.key)


def _opening(changed: Changed, name: str) -> Decision:
    widened = widening.by_list(changed, name)
    return replace(
        changed.decision, publish=[*changed.decision.publish, *widening.scope_events(*widened)]
    )


def rescan(state: WorkingSet, given: Input) -> Decision:
    reached = given.event
    assert isinstance(reached, DueReached)
    return widening.rescan(reached)


def _widening(decision: Decision, before: Campaign, command: PutCampaign, given: Input) -> Decision:
    """What the change opens, and, if it sends on another day from now on, when what waits goes."""
    (after,) = [entity for entity in decision.save if isinstance(entity, Campaign)]
    publish = [*decision.publish, *widening.campaign_events(widening.widened(before, command))]
    was, on = before.next_send(given.now), after.next_send(given.now)
    if was is None or was == on:
        return replace(decision, publish=publish)
    due = [claims.weekly_due(after, on or given.now + MOMENT)]
    return replace(decision, publish=publish, due=due, cancel=[claims.weekly_id(after.id, was)])


def _of_domain(state: WorkingSet, campaign: Campaign, claim: Claim) -> int:
    """Slots that the lead's company has taken, where that is limited."""
    if campaign.definition.caps.per_domain is None:
        return 0
    domains = frozenset(company_domains(claim.lead))
    return sum(
        send.campaign == campaign.name and send.takes_slot and not domains.isdisjoint(send.domains)
        for send in state.all(Send)
    )


def set_account(state: WorkingSet, given: Input) -> Decision:
    command = given.event
    assert isinstance(command, SuspendAccount | RestoreAccount)
    before = state.get(Account, policy.stored_id(given.cause.tenant, command.customer))
    return policy.set_account(command, before, given.cause, given.now)


def set_block(state: WorkingSet, given: Input) -> Decision:
    command = given.event
    assert isinstance(command, BlockPerson | UnblockPerson)
    before = state.get(Block, policy.stored_id(given.cause.tenant, command.person_id))
    return policy.set_block(command, before, given.cause)


def put_list_part(state: WorkingSet, given: Input) -> Decision:
    command = given.event
    assert isinstance(command, PutListPart)
    terms, _ = lists.read(command.entries)
    id = lists.stored_id(given.cause.tenant, command.list)  # noqa: A001
    before = state.get(ListPart, lists.part_id(id, lists.digest_of(terms)))
    return lists.put_part(command, before, given.cause)


def withdraw_lead(state: WorkingSet, given: Input) -> Decision:
    request = given.event
    assert isinstance(request, WithdrawalRequested)
    routed = state.get(RoutedLead, request.lead)
    early = state.get(EarlyWithdrawal, request.lead)
    return _watched(leads.withdraw(request, routed, early, given.cause))


def note_answer(state: WorkingSet, given: Input) -> Decision:
    event = given.event
    assert isinstance(event, ClaimGranted | ClaimWaiting | ClaimRefused | SendCompleted)
    return _watched(leads.note(state.get(RoutedLead, event.lead), leads.answer_of(event)))


def _watched(decision: Decision) -> Decision:
    """A lead that was sent or given back is watched no longer."""
    over = [
        unsent.watch_id(entity.id)
        for entity in decision.save
        if isinstance(entity, RoutedLead) and (entity.withdrawn or entity.state == "sent")
    ]
    return replace(decision, cancel=over) if over else decision


def count_unsent(state: WorkingSet, given: Input) -> Decision:
    still = given.event
    assert isinstance(still, LeadStillUnsent)
    before = state.get(UnsentDelivery, unsent.stored_id(given.cause.tenant, still))
    return unsent.count(still, before, given.cause, given.now)


def withdraw_claim(state: WorkingSet, given: Input) -> Decision:
    event, tenant = given.event, given.cause.tenant
    assert isinstance(event, ClaimWithdrawn)
    before = state.get(Send, sends.send_id(tenant, event.campaign, event.person_id))
    return claims.withdraw(before, event.lead, given.now)


def record_send(state: WorkingSet, given: Input) -> Decision:
    finished = given.event
    assert isinstance(finished, EffectFinished)
    send = state.get(Send, finished.id)
    capacity = state.get(Capacity, finished.data["campaign"])
    return claims.record(finished, send, capacity, given.now)


def resolve_send(state: WorkingSet, given: Input) -> Decision:
    command, cause = given.event, given.cause
    assert isinstance(command, ResolveSend)
    send = state.get(Send, command.send)
    id = campaigns.stored_id(cause.tenant, command.campaign)  # noqa: A001
    return claims.resolve(command, send, state.get(Capacity, id), cause, given.now)
