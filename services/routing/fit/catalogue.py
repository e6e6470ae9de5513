"""What every replica has in memory to decide fast: campaigns, lists, the policy's rules, accounts.

It only finds candidates early. Exactness is the campaign's shard's, which decides on the stored
campaign.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.routing.filters.categories import PARTITION
from services.routing.filters.routes import routes
from services.routing.fit.checks import MatchContext, describe, evaluate, standing
from services.routing.fit.criteria import preferences, profile, subjects
from services.routing.orders.campaigns import Campaign
from services.routing.orders.lists import CompanyList, ListPart
from services.routing.orders.policy import Account, Rules, no_rules
from shared.contracts.campaigns import ListUse, PutCampaign
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import Failing
from shared.loop.working_set import ById, ref_by_name
from shared.matching.lists import Lists
from shared.matching.matcher import Matcher
from shared.matching.profiles import Profile, Subject, explain


@dataclass(frozen=True, slots=True)
class Match:
    """A campaign that wants a lead, and for which of the lead's categories."""

    campaign: Campaign
    category: str
    rank: int
    """How many preferred filters and lists the lead misses."""

    @property
    def amount(self) -> int | None:
        """How many leads of the category were ordered."""
        return self.campaign.amounts.get(self.category)


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a campaign wants and what it would like."""

    of: tuple[int, int, int]
    """The campaign's version and its document's, and that of the policy's rules."""
    required: Profile
    preferred: Profile


