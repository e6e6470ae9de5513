"""What is counted of a lead's company: it has to lie in one of the campaign's intervals (RTE-02).

What an affiliate tells is an interval itself, so a number may be in, out, or unknown where it lies
partly outside; the campaign says what becomes of that.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from services.routing.filters.rows import (
    CHANGE,
    REUPLOAD,
    UNIT,
    Check,
    Confirmation,
    Number,
    Order,
    Remedy,
    Requirement,
    Shown,
    first,
    refusal,
)
from shared.contracts.campaigns import PutCampaign, RevenueFilter, SizeFilter
from shared.contracts.intake import LeadAccepted
from shared.loop.decision import Refused
from shared.matching.profiles import Span, Within


def in_words(span: Span, attribute: str) -> str:
    """With its unit, if the attribute's name has one."""
    unit = attribute.partition(UNIT)[2]
    if not unit:
        return f"{span.min}+" if span.max is None else f"{span.min}-{span.max}"
    interval = f"{span.min:,}+" if span.max is None else f"{span.min:,}-{span.max:,}"
    return f"{interval} {unit}"


def _size(lead: LeadAccepted) -> dict[str, Span]:
    size = lead.company.size
    return {"company_size": Span(size.min, size.max)} if size else {}


def _revenue(lead: LeadAccepted) -> dict[str, Span]:
    """In its own currency only: in every other one it is unknown."""
    revenue = lead.company.revenue
    if revenue is None:
        return {}
    return {f"company_revenue{UNIT}{revenue.currency}": Span(revenue.min, revenue.max)}


def _first_span_text(of: Callable[[LeadAccepted], Mapping[str, Span]]) -> Shown:
    return lambda _criterion, lead, _subject: first(
        in_words(span, name) for name, span in of(lead).items()
    )


@dataclass(frozen=True, slots=True)
class Counted:
    """A filter by intervals."""

    name: str
    """The campaign's field, and the attribute."""
    limits_of: Callable[[PutCampaign], SizeFilter | RevenueFilter | None]

    def requirements(self, order: Order) -> Iterator[Requirement]:
        if limits := self.limits_of(order.definition):
            unit = f"{UNIT}{limits.currency}" if isinstance(limits, RevenueFilter) else ""
            spans = tuple(Span(interval.min, interval.max) for interval in limits.intervals)
            may_be_unknown = limits.unknown == "accept"
            yield (
                limits.strictness,
                Within(f"filter.{self.name}", f"{self.name}{unit}", spans, may_be_unknown),
            )

    def contradictions(self, definition: PutCampaign) -> Iterator[Refused]:
        limits = self.limits_of(definition)
        for interval in limits.intervals if limits else ():
            if interval.max is not None and interval.max < interval.min:
                text = f"{interval.min} to {interval.max} is no interval"
                yield refusal("sizes_contradict", f"{self.name}.intervals", text)


SIZE = Counted("company_size", lambda campaign: campaign.company_size)
REVENUE = Counted("company_revenue", lambda campaign: campaign.company_revenue)

ATTRIBUTES = (
    Number("company_size", _size, _first_span_text(_size)),
    Number("company_revenue", _revenue, _first_span_text(_revenue)),
)

CHECKS = (
    Check(
        "filter.company_size",
        ("company_size",),
        SIZE.requirements,
        Remedy(
            "the company's size is not wanted, or not known well enough",
            "customer",
            f"{CHANGE}: its company sizes; or {REUPLOAD} with the size",
        ),
        SIZE.contradictions,
        Confirmation(
            "company_size", "customer_success", lambda campaign: campaign.company_size is not None
        ),
    ),
    Check(
        "filter.company_revenue",
        ("company_revenue",),
        REVENUE.requirements,
        Remedy(
            "the company's revenue is not wanted, or not known well enough in that currency",
            "customer",
            f"{CHANGE}: its company revenues; or {REUPLOAD} with the revenue and its currency",
        ),
        REVENUE.contradictions,
    ),
)
