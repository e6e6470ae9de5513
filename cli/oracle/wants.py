"""Does a campaign want a lead? Judged anew, from the events and from what was put, by code that
shares nothing with the services', so that both would have to be wrong in the same way."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cli.oracle.evidence import Document as Row
from cli.oracle.evidence import Policy, fold

LEGAL_FORMS = {"ltd", "gmbh", "inc", "sa"}
"""Those that the sample has."""


@dataclass(frozen=True, slots=True)
class Judge:
    policy: Policy
    lists: Mapping[str, Sequence[str]]
    is_listed: dict[tuple[str, frozenset[str], str], bool] = field(default_factory=dict)
    """Kept, since the same companies are asked about again and again."""

    def codes(self, campaign: Row, lead: Row) -> set[str]:
        """All that keeps the lead away, of its category that comes closest."""
        always = set(self._always(campaign, lead))
        by_category = [
            always | set(of_category(campaign, category))
            for category in lead["categories"] or [lead["category"]]
        ]
        return min(by_category, key=len)

    def _always(self, campaign: Row, lead: Row) -> Iterator[str]:
        if campaign["status"] != "active":
            yield "campaign_inactive"
        if not is_on_route(campaign, lead):
            yield "lead_code_other"
        yield from of_filters(campaign, lead)
        yield from of_answers(campaign, lead)
        suppressed = campaign["suppressed_titles"] or self.policy.suppressed_titles
        if is_suppressed(suppressed, lead):
            yield "title_suppressed"
        if self._is_on(strict(campaign["suppressed"]), lead):
            yield "company_suppressed"
        approved = strict(campaign["approved"])
        if approved and not self._is_on(approved, lead):
            yield "domain_not_approved"

    def _is_on(self, names: Iterable[str], lead: Row) -> bool:
        company, domains = lead["company"]["name"] or "", domains_of(lead)
        return any(self._has(name, domains, company) for name in names)

    def _has(self, name: str, domains: frozenset[str], company: str) -> bool:
        key = (name, domains, company)
        if key not in self.is_listed:
            entries = self.lists[name]
            names = map(plain_name, (entry for entry in entries if "." not in entry))
            self.is_listed[key] = not domains.isdisjoint(entries) or plain_name(company) in names
        return self.is_listed[key]

    def is_exclusive(self, lead: Row) -> bool:
        return lead["lead_code"] in self.policy.exclusive_lead_codes


def domains_of(lead: Row) -> frozenset[str]:
    """Of the website and of the email: the sample has business emails only."""
    company, email = lead["company"], lead["person"]["email"]
    found = (company["domain"], *company.get("other_domains", ()), email.rpartition("@")[2])
    return frozenset(domain for domain in found if domain)


def is_on_route(campaign: Row, lead: Row) -> bool:
    if lead["source"] == "organic":
        return bool(campaign["organic"])
    return lead["lead_code"] in campaign["lead_codes"]


def of_category(campaign: Row, category: str) -> Iterator[str]:
    if campaign["open_categories"] is not None and category not in campaign["open_categories"]:
        yield "category_closed"
    ordered = [each["id"] for each in campaign["categories"]]
    if ordered and category not in ordered:
        yield "category_not_as_ordered"


def of_filters(campaign: Row, lead: Row) -> Iterator[str]:
    company, title = lead["company"], lead["title_class"]
    if not place_fits(campaign, lead["place"]):
        yield "filter.place"
    yield from of_numbers(campaign, company)
    found = {
        "industries": ("filter.industry", set(company["industries"])),
        "seniorities": ("filter.seniority", {title["seniority"]}),
        "functions": ("filter.function", {title["function"]}),
    }
    for name, (code, values) in found.items():
        if not choice_fits(campaign[name], values):
            yield code
    titles = campaign["titles"]
    if titles and titles["strictness"] == "strict":
        allowed, excluded = titles["allowed"], titles["excluded"]
        if has_phrase(lead, excluded) or (allowed and not has_phrase(lead, allowed)):
            yield "filter.title"


def place_fits(campaign: Row, place: Row) -> bool:
    if campaign["places_strictness"] != "strict":
        return True
    is_allowed = not campaign["places"] or is_in(place, campaign["places"])
    return is_allowed and not is_in(place, campaign["excluded_places"])


def is_in(place: Row, places: Iterable[Row]) -> bool:
    return any(
        place["country"] == each["country"]
        if each["subdivisions"] is None
        else place["subdivision"] in each["subdivisions"]
        for each in places
    )


def of_numbers(campaign: Row, company: Row) -> Iterator[str]:
    """What a campaign wants in intervals is told of the company under the same name."""
    filters = (each for each in campaign.items() if isinstance(each[1], Mapping))
    for name, limits in filters:
        has = company.get(name.removeprefix("company_"))
        if "intervals" in limits and not number_fits(limits, has):
            yield f"filter.{name}"


def number_fits(limits: Row, found: Row | None) -> bool:
    """What lies in one of the intervals fits; what is unknown, or in another unit, or lies partly
    outside, may."""
    if limits["strictness"] != "strict":
        return True
    units = limits.keys() - {"intervals", "unknown", "strictness"}
    if found is None or any(found[unit] != limits[unit] for unit in units):
        return bool(limits["unknown"] == "accept")
    intervals = [(each["min"], top(each)) for each in limits["intervals"]]
    low, high = found["min"], top(found)
    if any(least <= low and high <= most for least, most in intervals):
        return True
    touches = any(low <= most and least <= high for least, most in intervals)
    return touches and bool(limits["unknown"] == "accept")


def top(interval: Row) -> float:
    return float("inf") if interval["max"] is None else float(interval["max"])


def choice_fits(choice: Row | None, values: set[str | None]) -> bool:
    if choice is None or choice["strictness"] != "strict":
        return True
    is_allowed = not choice["allowed"] or bool(values & set(choice["allowed"]))
    return is_allowed and not values & set(choice["excluded"])


def of_answers(campaign: Row, lead: Row) -> Iterator[str]:
    if campaign["smarter"] is None:
        return
    if lead["unanswered"]:
        yield "smarter_missing"
    yield from {reason["code"] for reason in lead["reported"]}
    for symbol, allowed in campaign["smarter"]["allowed"].items():
        if fold(lead["answers"].get(symbol, "")) not in map(fold, allowed):
            yield "smarter_answer_not_wanted"


def is_suppressed(titles: Row, lead: Row) -> bool:
    is_of_function = lead["title_class"]["function"] in titles["functions"]
    return is_of_function or has_phrase(lead, titles["phrases"])


def has_phrase(lead: Row, phrases: Iterable[str]) -> bool:
    title = f" {plain(lead['person']['job_title'] or '')} "
    return any(f" {plain(phrase)} " in title for phrase in phrases)


def strict(uses: Iterable[Row]) -> list[str]:
    return [use["list"] for use in uses if use["strictness"] == "strict"]


def plain_name(name: str) -> str:
    words = plain(name.replace(".", "")).split()
    return " ".join(words[:-1] if words[-1:] and words[-1] in LEGAL_FORMS else words)


def plain(text: str) -> str:
    spelt = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"[a-z0-9]+", "".join(filter(str.isascii, spelt))))
