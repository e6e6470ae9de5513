"""Does a campaign want a lead, and if not, why: all checks, none short-circuited (RTE-09).

What a campaign's version and the policy decide is in `failing`; what only its shard can know, in
`failing_slot`. A lead matches if nothing fails.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.routing.filters.lists import company_domains
from services.routing.filters.numbers import in_words
from services.routing.filters.registry import attribute_of
from services.routing.filters.rows import Number, first
from services.routing.fit.criteria import subjects
from services.routing.orders.campaigns import Campaign
from services.routing.orders.capacity import Capacity, counters_of, full
from services.routing.orders.policy import Account, Block
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import Failing
from shared.matching.lists import Lists
from shared.matching.profiles import (
    Criterion,
    Listed,
    Profile,
    Subject,
    Terms,
    Within,
    explain,
)

EXPECTED_MAX = 50
"""So many are told of what is wanted: a campaign has room for more than an event takes."""

OVERRIDABLE = frozenset({"awaiting_send_day", "title_suppressed"})
"""What an operator may send through by hand (RTE-14)."""


@dataclass(frozen=True, slots=True)
class MatchContext:
    """What a campaign wants under the policy's rules, and what it is judged with."""

    required: Profile
    lists: Lists
    account: Account | None = None
    """The customer's."""


def evaluate(
    campaign: Campaign, lead: LeadAccepted, at: datetime, context: MatchContext
) -> tuple[str, list[Failing]]:
    """The category that the lead is for, and every failing check, in the order of RTE-09; `at` is
    the time of the fact. Of a lead with several categories, the one that comes closest."""
    return min(_by_category(campaign, lead, at, context), key=lambda each: len(each[1]))


def failing_codes(
    campaign: Campaign, at: datetime, context: MatchContext, by_category: Mapping[str, Subject]
) -> set[str]:
    """The codes that `evaluate` finds, of a lead's `subjects`: for many leads and campaigns, since
    putting into words what fails takes most of its time."""
    closest = min(
        (explain(context.required, subject, context.lists) for subject in by_category.values()),
        key=len,
    )
    always = standing(campaign, at, context.account)
    return {each.code for each in always} | {each.check for each in closest}


def _by_category(
    campaign: Campaign, lead: LeadAccepted, at: datetime, context: MatchContext
) -> list[tuple[str, list[Failing]]]:
    always = standing(campaign, at, context.account)
    return [
        (category, [*always, *_criteria(context.required, lead, subject, context.lists)])
        for category, subject in subjects(lead).items()
    ]


def standing(campaign: Campaign, at: datetime, account: Account | None) -> list[Failing]:
    """What fails whatever the lead is."""
    return [*_inactive(campaign, at), *_check_account(account)]


def _inactive(campaign: Campaign, at: datetime) -> Iterator[Failing]:
    definition = campaign.definition
    if definition.status != "active":
        yield Failing(code="campaign_inactive", value=definition.status, expected=("active",))
        return
    first, last = definition.active.first, definition.active.last
    if first is None and last is None:
        return
    day = campaign.local_day(at)
    if (first and day < first) or (last and day > last):
        span = f"{first or ''}/{last or ''}"
        yield Failing(code="campaign_inactive", value=day.isoformat(), expected=(span,))


def _check_account(account: Account | None) -> Iterator[Failing]:
    if account is not None and account.is_suspended:
        yield Failing(code="account_suspended", value=account.customer, rule=account.why_suspended)


def _criteria(
    required: Profile, lead: LeadAccepted, subject: Subject, lists: Lists
) -> Iterator[Failing]:
    for criterion in explain(required, subject, lists):
        yield describe(criterion, lead, subject, lists)


def describe(criterion: Criterion, lead: LeadAccepted, subject: Subject, lists: Lists) -> Failing:
    """A failing criterion in the words of people: what the lead has, and what is wanted."""
    attribute = attribute_of(criterion.attribute)
    value = attribute.shown(criterion, lead, subject)
    match criterion:
        case Within(check, name, spans):
            expected = tuple(in_words(span, name) for span in spans[:EXPECTED_MAX])
            return Failing(code=check, value=value, expected=expected)
        case Listed(check, name, names):
            terms = sorted(subject.terms[name])
            hit = [(name, term) for name in names for term in terms if lists.has(name, [term])]
            is_known_by = hit[0][1].partition(":")[2] if hit else value
            rule = _list(hit[0][0]) if hit else None
            expected = tuple(map(_list, names[:EXPECTED_MAX]))
            return Failing(code=check, value=is_known_by, expected=expected, rule=rule)
        case Terms(check, name, allowed, excluded):
            assert not isinstance(attribute, Number)
            hits = subject.terms.get(name, frozenset()) & excluded - {check}
            names = tuple(sorted(map(attribute.expected, allowed or ())))
            rule = first(sorted(hits)) or attribute.rule(criterion)
            return Failing(code=check, value=value, expected=names[:EXPECTED_MAX], rule=rule)


def _list(id: str) -> str:  # noqa: A002
    return id.partition("/")[2]


@dataclass(frozen=True, slots=True)
class CampaignView:
    """What the campaign's shard knows about a lead and itself."""

    capacity: Capacity | None
    sent_before: str | None = None
    """How the send of this person stands, if there was one."""
    of_domain: int = 0
    """Sends to a domain of the lead's company, in all."""
    block: Block | None = None


def evaluate_in_view(
    campaign: Campaign,
    lead: LeadAccepted,
    at: datetime,
    context: MatchContext,
    view: CampaignView,
    now: datetime,
    overridden: Collection[str] = (),
) -> tuple[str, list[Failing]]:
    """All checks together. Of a lead with several categories the one that comes closest, and of
    those one that has room."""
    judged = [
        (
            category,
            without(failing, overridden),
            failing_in_view(campaign, lead, category, view, now),
        )
        for category, failing in _by_category(campaign, lead, at, context)
    ]
    category, failing, further = min(judged, key=lambda each: (len(each[1]), len(each[2])))
    return category, failing + further


def failing_in_view(
    campaign: Campaign, lead: LeadAccepted, category: str, view: CampaignView, now: datetime
) -> list[Failing]:
    """The checks on what has been sent: to this person, to its company, and how much in all."""
    return list(_failing_in_view(campaign, lead, category, view, now))


def _failing_in_view(
    campaign: Campaign, lead: LeadAccepted, category: str, view: CampaignView, now: datetime
) -> Iterator[Failing]:
    customer, limit = campaign.definition.customer, campaign.definition.caps.per_domain
    if view.block is not None and (hit := view.block.hits(customer)):
        yield Failing(code="person_blocked", rule=hit)
    if view.sent_before is not None:
        yield Failing(code="already_sent", value=view.sent_before)
    if limit is not None and view.of_domain >= limit and (domains := company_domains(lead)):
        count, expected = str(view.of_domain), (str(limit),)
        yield Failing(code="domain_cap", value=count, expected=expected, rule=domains[0])
    yield from full(campaign, view.capacity, counters_of(campaign, lead, category, now))


def without(failing: Sequence[Failing], codes: Iterable[str]) -> list[Failing]:
    return [each for each in failing if each.code not in codes]
