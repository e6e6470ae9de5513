"""An operator sends a lead through that waits or was kept away (RTE-14), audited in its history."""

from dataclasses import replace

from services.routing.fit import checks
from services.routing.fit.catalogue import Catalogues, Match
from services.routing.fit.checks import OVERRIDABLE
from services.routing.orders.campaigns import Campaign
from services.routing.orders.policy import Block
from services.routing.person.leads import OPEN, RoutedLead, claim_again
from shared.contracts.routing import ByHand, Failing, SendLead
from shared.loop.decision import Accepted, Context, Decision, Refused


def send(
    command: SendLead,
    routed: RoutedLead | None,
    campaign: Campaign | None,
    block: Block | None,
    catalogues: Catalogues,
    context: Context,
) -> Decision:
    """Asks the campaign's shard, which overrides the send day and suppressed titles, and nothing
    else. What can be known here is refused here."""
    its = (context.cause.tenant, command.person_id)
    if routed is None or routed.withdrawn or (routed.tenant, routed.person_id) != its:
        return _refuse("lead_unknown", "the person has no such lead")
    if routed.withdrawals:
        return _refuse("withdrawing", "another upload is taking the lead's place")
    if campaign is None:
        return Decision(answer=Refused.unknown("campaign", command.campaign))
    if refused := _held_elsewhere(routed, campaign.name):
        return refused
    category, failing = catalogues.evaluate(campaign, routed.lead, context.cause.time)
    if block is not None and (hit := block.hits(campaign.definition.customer)):
        failing.append(Failing(code="person_blocked", rule=hit))
    if against := checks.without(failing, OVERRIDABLE):
        codes = [each.code for each in against]
        text = f"only the send day and suppressed titles can be overridden, not {', '.join(codes)}"
        return _refuse("not_overridable", text, codes)
    by_hand = ByHand(by=context.cause.actor, reason=command.reason)
    decision = claim_again(routed, Match(campaign, category, 0), by_hand)
    return replace(decision, answer=Accepted("claimed", details={"version": campaign.number}))


def _held_elsewhere(routed: RoutedLead, campaign: str) -> Decision | None:
    claim = routed.of(campaign)
    if claim is not None and claim.state in OPEN | {"not_sent"} and claim.state != "waiting":
        return _refuse("already_sent", f"the lead is {claim.state} there")
    others = [each for each in routed.claims if each.campaign != campaign and each.state in OPEN]
    if routed.is_exclusive and others:
        return _refuse("sold_exclusively", "another campaign has the lead, or may yet get it")
    return None


def _refuse(code: str, text: str, codes: list[str] | None = None) -> Decision:
    details = {"failing": codes} if codes else {}
    return Decision(answer=Refused(code, text, details))
