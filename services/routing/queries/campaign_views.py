"""What the shards of campaigns know of people and their companies, read for questions.

It is what was committed when it was read; a decision that is under way may change it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.routing.campaign.sends import Send, send_of
from services.routing.filters.lists import company_domains
from services.routing.fit.checks import CampaignView
from services.routing.orders.campaigns import Campaign
from services.routing.orders.capacity import Capacity
from services.routing.orders.policy import Block
from services.routing.person.leads import RoutedLead
from services.routing.store import BLOCKS, CAPACITIES, SENDS
from shared.loop.collection import Collection
from shared.loop.working_set import E, ref_by_name
from shared.store import Store


@dataclass(frozen=True, slots=True)
class CampaignViews:
    """By id; `of_domain` has the sends by campaign and domain, where the leads of a company are
    limited."""

    capacities: Mapping[str, Capacity]
    sends: Mapping[str, Send]
    blocks: Mapping[str, Block]
    of_domain: Mapping[tuple[str, str], frozenset[str]]

    def of(self, campaign: Campaign, routed: RoutedLead) -> CampaignView:
        sent = self.send_of(campaign, routed)
        return CampaignView(
            self.capacities.get(campaign.id),
            sent.status if sent is not None and sent.bars(routed.id) else None,
            self._of_company(campaign, routed),
            self.blocks.get(ref_by_name(Block, routed.tenant, routed.person_id).id),
        )

    def _of_company(self, campaign: Campaign, routed: RoutedLead) -> int:
        """A send that shares two domains with the lead counts once."""
        domains = company_domains(routed.lead)
        sends = [self.of_domain.get((campaign.id, domain), frozenset()) for domain in domains]
        return len(frozenset().union(*sends))

    def send_of(self, campaign: Campaign, routed: RoutedLead) -> Send | None:
        """That of the person, be it for this lead or another."""
        return self.sends.get(send_of(routed.tenant, campaign.name, routed.person_id).id)

    def and_of(self, other: "CampaignViews") -> "CampaignViews":
        """With those of other campaigns."""
        return CampaignViews(
            {**self.capacities, **other.capacities},
            {**self.sends, **other.sends},
            {**self.blocks, **other.blocks},
            {**self.of_domain, **other.of_domain},
        )


NONE = CampaignViews({}, {}, {}, {})


async def load(
    store: Store, campaigns: Sequence[Campaign], leads: Sequence[RoutedLead]
) -> CampaignViews:
    """For each of the campaigns and each of the leads: many of one kind, and few of the other."""
    people = {(lead.tenant, lead.person_id) for lead in leads}
    send_ids = [
        send_of(tenant, campaign.name, person).id
        for campaign in campaigns
        for tenant, person in people
    ]
    blocked = [ref_by_name(Block, tenant, person).id for tenant, person in people]
    return CampaignViews(
        await by_id(store, CAPACITIES, [campaign.id for campaign in campaigns]),
        await by_id(store, SENDS, send_ids),
        await by_id(store, BLOCKS, blocked),
        await _of_domains(store, campaigns, leads),
    )


async def waiting_sends(store: Store, campaign: Campaign) -> list[Send]:
    """Those that wait for its send day."""
    where = {"tenant": campaign.tenant, "campaign": campaign.name, "status": "waiting"}
    return [SENDS.from_document(row) for row in await store.find(SENDS.name, where)]


async def by_id(store: Store, collection: Collection[E], ids: Iterable[str]) -> dict[str, E]:
    rows = await store.find(collection.name, {"_id": {"$in": list(ids)}})
    return {row["_id"]: collection.from_document(row) for row in rows}


async def _of_domains(
    store: Store, campaigns: Sequence[Campaign], leads: Sequence[RoutedLead]
) -> dict[tuple[str, str], frozenset[str]]:
    domains = sorted({domain for lead in leads for domain in company_domains(lead.lead)})
    taken: dict[tuple[str, str], set[str]] = defaultdict(set)
    for campaign in campaigns:
        if domains and campaign.definition.caps.per_domain is not None:
            where = {"tenant": campaign.tenant, "campaign": campaign.name}
            rows = await store.find(SENDS.name, where | {"domain": {"$in": domains}})
            for send in map(SENDS.from_document, rows):
                for domain in send.domains if send.takes_slot else ():
                    taken[campaign.id, domain].add(send.id)
    return {which: frozenset(ids) for which, ids in taken.items()}