class Catalogues:
    def __init__(self) -> None:
        self.campaigns: ById[Campaign] = ById()
        self.rules: ById[Rules] = ById()
        self.accounts: ById[Account] = ById()
        self.lists = Lists()
        self.stale: dict[str, CompanyList] = {}
        """Lists whose content is to be loaded before the next decision."""
        self._listed: set[str] = set()
        self._outdated: set[str] = set()
        self._matchers: dict[str, Matcher] = {}
        self._profiles: dict[str, Compiled] = {}
        self._filed: dict[tuple[str, str, str], set[str]] = defaultdict(set)

    def apply_campaigns(self, changed: Sequence[Campaign]) -> None:
        for campaign in changed:
            self._file(campaign)
        self.campaigns.apply(changed)
        for tenant in {campaign.tenant for campaign in changed}:
            self._compile(tenant, [campaign for campaign in changed if campaign.tenant == tenant])

    def apply_rules(self, changed: Sequence[Rules]) -> None:
        for rules in changed:
            before = self.rules_of(rules.tenant)
            self.rules.apply([rules])
            if before.suppressed_titles != rules.suppressed_titles and self._matchers:
                self._outdated.add(rules.tenant)

    def outdated_campaigns(self) -> list[tuple[str, list[Campaign]]]:
        """By tenant, the campaigns that want something else since the policy's rules changed."""
        return [(tenant, self.following_policy_titles(tenant)) for tenant in sorted(self._outdated)]

    def recompile(self, tenant: str, campaigns: Sequence[Campaign]) -> None:
        self._compile(tenant, campaigns)
        self._outdated.discard(tenant)

    def apply_lists(self, changed: Sequence[CompanyList]) -> None:
        self.stale |= {each.id: each for each in changed}
        self._listed |= {each.id for each in changed}

    def fill_list(self, name: str, parts: Iterable[ListPart]) -> None:
        self.lists.put(name, (term for part in parts for term in part.comparison_terms))
        self.stale.pop(name, None)

    def _file(self, campaign: Campaign) -> None:
        """Under what it is looked up by."""
        before = self.campaigns.get(campaign.id)
        for name in _filed_under(before) if before else ():
            self._filed[name].discard(campaign.id)
        for name in _filed_under(campaign):
            self._filed[name].add(campaign.id)

    def _of_file(self, name: tuple[str, str, str]) -> list[Campaign]:
        found = map(self.campaigns.get, sorted(self._filed.get(name, ())))
        return [campaign for campaign in found if campaign is not None]

    def _compile(self, tenant: str, campaigns: Iterable[Campaign]) -> None:
        matcher = self._matchers.setdefault(tenant, Matcher(self.lists, PARTITION))
        matcher.replace(self._compile_one(campaign).required for campaign in campaigns)

    def _compile_one(self, campaign: Campaign) -> Compiled:
        """Only what is stored is remembered: a step that is aborted must leave nothing behind."""
        rules = self.rules_of(campaign.tenant)
        bound, of = (
            self._profiles.get(campaign.id),
            (campaign.number, campaign.version, rules.number),
        )
        if bound is not None and bound.of == of:
            return bound
        bound = Compiled(of, profile(campaign, rules), preferences(campaign, rules))
        stored = self.campaigns.get(campaign.id)
        if stored is not None and (stored.number, stored.version) == of[:2]:
            self._profiles[campaign.id] = bound
        return bound

    def of_tenant(self, tenant: str) -> list[Campaign]:
        return self._of_file((tenant, "all", ""))

    def rules_of(self, tenant: str) -> Rules:
        none = no_rules(tenant)
        return self.rules.get(none.id) or none

    def account_of(self, campaign: Campaign) -> Account | None:
        return self.accounts.get(
            ref_by_name(Account, campaign.tenant, campaign.definition.customer).id
        )

    def context_of(self, campaign: Campaign) -> MatchContext:
        required = self._compile_one(campaign).required
        return MatchContext(required, self.lists, self.account_of(campaign))

    def matches(self, tenant: str, lead: LeadAccepted, at: datetime) -> list[Match]:
        """Those for which nothing fails, as far as it can be known here, by priority."""
        matcher = self._matchers.get(tenant)
        if matcher is None:
            return []
        found: dict[str, Match] = {}
        for category, subject in subjects(lead).items():
            for id in matcher.match(subject):  # noqa: A001
                campaign = self.campaigns.get(id)
                if id in found or campaign is None:
                    continue
                if not standing(campaign, at, self.account_of(campaign)):
                    found[id] = Match(campaign, category, self._rank(campaign, subject))
        return sorted(
            found.values(), key=lambda each: (each.campaign.definition.priority, each.campaign.id)
        )

    def rank(self, campaign: Campaign, lead: LeadAccepted, category: str) -> int:
        """How many preferred filters and lists the lead misses."""
        return self._rank(campaign, subjects(lead)[category])

    def _rank(self, campaign: Campaign, subject: Subject) -> int:
        preferred = self._compile_one(campaign).preferred
        return len(explain(preferred, subject, self.lists)) if preferred.criteria else 0

    def on_route(self, tenant: str, route: str) -> list[Campaign]:
        """The campaigns that take leads that come this way, whatever else they want of them."""
        return self._of_file((tenant, "route", route))

    def one_away(
        self, tenant: str, lead: LeadAccepted, at: datetime
    ) -> list[tuple[Campaign, Failing]]:
        """The campaigns that a single check keeps the lead from, as far as it is known here."""
        matcher = self._matchers.get(tenant)
        found: dict[str, tuple[Campaign, Failing]] = {}
        for subject in subjects(lead).values():
            for id, criterion in matcher.one_away(subject) if matcher else ():  # noqa: A001
                campaign = self.campaigns.get(id)
                if campaign is not None and not standing(campaign, at, self.account_of(campaign)):
                    found[id] = (campaign, describe(criterion, lead, subject, self.lists))
        return list(found.values())

    def evaluate(
        self, campaign: Campaign, lead: LeadAccepted, at: datetime
    ) -> tuple[str, list[Failing]]:
        return evaluate(campaign, lead, at, self.context_of(campaign))

    def users_of(self, tenant: str, list_name: str) -> list[Campaign]:
        return self._of_file((tenant, "list", list_name))

    def following_policy_titles(self, tenant: str) -> list[Campaign]:
        return [campaign for campaign in self.of_tenant(tenant) if campaign.follows_policy_titles]

    def missing_lists(self, tenant: str, campaign: PutCampaign) -> Iterable[str]:
        """A list may come after the campaigns that use it, but it should be seen that it has to."""
        for use in _uses(campaign):
            if ref_by_name(CompanyList, tenant, use.list).id not in self._listed:
                yield f"there is no list {use.list} yet: it counts as empty"


def _filed_under(campaign: Campaign) -> Iterator[tuple[str, str, str]]:
    tenant = campaign.tenant
    yield tenant, "all", ""
    for route in routes(campaign.definition):
        yield tenant, "route", route
    for use in _uses(campaign.definition):
        yield tenant, "list", use.list


def _uses(campaign: PutCampaign) -> Iterable[ListUse]:
    return (*campaign.suppressed, *campaign.approved)
