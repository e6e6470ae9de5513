"""In the campaign's shard: who gets a slot, who goes on the send day, how a send ends, and which
leads a change of the campaign may free."""

from dataclasses import dataclass, replace

from services.routing.campaign import claims
from services.routing.campaign.claims import Case, SendDay
from services.routing.campaign.sends import Delivery, Send, send_of, to_company, waiting_before
from services.routing.filters.lists import company_domains
from services.routing.fit.catalogue import Catalogues
from services.routing.fit.checks import CampaignView
from services.routing.orders.campaigns import Campaign, CampaignVersion, version_of
from services.routing.orders.capacity import Capacity
from services.routing.orders.policy import Block
from services.routing.rematch import widening
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import (
    CampaignWidened,
    Claim,
    ClaimWithdrawn,
    ResolveSend,
    ScopeWidened,
)
from shared.loop.decision import Context, Decision, EffectFinished
from shared.loop.working_set import Page, Reads, Ref, WorkingSet, ref_by_name


@dataclass(frozen=True, slots=True)
class Claims:
    catalogues: Catalogues

    def claim_reads(self, state: WorkingSet, claim: Claim, context: Context) -> Reads:
        tenant, person = context.tenant, claim.lead.person_id
        ref = ref_by_name(Campaign, tenant, claim.campaign)
        send = send_of(tenant, claim.campaign, person)
        yield [ref, Ref(Capacity, ref.id), send, ref_by_name(Block, tenant, person)]
        if pages := _to_its_companies(state.get(ref), claim.lead):
            yield pages

    def decide_claim(self, state: WorkingSet, claim: Claim, context: Context) -> Decision:
        case = self._case(state, claim, context)
        if case is None:
            return claims.unknown_campaign(claim)
        return claims.decide(claim, case, context.cause, context.now)

    def _case(self, state: WorkingSet, claim: Claim, context: Context) -> Case | None:
        tenant, person = context.tenant, claim.lead.person_id
        campaign = state.get(ref_by_name(Campaign, tenant, claim.campaign))
        if campaign is None:
            return None
        before = state.get(send_of(tenant, claim.campaign, person))
        view = CampaignView(
            state.get(Ref(Capacity, campaign.id)),
            before.status if before is not None and before.bars(claim.lead.lead) else None,
            _taken_by_company(state, campaign, claim),
            state.get(ref_by_name(Block, tenant, person)),
        )
        return Case(campaign, self.catalogues.context_of(campaign), view, before)

    def send_day_reads(self, state: WorkingSet, due: SendDay, _context: Context) -> Reads:
        ref = Ref(Campaign, due.campaign)
        yield [ref, Ref(Capacity, due.campaign)]
        campaign = state.get(ref)
        if campaign is None:
            return
        page = waiting_before(campaign, due.before, claims.RUN_MAX)
        yield [page]
        waiting = state.page(page).rows
        # As they are decided on: sends of an earlier version tell one domain of several.
        claimed = [send.claim.lead for send in waiting if send.claim is not None]
        blocks = [ref_by_name(Block, campaign.tenant, send.person_id) for send in waiting]
        yield [*blocks, *_to_its_companies(campaign, *claimed)]

    def send_waiting(self, state: WorkingSet, due: SendDay, context: Context) -> Decision:
        """RTE-13: whatever waits, as the campaign stands on the day; the rest in the next step."""
        campaign = state.get(Ref(Campaign, due.campaign))
        if campaign is None:
            return Decision()
        found = state.page(waiting_before(campaign, due.before, claims.RUN_MAX))
        waiting = [send for send in found.rows if send.waits_for(due.before)]
        decisions = []
        capacity = state.get(Ref(Capacity, campaign.id))
        branch = state.branch()
        for send in claims.next_of(waiting, campaign, capacity):
            decisions.append(self._decide_waiting(branch, send, context))
            branch.put(decisions[-1].save)
        together = claims.together(decisions)
        if found.is_last:
            return together
        return replace(together, due=[*together.due, claims.weekly_due(campaign, due.before)])

    def _decide_waiting(self, state: WorkingSet, send: Send, context: Context) -> Decision:
        claim = send.claim
        assert claim is not None, "what waits keeps its claim"
        case = self._case(state, claim, context)
        assert case is not None, "what waits has a campaign"
        if claim.is_exclusive is None:
            is_exclusive = self.catalogues.rules_of(context.tenant).is_exclusive(claim.lead)
            claim = claim.model_copy(update={"is_exclusive": is_exclusive})
        return claims.decide_waiting(claim, case, context.now)

    def open_campaigns(self, _state: WorkingSet, event: ScopeWidened, context: Context) -> Decision:
        return widening.next_page(event, context.tenant, self.catalogues)

    def widened_reads(self, _state: WorkingSet, event: CampaignWidened, context: Context) -> Reads:
        ref = ref_by_name(Campaign, context.tenant, event.campaign)
        version = [] if event.since is None else [version_of(ref.id, event.since)]
        yield [ref, *version, widening.leads_of(event, context.tenant)]

    def rematch_page(self, state: WorkingSet, event: CampaignWidened, context: Context) -> Decision:
        campaign = state.get(ref_by_name(Campaign, context.tenant, event.campaign))
        if campaign is None:
            return Decision()
        found = state.page(widening.leads_of(event, context.tenant))
        if not found.rows and not found.is_last:
            # Of many that were widened at once only some were looked up: the others' turn comes.
            return Decision(publish=widening.campaign_events([event]))
        version = state.get(version_of(campaign.id, event.since)) if event.since else None
        return widening.rematch_page(
            event, campaign, _campaign_then(version), found, self.catalogues, context.now
        )


