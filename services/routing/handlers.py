"""What routing does with each event: what is read for it, and what decides it."""

from collections.abc import Callable, Sequence

from services.routing.campaign import claims
from services.routing.campaign.claims import SendDay
from services.routing.campaign.sends import Delivery
from services.routing.decisions import claims as deciding_claims
from services.routing.decisions import orders, people
from services.routing.decisions.claims import Claims
from services.routing.decisions.orders import Orders
from services.routing.decisions.people import People
from services.routing.fit.catalogue import Catalogues
from services.routing.orders import campaigns, lists, policy
from services.routing.orders.campaigns import Campaign
from services.routing.orders.lists import ListTakesEffect
from services.routing.orders.policy import Account, Block, Rules
from services.routing.person import unsent
from services.routing.person.unsent import StillUnsent
from services.routing.rematch import widening
from services.routing.rematch.widening import Rescan
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
from shared.loop.decision import Context, Decision
from shared.loop.table import Row, on, on_end, one
from shared.loop.working_set import Ref, WorkingSet, ref_by_name


def rows(catalogues: Catalogues, revision: Callable[[], int]) -> Sequence[Row]:
    """`revision` tells how far the catalogue of campaigns is."""
    order, person, claim = Orders(catalogues), People(catalogues, revision), Claims(catalogues)
    return (
        # What is ordered, and what holds for all campaigns.
        on(PutCampaign, order.put_campaign, reads=order.campaign_reads, cuts=True),
        one(PauseCampaign, _campaign, campaigns.set_status),
        one(ResumeCampaign, _campaign, campaigns.set_status),
        one(PutRules, _rules, order.put_rules),
        one(SuspendAccount, _account, policy.set_account),
        one(RestoreAccount, _account, policy.set_account),
        one(BlockPerson, _block, policy.set_block),
        one(UnblockPerson, _block, policy.set_block),
        one(PutListPart, orders.part_put, lists.put_part),
        on(PutList, orders.put_list, reads=orders.list_reads),
        on(EditList, orders.edit_list, reads=orders.edit_reads),
        on(ListTakesEffect, orders.take_effect, reads=orders.coming_reads),
        # In the person's shard.
        on(LeadAccepted, person.match_lead, reads=person.lead_reads),
        on(WithdrawalRequested, people.withdraw_lead, reads=people.withdrawal_reads),
        on(SendLead, person.send_by_hand, reads=person.by_hand_reads),
        one(ClaimGranted, people.lead_of, people.note_answer, early=True),
        one(ClaimWaiting, people.lead_of, people.note_answer, early=True),
        one(ClaimRefused, people.lead_of, people.note_answer, early=True),
        one(SendCompleted, people.lead_of, people.note_answer, early=True),
        on(LeadToRematch, person.rematch, reads=person.rematch_reads),
        on(StillUnsent, person.look, reads=person.unsent_reads),
        one(LeadStillUnsent, unsent.group_of, unsent.count),
        # In the campaign's shard.
        on(Claim, claim.decide_claim, reads=claim.claim_reads, early=True),
        one(ClaimWithdrawn, deciding_claims.claimed_send, claims.withdraw, early=True),
        on(SendDay, claim.send_waiting, reads=claim.send_day_reads),
        on_end(Delivery, deciding_claims.record_send, reads=deciding_claims.ended_send_reads),
        on(ResolveSend, deciding_claims.resolve_send, reads=deciding_claims.resolved_send_reads),
        # What a change may free.
        on(ScopeWidened, claim.open_campaigns),
        on(CampaignWidened, claim.rematch_page, reads=claim.widened_reads),
        on(Rescan, _rescan),
    )


def _campaign(command: PauseCampaign | ResumeCampaign, context: Context) -> Ref[Campaign]:
    return ref_by_name(Campaign, context.tenant, command.campaign)


def _rules(command: PutRules, context: Context) -> Ref[Rules]:
    return ref_by_name(Rules, context.tenant, command.id)


def _account(command: SuspendAccount | RestoreAccount, context: Context) -> Ref[Account]:
    return ref_by_name(Account, context.tenant, command.customer)


def _block(command: BlockPerson | UnblockPerson, context: Context) -> Ref[Block]:
    return ref_by_name(Block, context.tenant, command.person_id)


def _rescan(_state: WorkingSet, due: Rescan, _context: Context) -> Decision:
    return widening.rescan(due)
