"""Campaigns' unsent leads, counted by check (RTE-10).

What campaigns answered to claims is counted as it changes. What keeps a lead from a campaign that
it never claimed is not stored, since each lead would pay for each campaign of its way: it is judged
when somebody asks, of some leads, which stand for all (decision 0048).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from services.routing.filters.routes import routes
from services.routing.fit.checks import MatchContext, failing_codes
from services.routing.fit.criteria import subjects
from services.routing.orders.campaigns import Campaign
from services.routing.person.leads import RoutedLead
from services.routing.queries.sampling import Sample
from services.routing.store import ANSWER_COUNTS, OF_CHECK, OF_STATE
from shared.loop import tally
from shared.matching.profiles import Subject
from shared.store import Store

LEADS_JUDGED = 1_000
"""Enough for shares that are right to three in a hundred, nineteen times in twenty."""
LEADS_JUDGED_MAX = 100_000
"""Shares that are right to three in a thousand, for ten seconds of the processor."""

Then = Callable[[Campaign, RoutedLead], tuple[Campaign, MatchContext] | None]
"""The version of a campaign that is held against a lead; None if there was none."""


@dataclass(slots=True)
class UnsentCount:
    """Of one campaign; exact where all its leads were looked at."""

    answered: Counter[str]
    """As `ANSWER_COUNTS` has them."""
    judged: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    looked_at: int = 0
    of: int = 0
    """So many leads came its ways, about."""

    @property
    def waiting(self) -> int:
        return self.answered[f"{OF_STATE}waiting"]

    @property
    def not_sent(self) -> int:
        return self.answered[f"{OF_STATE}not_sent"]

    @property
    def by_check(self) -> dict[str, int]:
        """A lead counts under each check that it fails."""
        counts = Counter(self.judged)
        counts.update(awaiting_send_day=self.waiting)
        for what, number in self.answered.items():
            if what.startswith(OF_CHECK):
                counts[what.removeprefix(OF_CHECK)] += number
        return {check: round(number) for check, number in counts.items() if number}

    def add(self, sample: Sample, counts: Counter[str]) -> None:
        """Of one more way; each lead of the sample stands for as many as it was taken from."""
        self.looked_at += sample.looked_at
        self.of += sample.of
        for check, number in counts.items():
            self.judged[check] += number * sample.of / sample.looked_at


async def count_unsent(
    store: Store, tenant: str, campaigns: Sequence[Campaign], then: Then, most: int
) -> Mapping[str, UnsentCount]:
    """By the campaign's id. About so many leads are looked at, evenly over all their ways."""
    found: dict[str, UnsentCount] = {}
    by_way: dict[str, list[Campaign]] = defaultdict(list)
    for campaign in campaigns:
        kept = await tally.read(store, ANSWER_COUNTS, tenant, campaign.name)
        found[campaign.id] = UnsentCount(kept[campaign.name])
        for way in routes(campaign.definition):
            by_way[way].append(campaign)
    left = most
    for done, (way, on_way) in enumerate(sorted(by_way.items())):
        sample = Sample(store, tenant, way, max(1, left // (len(by_way) - done)))
        counts = await _judge(sample, on_way, then)
        left = max(0, left - sample.looked_at)
        for campaign in on_way:
            found[campaign.id].add(sample, counts[campaign.id])
    return found


async def _judge(
    sample: Sample, campaigns: Sequence[Campaign], then: Then
) -> Mapping[str, Counter[str]]:
    """By the campaign's id, how many leads each check keeps away from it, of those in the sample
    that never claimed from it."""
    counts = {campaign.id: Counter[str]() for campaign in campaigns}
    async for lead in sample.leads():
        by_category = subjects(lead.lead)
        for campaign in campaigns:
            if lead.of(campaign.name) is None:
                codes = _codes(lead, then(campaign, lead), by_category)
                counts[campaign.id].update(codes)
    return counts


def _codes(
    lead: RoutedLead,
    then: tuple[Campaign, MatchContext] | None,
    by_category: Mapping[str, Subject],
) -> Collection[str]:
    if then is None:
        return ["campaign_unknown"]
    version, context = then
    return failing_codes(version, lead.accepted_at, context, by_category)