def _campaign_then(version: CampaignVersion | None) -> Campaign | None:
    return version.campaign if version is not None else None


def _to_its_companies(campaign: Campaign | None, *leads: LeadAccepted) -> list[Page[Send]]:
    """What was sent to people of the same companies, where that is limited."""
    if campaign is None or campaign.definition.caps.per_domain is None:
        return []
    domains = dict.fromkeys(domain for lead in leads for domain in company_domains(lead))
    return [to_company(campaign, domain) for domain in domains]


def _taken_by_company(state: WorkingSet, campaign: Campaign, claim: Claim) -> int:
    """Slots that the lead's company has taken; a send to two domains of it is one."""
    pages = _to_its_companies(campaign, claim.lead)
    return len({send.id for page in pages for send in state.page(page).rows if send.takes_slot})


def claimed_send(event: ClaimWithdrawn, context: Context) -> Ref[Send]:
    return send_of(context.tenant, event.campaign, event.person_id)


def ended_send_reads(
    _state: WorkingSet, finished: EffectFinished[Delivery], _context: Context
) -> Reads:
    yield [Ref(Send, finished.id), Ref(Capacity, finished.purpose.campaign)]


def record_send(
    state: WorkingSet, finished: EffectFinished[Delivery], context: Context
) -> Decision:
    send = state.get(Ref(Send, finished.id))
    capacity = state.get(Ref(Capacity, finished.purpose.campaign))
    return claims.record(finished, send, capacity, context.now)


def resolved_send_reads(_state: WorkingSet, command: ResolveSend, context: Context) -> Reads:
    campaign = ref_by_name(Campaign, context.tenant, command.campaign)
    yield [Ref(Send, command.send), Ref(Capacity, campaign.id)]


def resolve_send(state: WorkingSet, command: ResolveSend, context: Context) -> Decision:
    campaign = ref_by_name(Campaign, context.tenant, command.campaign)
    send, capacity = state.get(Ref(Send, command.send)), state.get(Ref(Capacity, campaign.id))
    return claims.resolve(command, send, capacity, context)
