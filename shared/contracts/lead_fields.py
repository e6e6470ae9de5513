"""A lead's fields: what leadops calls them, how an affiliate's own are mapped to them, and what is
read of them. The three stand together, since a new field is a new line in each.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints

from shared.contracts.values import Id, Part, Symbol, TimeZone
from shared.money import CURRENCIES

CanonicalField = Literal[
    "email",
    "first_name",
    "last_name",
    "phone",
    "job_title",
    "company_name",
    "company_domain",
    "company_size",
    "company_revenue",
    "industry",
    "country",
    "subdivision",
    "category",
    "lead_code",
    "consent",
    "reference",
    "captured_at",
]
"""What leadops calls a field of a lead."""


def _in_use(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("not a currency of ISO 4217")
    return code


Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(_in_use)]
"""ISO 4217, three letters."""


class Mapping(Part):
    """How the affiliate names and formats its fields (INT-02)."""

    fields: dict[CanonicalField, Id]
    """By canonical field, the affiliate's own; the email's has to be there."""
    answers: dict[Symbol, Id] = {}
    """By the symbol of the question, the affiliate's own field."""
    vocabularies: dict[CanonicalField, dict[str, str]] = {}
    """By field, what the affiliate writes and what it means."""
    mandatory: tuple[CanonicalField, ...] = ()
    """Beside email, lead code and category, which every lead needs."""
    date_order: Literal["mdy", "dmy"] | None = None
    """Without it a date such as 03/04/2026 stays unknown."""
    time_zone: TimeZone = "UTC"
    """Of times without an offset."""
    currency: Currency | None = None
    """Of amounts that name none, or a sign of several currencies, such as `$`. Without it the first
    stay unknown, and `$` is USD."""


@dataclass(frozen=True, slots=True)
class Place:
    country: str | None = None
    subdivision: str | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """The number of employees as an interval; without `max` it is open above."""

    min: int
    max: int | None = None


@dataclass(frozen=True, slots=True)
class Revenue:
    """Of a year, as an interval in whole units of its currency; without `max` it is open above."""

    currency: Currency
    min: int
    max: int | None = None


@dataclass(frozen=True, slots=True)
class Company:
    name: str | None = None
    domain: str | None = None
    size: Size | None = None
    industry: str | None = None
    industries: tuple[str, ...] = ()
    """The industry and what lies above it, nearest first."""
    revenue: Revenue | None = None
    other_domains: tuple[str, ...] = ()
    """Of further websites that it has: they count as the first does."""

    @property
    def domains(self) -> tuple[str, ...]:
        return (self.domain, *self.other_domains) if self.domain else self.other_domains


SENIORITIES = (
    "unpaid",
    "training",
    "entry",
    "senior",
    "manager",
    "director",
    "vp",
    "cxo",
    "partner",
    "owner",
)
"""The levels of job titles, as LinkedIn has them."""
FUNCTIONS = (
    "accounting",
    "administrative",
    "arts_and_design",
    "business_development",
    "community_and_social_services",
    "consulting",
    "customer_success_and_support",
    "education",
    "engineering",
    "entrepreneurship",
    "finance",
    "healthcare_services",
    "human_resources",
    "information_technology",
    "legal",
    "marketing",
    "media_and_communication",
    "military_and_protective_services",
    "operations",
    "product_management",
    "program_and_project_management",
    "purchasing",
    "quality_assurance",
    "real_estate",
    "research",
    "sales",
)
"""What the people with a job title do, as LinkedIn has it."""


@dataclass(frozen=True, slots=True)
class TitleClass:
    """Out of `SENIORITIES` and `FUNCTIONS`; null where nobody can tell."""

    seniority: str | None = None
    function: str | None = None
    rule: str = ""
    """The words that decided; empty where nothing did."""


@dataclass(frozen=True, slots=True)
class Person:
    """All personal fields of a lead, and the only place for them."""

    email: str | None
    """Null of who is known by the phone alone (INT-15); an accepted lead has one."""
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    job_title: str | None = None
