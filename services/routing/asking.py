"""Questions that are answered by deciding again, without changing anything: why not, and what if.

It has catalogues of its own, since those of the loop belong to the step that is under way; so does
the store's session, so nothing is asked in a transaction.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.routing import campaigns, explaining, house, lists, reopening, sends
from services.routing.binding import profile, route_of
from services.routing.books import CampaignBook
from services.routing.campaigns import Campaign
from services.routing.catalogues import Catalogues
from services.routing.checklist import may_start
from services.routing.checks import House, Slot, decided, judged
from services.routing.contradictions import contradictions
from services.routing.explaining import Explanation
from services.routing.leads import RoutedLead
from services.routing.lists import Changed, CompanyList, ListPart
from services.routing.store import BLOCKS, BOOKS, LEADS, LISTS, PARTS, SENDS, VERSIONS, Memory
from shared.clock import Clock
from shared.contracts.campaigns import PutCampaign
from shared.contracts.lists import EditList, PutList
from shared.contracts.routing import CampaignOpened, Failing
from shared.loop.decision import Cause, Refused
from shared.matching.lists import Lists
from shared.store import Document, Filter, Sort, Store, Write

CLOSEST_TOLD_MAX = 20
LEADS_TOLD_MAX = 20


class _Committed:
    """Reads what is committed, in the place of a transaction. A store has one session: to begin one
    here would end the step that is under way, half of it written. Without a snapshot a change that
    comes in between is applied again with the next question, which changes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(
        self,
        collection: str,
        where: Filter,
        *,
        sort: Sort = (),
        limit: int = 0,
        fields: Sequence[str] = (),
    ) -> list[Document]:
        return await self._store.find(collection, where, sort=sort, limit=limit, fields=fields)

    async def write(self, collection: str, writes: Sequence[Write]) -> None:
        raise AssertionError("a question changes nothing")


