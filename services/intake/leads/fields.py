"""What leadops reads from records, field by field: the one table of canonical fields.

A row says what is read of the text in a field, whether that means anything, and how people are told
of it. Reading, what every lead needs, what is told before a file is imported and the page of fields
go over the rows, in the order of `CanonicalField`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from services.intake.catalogue.affiliates import Affiliate
from services.intake.reading import titles
from services.intake.reading.industries import industry
from services.intake.reading.phones import phone
from services.intake.reading.revenues import revenue
from services.intake.reading.sizes import size
from services.intake.reading.timestamps import instant
from shared.companies.domains import website
from shared.contracts.lead_fields import CanonicalField, Place, Revenue, Size, TitleClass
from shared.contracts.values import Reason, category_id
from shared.emails import email_address
from shared.refusals import is_no

TEXT = "text"
NOT_UNDERSTOOD = "is not in a known format"
NO_CALLING_CODE = "has no calling code, and the country is not known"
NO_COUNTRY = "means nothing without a country that is known"
NO_DIGIT = re.compile(r"\D")
DIGITS_MIN = 5
"""Of what may be somebody's number."""
ORDERS = {"dmy": ", the day before the month", "mdy": ", the month before the day", None: ""}


class Beside(NamedTuple):
    """What a field may be read with: the other fields, and whose record it is."""

    texts: Mapping[str, str]
    affiliate: Affiliate
    place: Place
    lead_code: str | None
    """What the upload as a whole was declared with."""


Values = Mapping[str, Any]
"""By field, what was read of it."""


def _text(written: str) -> str | None:
    return written or None


def _consent(written: str) -> str | None:
    """A reference; whoever has refused it gives none."""
    return None if not written or is_no(written) else written


def _nothing_more(_values: Values, _affiliate: Affiliate) -> str:
    return ""


def _not_understood(_written: str, _beside: Beside) -> str:
    return NOT_UNDERSTOOD


def _not_dialled(written: str, beside: Beside) -> str:
    """A number that some country has is not to blame."""
    is_national = beside.place.country is None and len(NO_DIGIT.sub("", written)) >= DIGITS_MIN
    return NO_CALLING_CODE if is_national and not written.startswith("+") else NOT_UNDERSTOOD


def _no_subdivision(_written: str, beside: Beside) -> str:
    country = beside.place.country
    return f"is no known subdivision of {country}" if country else NO_COUNTRY


@dataclass(frozen=True, slots=True)
class Field:
    name: CanonicalField
    reads: Callable[[str], Any] = _text
    """The text of the field, which may be blank, to its value."""
    reads_beside: Callable[[str, Beside], Any] | None = None
    """In its place, where the other fields or the affiliate's mapping matter."""
    is_understood: Callable[[Any, Affiliate], bool] | None = None
    """Whether its value means anything, to anybody or to this affiliate; none means nothing."""
    unknown: Reason | None = None
    """If it is not understood, what any lead is unusable with, whoever delivers it."""
    is_needed: bool = False
    """By every lead."""
    may_be_unclear: bool = False
    """An affiliate that must deliver it has, even if nobody understands it."""
    is_whole: bool = False
    """A whole number is the same with and without decimals; a name keeps what it ends with."""
    shown: Callable[[Any], str] | None = None
    """The value, as people are told it; without it, what is written."""
    rule: str = TEXT
    """As what it is read."""
    detail: Callable[[Values, Affiliate], str] = _nothing_more
    """Behind the rule, what this record or mapping adds to it."""
    why: Callable[[str, Beside], str] = _not_understood
    """Of a text that is not understood, which may lie in what stands beside it."""


def _band(found: Size) -> str:
    return f"{found.min}+" if found.max is None else f"{found.min}-{found.max}"


def _amounts(found: Revenue) -> str:
    interval = f"{found.min:,}+" if found.max is None else f"{found.min:,}-{found.max:,}"
    return f"{interval} {found.currency}"


def _usual_currency(_values: Values, affiliate: Affiliate) -> str:
    currency = affiliate.definition.mapping.currency
    return f", in {currency} if it names no currency" if currency else ""


def _dialled_in(values: Values, _affiliate: Affiliate) -> str:
    return f" as it is dialled in {values['country']}" if values["country"] else ""


def _title_words(values: Values, _affiliate: Affiliate) -> str:
    found: TitleClass = values["job_title"]
    meant = ", ".join(filter(None, (found.seniority, found.function)))
    return f": {meant} by {found.rule!r}" if meant else ""


