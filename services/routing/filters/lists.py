"""Lists of companies: the lead's has to be on none of those to leave out, and on one of those to
keep to. Several lists of one kind count as one."""

from collections.abc import Iterator, Sequence

from services.routing.filters.rows import (
    LEAVE,
    Check,
    Confirmation,
    Order,
    Remedy,
    Requirement,
    Words,
    first,
    refusal,
)
from shared.companies.domains import domains_of
from shared.companies.terms import terms_of_lead
from shared.contracts.campaigns import ListUse, PutCampaign
from shared.contracts.intake import LeadAccepted
from shared.loop.decision import Refused
from shared.matching.profiles import Listed


def companies_of(lead: LeadAccepted) -> frozenset[str]:
    """What a list may hold of the lead's company."""
    return terms_of_lead(
        lead.company.name, lead.company.domains, lead.person.email, lead.place.country
    )


def company_domains(lead: LeadAccepted) -> tuple[str, ...]:
    """By what leads of one company are counted."""
    return domains_of(lead.company.domains, lead.person.email)


def _suppressed_lists(order: Order) -> Iterator[Requirement]:
    return _lists("company_suppressed", order.definition.suppressed, order.tenant, expected=False)


def _approved_lists(order: Order) -> Iterator[Requirement]:
    return _lists("domain_not_approved", order.definition.approved, order.tenant, expected=True)


def _lists(
    check: str, uses: Sequence[ListUse], tenant: str, *, expected: bool
) -> Iterator[Requirement]:
    for strictness in ("strict", "preferred"):
        names = tuple(f"{tenant}/{use.list}" for use in uses if use.strictness == strictness)
        if names:
            yield strictness, Listed(check, "company", names, expected)


def _contradictions(command: PutCampaign) -> Iterator[Refused]:
    both = {use.list for use in command.suppressed} & {use.list for use in command.approved}
    if both:
        text = f"{', '.join(sorted(both))} is both approved and suppressed"
        yield refusal("lists_contradict", "suppressed", text)


ATTRIBUTES = (
    Words(
        "company",
        companies_of,
        lambda _criterion, lead, _subject: first(company_domains(lead)) or lead.company.name,
    ),
)

CONFIRMATION = Confirmation(
    "lists", "delivery", lambda campaign: bool(campaign.suppressed or campaign.approved)
)
CHECKS = (
    Check(
        "company_suppressed",
        ("suppressed",),
        _suppressed_lists,
        Remedy(
            "the company is on a suppression list", "customer", f"take it off the list; or {LEAVE}"
        ),
        _contradictions,
        CONFIRMATION,
    ),
    Check(
        "domain_not_approved",
        ("approved",),
        _approved_lists,
        Remedy(
            "the company is on none of the approved lists",
            "customer",
            f"put it on the list; or {LEAVE}",
        ),
    ),
)