class Asking:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._memory = Memory()
        self._refreshing = asyncio.Lock()

    async def catalogues(self) -> Catalogues:
        async with self._refreshing:
            await self._memory.refresh(_Committed(self._store))
        return self._memory.catalogues

    async def why_not(self, routed: RoutedLead, name: str | None) -> dict[str, Any]:
        """For one campaign, or for all that take leads of its way, with the closest misses."""
        known = await self.catalogues()
        on_route = known.on_route(routed.tenant, route_of(routed.lead))
        if name is not None:
            asked = known.campaigns.get(campaigns.stored_id(routed.tenant, name))
            chosen = [asked] if asked is not None else []
        else:
            chosen = on_route
        told = [await self._told(routed, campaign, known) for campaign in chosen]
        closest = [] if name is not None else self._closest(routed, known)
        return {"campaigns": told, "closest": closest}

    async def _told(
        self, routed: RoutedLead, campaign: Campaign, known: Catalogues
    ) -> dict[str, object]:
        then = await self._explained(routed, campaign, known)
        told = then.as_told(routed.lead)
        if then.campaign_version == campaign.number or then.state in ("sent", "granted"):
            return told
        now = explaining.of_version(campaign, await self._failing(routed, campaign, known))
        return told | {"now": now.as_told(routed.lead)}

    async def _explained(
        self, routed: RoutedLead, campaign: Campaign, known: Catalogues
    ) -> Explanation:
        if (asked := routed.of(campaign.name)) is not None:
            return explaining.of_asked(asked, campaign)
        if (behind := explaining.of_exclusive(routed, campaign)) is not None:
            return behind
        then = await self._version_of(campaign, routed.revision)
        if then is None:
            return explaining.of_version(campaign, [Failing(code="campaign_unknown")])
        return explaining.of_version(then, await self._failing(routed, then, known))

    async def _version_of(self, campaign: Campaign, revision: int) -> Campaign | None:
        """The version that was in force in a revision of the catalogue."""
        rows = await self._store.find(VERSIONS.name, {"campaign": campaign.id})
        kept = [VERSIONS.from_document(row) for row in rows]
        then = [version for version in kept if version.revision <= revision]
        return max(then, key=lambda version: version.campaign.number).campaign if then else None

    async def _failing(
        self, routed: RoutedLead, campaign: Campaign, known: Catalogues
    ) -> list[Failing]:
        """What a version says of the lead, and what the campaign's slots say as they are now."""
        wanted = profile(campaign, known.rules_of(campaign.tenant))
        measure = House(wanted, known.lists, known.account_of(campaign))
        lead, now = routed.lead, self._clock.now()
        slot = await self._slot(routed, campaign)
        return decided(campaign, lead, routed.accepted_at, measure, slot, now)[1]

    async def _slot(self, routed: RoutedLead, campaign: Campaign) -> Slot:
        tenant, person = routed.tenant, routed.person_id
        book = await self.book(campaign)
        sent = await self._one(SENDS, sends.send_id(tenant, campaign.name, person))
        block = await self._one(BLOCKS, house.stored_id(tenant, person))
        before = sent.status if sent is not None and sent.bars(routed.id) else None
        return Slot(book, before, await self._of_domain(routed, campaign), block)

    async def _of_domain(self, routed: RoutedLead, campaign: Campaign) -> int:
        domain = routed.lead.company.domain
        if campaign.definition.caps.per_domain is None or domain is None:
            return 0
        where = {"tenant": campaign.tenant, "campaign": campaign.name, "domain": domain}
        rows = await self._store.find(SENDS.name, where)
        return sum(SENDS.from_document(row).takes_slot for row in rows)

    async def book(self, campaign: Campaign) -> CampaignBook:
        found = await self._one(BOOKS, campaign.id)
        return found or CampaignBook(campaign.id, 0, campaign.tenant)

    async def _one(self, collection: Any, id: str) -> Any:  # noqa: A002
        rows = await self._store.find(collection.name, {"_id": id})
        return collection.from_document(rows[0]) if rows else None

    def _closest(self, routed: RoutedLead, known: Catalogues) -> list[dict[str, object]]:
        """Campaigns that one check keeps the lead from (RTE-10), whatever lead codes they carry;
        those that carry the lead's own come first, since there may be any number of others."""
        found = {
            campaign.name: explaining.of_version(campaign, [failing])
            for campaign, failing in known.one_away(routed.tenant, routed.lead, self._clock.now())
            if routed.of(campaign.name) is None
        }
        for asked in routed.asked:
            if asked.state == "refused" and len(asked.failing) == 1:
                found[asked.campaign] = explaining.of_asked(asked, None)
        nearest = sorted(found.values(), key=_is_near)
        return [each.as_told(routed.lead) for each in nearest[:CLOSEST_TOLD_MAX]]

    async def unsent(self, campaign: Campaign) -> Counter[str]:
        """The campaign's unsent leads, counted by check: what was answered, or follows now."""
        known = await self.catalogues()
        counts: Counter[str] = Counter()
        for opened in reopening.ways(campaign.definition):
            async for lead in self._leads(opened, campaign.tenant):
                counts.update(against(lead, campaign, known))
        return counts

    async def _leads(self, opened: CampaignOpened, tenant: str) -> AsyncIterator[RoutedLead]:
        while True:
            rows = await self._store.find(
                LEADS.name,
                reopening.where(opened, tenant),
                sort=[("_id", 1)],
                limit=reopening.PAGE,
            )
            for row in rows:
                yield LEADS.from_document(row)
            if len(rows) < reopening.PAGE:
                return
            opened = opened.model_copy(update={"after": rows[-1]["_id"]})

    async def preview_campaign(self, command: PutCampaign, tenant: str) -> dict[str, Any]:
        """Which leads the campaign would get if it were put like this."""
        known = await self.catalogues()
        before = known.campaigns.get(campaigns.stored_id(tenant, command.id))
        book = await self.book(before) if before else None
        against_it = contradictions(command, before, book, known.rules_of(tenant))
        if refused := next(against_it, None) or may_start(command):
            return {"refused": refused}
        number = before.number + 1 if before else 1
        now = self._clock.now()
        id = campaigns.stored_id(tenant, command.id)  # noqa: A001
        after = Campaign(id, 0, tenant, number, command, now, "preview")
        opened = reopening.opened(before.definition, command) if before else ()
        wanted = profile(after, known.rules_of(tenant))
        what_if = WhatIf(after, House(wanted, known.lists, known.account_of(after)))
        for each in opened:
            async for lead in self._leads(each, tenant):
                what_if.look_at(lead, self._clock)
        return {"campaigns": [what_if.as_told()]}

    async def preview_list(self, command: PutList | EditList, tenant: str) -> dict[str, Any]:
        """Which leads the campaigns that use the list would get if it were changed like this."""
        known = await self.catalogues()
        name = command.id if isinstance(command, PutList) else command.list
        changed, terms = await self._changed_list(command, tenant, name)
        if isinstance(changed.decision.answer, Refused):
            return {"refused": changed.decision.answer}
        told = []
        for campaign in known.users_of(tenant, name):
            changed_lists = await self._lists_of(campaign, {f"{tenant}/{name}": terms})
            wanted = profile(campaign, known.rules_of(tenant))
            what_if = WhatIf(campaign, House(wanted, changed_lists, known.account_of(campaign)))
            for opened in reopening.opened_by_list(changed, name, [campaign]):
                async for lead in self._leads(opened, tenant):
                    what_if.look_at(lead, self._clock)
            told.append(what_if.as_told())
        return {"campaigns": told}

    async def _changed_list(
        self, command: PutList | EditList, tenant: str, name: str
    ) -> tuple[Changed, frozenset[str]]:
        before = await self._one(LISTS, lists.stored_id(tenant, name))
        digests = [*(before.content.parts if before else ())]
        if isinstance(command, PutList):
            digests += command.parts
        parts = await self._parts(lists.stored_id(tenant, name), digests)
        now = self._clock.now()
        cause = Cause("preview", "preview", name, now, tenant)
        if isinstance(command, PutList):
            at_once = command.model_copy(update={"effective_from": None})
            changed = lists.put(at_once, before, parts, cause, now)
        else:
            changed = lists.edit(command, before, parts, cause, now)
        held = lists.terms_of(before.content, parts) if before else frozenset()
        return changed, (held - changed.removed) | changed.added

    async def _parts(self, list_id: str, digests: Iterable[str]) -> dict[str, ListPart]:
        ids = [lists.part_id(list_id, digest) for digest in digests]
        rows = await self._store.find(PARTS.name, {"_id": {"$in": ids}})
        return {row["_id"].rpartition("/")[2]: PARTS.from_document(row) for row in rows}

    async def _lists_of(self, campaign: Campaign, changed: Mapping[str, frozenset[str]]) -> Lists:
        """The lists that a campaign uses, some of them with other entries."""
        found = Lists()
        definition = campaign.definition
        for use in (*definition.suppressed, *definition.approved):
            id = lists.stored_id(campaign.tenant, use.list)  # noqa: A001
            list_: CompanyList | None = await self._one(LISTS, id)
            if id in changed:
                found.put(id, changed[id])
            elif list_ is not None:
                parts = await self._parts(id, list_.content.parts)
                found.put(id, lists.terms_of(list_.content, parts))
        return found


