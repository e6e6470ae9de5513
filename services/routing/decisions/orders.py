"""What is ordered and what holds for all: campaigns, the policy's rules, lists of companies."""

from dataclasses import dataclass, replace
from datetime import timedelta

from services.routing.campaign import claims
from services.routing.fit.catalogue import Catalogues
from services.routing.orders import campaigns, lists, policy
from services.routing.orders.campaigns import Campaign, Checked
from services.routing.orders.capacity import Capacity
from services.routing.orders.checklist import may_start, warnings
from services.routing.orders.lists import (
    Changed,
    CompanyList,
    ListPart,
    ListTakesEffect,
    digest_of_entries,
    digests_of,
    part_of,
)
from services.routing.orders.policy import Rules
from services.routing.orders.validation import all_at_once, of_rules, violations
from services.routing.rematch import widening
from shared.contracts.campaigns import PutCampaign
from shared.contracts.lists import EditList, PutList, PutListPart, PutRules
from shared.loop.decision import Context, Decision
from shared.loop.working_set import Reads, Ref, WorkingSet, ref_by_name

MOMENT = timedelta(milliseconds=1)
"""What has waited until now has waited since before the next moment."""


@dataclass(frozen=True, slots=True)
class Orders:
    catalogues: Catalogues

    def campaign_reads(self, _state: WorkingSet, command: PutCampaign, context: Context) -> Reads:
        campaign = ref_by_name(Campaign, context.tenant, command.id)
        yield [campaign, Ref(Capacity, campaign.id)]

    def put_campaign(self, state: WorkingSet, command: PutCampaign, context: Context) -> Decision:
        ref = ref_by_name(Campaign, context.tenant, command.id)
        before, capacity = state.get(ref), state.get(Ref(Capacity, ref.id))
        rules = self.catalogues.rules_of(context.tenant)
        found = violations(command, before, capacity, rules, context.now)
        refused = all_at_once(found) or may_start(command)
        missing = self.catalogues.missing_lists(context.tenant, command)
        checked = Checked(refused, (*warnings(command), *missing))
        decision = campaigns.put(command, before, checked, context)
        if before is None or not decision.save:
            return decision
        return _with_widening(decision, before, command, context)

    def put_rules(self, command: PutRules, before: Rules | None, context: Context) -> Decision:
        if refused := all_at_once(of_rules(command)):
            return Decision(answer=refused)
        decision = policy.put_rules(command, before, context)
        if not decision.save or before is None:
            return decision
        widened = widening.by_titles(before.suppressed_titles, command.suppressed_titles)
        return replace(decision, publish=[*decision.publish, *widening.scope_events(*widened)])


def _with_widening(
    decision: Decision, before: Campaign, command: PutCampaign, context: Context
) -> Decision:
    """What the change opens, and, if it sends on another day from now on, when what waits goes."""
    (after,) = [entity for entity in decision.save if isinstance(entity, Campaign)]
    publish = [
        *decision.publish,
        *widening.campaign_events(widening.widened_events(before, command)),
    ]
    was, on = before.next_send(context.now), after.next_send(context.now)
    if was is None or was == on:
        return replace(decision, publish=publish)
    due = [claims.weekly_due(after, on or context.now + MOMENT)]
    return replace(decision, publish=publish, due=due, cancel=[claims.weekly_id(after.id, was)])


def part_put(command: PutListPart, context: Context) -> Ref[ListPart]:
    list_ = ref_by_name(CompanyList, context.tenant, command.list)
    return part_of(list_.id, digest_of_entries(command.entries))


def list_reads(state: WorkingSet, command: PutList, context: Context) -> Reads:
    ref = ref_by_name(CompanyList, context.tenant, command.id)
    own = digest_of_entries(command.entries)
    yield [ref, *(part_of(ref.id, digest) for digest in (*command.parts, own))]
    yield from _parts_read(state, ref)


def edit_reads(state: WorkingSet, command: EditList, context: Context) -> Reads:
    ref = ref_by_name(CompanyList, context.tenant, command.list)
    yield [ref]
    yield from _parts_read(state, ref)


def coming_reads(state: WorkingSet, due: ListTakesEffect, _context: Context) -> Reads:
    ref = Ref(CompanyList, due.list)
    yield [ref]
    yield from _parts_read(state, ref)


def _parts_read(state: WorkingSet, ref: Ref[CompanyList]) -> Reads:
    yield [part_of(ref.id, digest) for digest in digests_of(state.get(ref))]


def put_list(state: WorkingSet, command: PutList, context: Context) -> Decision:
    ref = ref_by_name(CompanyList, context.tenant, command.id)
    before = state.get(ref)
    named_here = (*command.parts, digest_of_entries(command.entries))
    parts = _parts(state, ref, (*digests_of(before), *named_here))
    changed = lists.put(command, before, parts, context.cause, context.now)
    return _with_list_widening(changed, command.id)


def edit_list(state: WorkingSet, command: EditList, context: Context) -> Decision:
    ref = ref_by_name(CompanyList, context.tenant, command.list)
    before = state.get(ref)
    parts = _parts(state, ref, digests_of(before))
    changed = lists.edit(command, before, parts, context.cause, context.now)
    return _with_list_widening(changed, command.list)


def take_effect(state: WorkingSet, due: ListTakesEffect, context: Context) -> Decision:
    ref = Ref(CompanyList, due.list)
    before = state.get(ref)
    if before is None:
        return Decision()
    parts = _parts(state, ref, digests_of(before))
    changed = lists.take_effect(before, parts, context.cause, context.now)
    return _with_list_widening(changed, before.name)


def _parts(
    state: WorkingSet, ref: Ref[CompanyList], digests: tuple[str, ...]
) -> dict[str, ListPart]:
    found = {digest: state.get(part_of(ref.id, digest)) for digest in digests}
    return {digest: part for digest, part in found.items() if part is not None}


def _with_list_widening(changed: Changed, name: str) -> Decision:
    widened = widening.by_list(changed, name)
    return replace(
        changed.decision, publish=[*changed.decision.publish, *widening.scope_events(*widened)]
    )