def _zone_and_order(_values: Values, affiliate: Affiliate) -> str:
    mapping = affiliate.definition.mapping
    return f", in {mapping.time_zone} if it names no zone{ORDERS[mapping.date_order]}"


def _capture_time(written: str, beside: Beside) -> datetime | None:
    return instant(written, beside.affiliate.definition.mapping.date_order, beside.affiliate.zone)


FIELDS: tuple[Field, ...] = (
    Field(
        "email",
        email_address,
        unknown=Reason("email_invalid", "the email address is not one", "email"),
        is_needed=True,
        shown=str,
        rule="an email address",
    ),
    Field("first_name"),
    Field("last_name"),
    Field(
        "phone",
        reads_beside=lambda written, beside: phone(written, beside.place.country),
        is_whole=True,
        shown=str,
        rule="a phone number",
        detail=_dialled_in,
        why=_not_dialled,
    ),
    Field(
        "job_title",
        titles.classify,
        is_understood=lambda found, _: bool(found.seniority or found.function),
        may_be_unclear=True,
        rule="a job title",
        detail=_title_words,
    ),
    Field("company_name"),
    Field(
        "company_domain",
        lambda written: website(written).domain,
        shown=str,
        rule="a website or domain",
        why=lambda written, _: f"is {website(written).why}",
    ),
    Field(
        "company_size",
        size,
        is_whole=True,
        shown=_band,
        rule="a number of employees",
    ),
    Field(
        "company_revenue",
        reads_beside=lambda written, beside: (
            revenue(written, beside.affiliate.definition.mapping.currency).revenue
        ),
        shown=_amounts,
        rule="a year's revenue",
        detail=_usual_currency,
        why=lambda written, beside: (
            revenue(written, beside.affiliate.definition.mapping.currency).why
        ),
    ),
    Field(
        "industry",
        industry,
        is_whole=True,
        shown=str,
        rule="an industry, by its code or label",
    ),
    Field(
        "country",
        reads_beside=lambda _, beside: beside.place.country,
        unknown=Reason("country_unknown", "the country is not a known one", "country"),
        is_whole=True,
        shown=str,
        rule="a country, by its code or name",
    ),
    Field(
        "subdivision",
        reads_beside=lambda _, beside: beside.place.subdivision,
        is_whole=True,
        shown=str,
        rule="a subdivision",
        detail=lambda values, _: f" of {values['country'] or 'a country'}",
        why=_no_subdivision,
    ),
    Field(
        "category",
        lambda written: str(category_id(written)),
        is_understood=lambda category, affiliate: category in affiliate.categories,
        unknown=Reason("category_unknown", "the affiliate has no such category", "category"),
        is_needed=True,
        is_whole=True,
        shown=str,
        rule="a category of the affiliate",
    ),
    Field(
        "lead_code",
        reads_beside=lambda written, beside: beside.lead_code or written,
        is_understood=lambda code, affiliate: code in affiliate.lead_codes,
        unknown=Reason("lead_code_unknown", "the affiliate has no such lead code", "lead_code"),
        is_needed=True,
        is_whole=True,
        rule="a lead code of the affiliate",
    ),
    Field("consent", _consent, is_whole=True, rule="text that does not say no"),
    Field("reference"),
    Field(
        "captured_at",
        reads_beside=_capture_time,
        is_whole=True,
        shown=datetime.isoformat,
        rule="a time",
        detail=_zone_and_order,
    ),
)

BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}
RULED = tuple(BY_NAME[name] for name in ("email", "lead_code", "category", "country"))
"""What may make any lead unusable, in the order of telling."""
RULED_NAMES = frozenset(field.name for field in RULED)
READERS = tuple((field.name, field.reads) for field in FIELDS if not field.reads_beside)
READERS_BESIDE = tuple((field.name, field.reads_beside) for field in FIELDS if field.reads_beside)
JUDGES = tuple((field.name, field.is_understood) for field in FIELDS if field.is_understood)


def values_of(beside: Beside) -> Values:
    text = beside.texts.get
    values: dict[str, Any] = {name: reads(text(name, "")) for name, reads in READERS}
    for name, reads_beside in READERS_BESIDE:
        values[name] = reads_beside(text(name, ""), beside)
    return values


def understood_fields(values: Values, affiliate: Affiliate) -> set[str]:
    """The fields whose value means something."""
    found = {name for name, value in values.items() if value is not None}
    for name, is_understood in JUDGES:
        if not is_understood(values[name], affiliate):
            found.discard(name)
    return found