def _is_near(miss: Explanation) -> tuple[bool, str]:
    return miss.failing[0].code == "lead_code_other", miss.campaign


def against(lead: RoutedLead, campaign: Campaign, known: Catalogues) -> set[str]:
    """The checks that keep a lead from a campaign; none if it has got it, or may yet get it."""
    asked = lead.of(campaign.name)
    if asked is None:
        failing: Sequence[Failing] = known.judged(campaign, lead.lead, lead.accepted_at)[1]
    else:
        failing = asked.failing
    if asked is not None and asked.state == "waiting":
        return {"awaiting_send_day"}
    return {each.code for each in failing}


@dataclass(slots=True)
class WhatIf:
    """A campaign as it would be, and what became of the leads that it was shown."""

    campaign: Campaign
    house: House
    freed: dict[str, None] = field(default_factory=dict)
    staying: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    def look_at(self, lead: RoutedLead, clock: Clock) -> None:
        if lead.id in self.seen or not lead.is_open_to(self.campaign.name):
            return
        self.seen.add(lead.id)
        failing = judged(self.campaign, lead.lead, clock.now(), self.house)[1]
        if failing:
            self.staying.update({each.code for each in failing})
        else:
            self.freed[lead.id] = None

    def as_told(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign.name,
            "frees": len(self.freed),
            "looked_at": len(self.seen),
            "stay_unsent": dict(self.staying),
            "leads": list(self.freed)[:LEADS_TOLD_MAX],
        }
