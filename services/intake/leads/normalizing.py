"""An affiliate's record to the canonical lead (INT-02, INT-03): pure, and total over all of JSON.

What is unclear is unknown, never guessed, and no text of a reason quotes the record. Lookups are
in prebuilt dictionaries and slow readers are cached, since this runs for every row of every upload.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pydantic import JsonValue

from services.intake.catalogue.affiliates import Affiliate
from services.intake.leads.contacts import Identity, identity
from services.intake.reading import cells, places, titles
from services.intake.reading.industries import industry
from services.intake.reading.phones import phone
from services.intake.reading.sizes import size
from services.intake.reading.timestamps import instant
from shared.companies.domains import website
from shared.contracts.industries import parents
from shared.contracts.lead_fields import Company, Person, Place, TitleClass
from shared.contracts.values import Reason, category_id
from shared.emails import email_address

Record = Mapping[str, JsonValue]

OWN_RULES = frozenset({"email", "lead_code", "category"})
"""What every lead needs, whatever its affiliate must deliver."""
UNKNOWN = {
    "email": Reason("email_invalid", "the email address is not one", "email"),
    "lead_code": Reason("lead_code_unknown", "the affiliate has no such lead code", "lead_code"),
    "category": Reason("category_unknown", "the affiliate has no such category", "category"),
    "country": Reason("country_unknown", "the country is not a known one", "country"),
}


@dataclass(frozen=True, slots=True)
class Normalized:
    """What could be read of a record; usable if there are no reasons."""

    person: Person | None
    place: Place
    company: Company
    title_class: TitleClass
    category: str
    lead_code: str
    consent: str | None
    captured_at: datetime | None
    reasons: tuple[Reason, ...]
    blank: tuple[str, ...] = ()
    """Mapped fields in which nothing was written."""
    unread: tuple[str, ...] = ()
    """Mapped fields in which something was written that nobody understands."""


class Values(NamedTuple):
    """What is written in the fields, as far as it is understood; None is not."""

    email: str | None
    phone: str | None
    place: Place
    company: Company
    title_class: TitleClass
    category: str
    lead_code: str
    captured_at: datetime | None


class Reading(NamedTuple):
    """A record in its fields, before anything is made of it."""

    texts: Mapping[str, str]
    """By field what is written there; blank where nothing is, or what is no text."""
    blank: Sequence[tuple[str, JsonValue]]
    odd: Mapping[str, Reason]
    """By field, why what stands there is no text."""
    values: Values
    understood: Mapping[str, object]
    """By field; None where what is written means nothing. Other fields are what is written."""


def read(record: Record, affiliate: Affiliate, lead_code: str | None = None) -> Reading:
    """`lead_code` is what the upload as a whole was declared with; it goes before the record's."""
    given, blank = _read(record, affiliate)
    values = _values(given, affiliate, lead_code)
    return Reading(
        given, blank, _odd(blank) if blank else {}, values, _understood(values, affiliate)
    )


def normalize(record: Record, affiliate: Affiliate, lead_code: str | None = None) -> Normalized:
    """The lead that a record is."""
    given, blank, odd, values, understood = read(record, affiliate, lead_code)
    unread = [field for field, value in understood.items() if value is None and given.get(field)]
    return Normalized(
        person=_person(given, values) if values.email or values.phone else None,
        place=values.place,
        company=values.company,
        title_class=values.title_class,
        category=values.category,
        lead_code=values.lead_code,
        consent=given.get("consent") or None,
        captured_at=values.captured_at,
        reasons=tuple(_reasons(given, affiliate, understood, odd, values.lead_code)),
        blank=tuple([field for field, _ in blank if field not in odd]),
        unread=(*unread, *odd),
    )


def _values(given: Mapping[str, str], affiliate: Affiliate, lead_code: str | None) -> Values:
    get = given.get
    place = places.place(get("country", ""), get("subdivision", ""))
    order = affiliate.definition.mapping.date_order
    return Values(
        email_address(get("email", "")),
        phone(get("phone", ""), place.country),
        place,
        _company(given),
        titles.classify(get("job_title", "")),
        str(category_id(get("category", ""))),
        lead_code or get("lead_code", ""),
        instant(get("captured_at", ""), order, affiliate.zone),
    )


def _understood(values: Values, affiliate: Affiliate) -> dict[str, object]:
    """By field; None where what is written means nothing to anybody, or not to this affiliate."""
    company, title_class = values.company, values.title_class
    return {
        "email": values.email,
        "phone": values.phone,
        "job_title": title_class.seniority or title_class.function,
        "company_domain": company.domain,
        "company_size": company.size,
        "industry": company.industry,
        "country": values.place.country,
        "subdivision": values.place.subdivision,
        "category": values.category in affiliate.categories or None,
        "lead_code": values.lead_code in affiliate.lead_codes or None,
        "captured_at": values.captured_at,
    }


def identity_of(record: Record, affiliate: Affiliate) -> Identity | None:
    """Only whom the record is about: whose state deciding all of it will need."""
    if email := email_address(_text(record, affiliate, "email")):
        return identity(email, None)
    if not (dialled := _text(record, affiliate, "phone")):
        return None
    country, subdivision = (_text(record, affiliate, each) for each in ("country", "subdivision"))
    return identity(None, phone(dialled, places.place(country, subdivision).country))


def _text(record: Record, affiliate: Affiliate, field: str) -> str:
    for canonical, own, vocabulary in affiliate.fields:
        if canonical == field:
            return cells.meaning(canonical, record.get(own), vocabulary)
    return ""


def _read(
    record: Record, affiliate: Affiliate
) -> tuple[dict[str, str], list[tuple[str, JsonValue]]]:
    """The text of each field, and what stands in those that have none. Nearly every cell is plain
    text without a vocabulary; it is read here, since nothing is done more often."""
    given: dict[str, str] = {}
    blank = []
    for field, own, vocabulary in affiliate.fields:
        value = record.get(own)
        if (
            type(value) is str
            and not vocabulary
            and value.isascii()
            and value.isprintable()
            and len(value) <= cells.TEXT_LENGTH_MAX
            and "&" not in value
            and (plain := value.strip())[-1:] != "0"
        ):
            text = plain
        else:
            text = cells.meaning(field, value, vocabulary)
        given[field] = text
        if not text:
            blank.append((field, value))
    return given, blank


def _odd(blank: Iterable[tuple[str, JsonValue]]) -> dict[str, Reason]:
    """By field, why nothing could be read of what is written there."""
    written = ((field, value) for field, value in blank if value is not None and value != "")
    found = [(field, cells.why_unread(field, value)) for field, value in written]
    return {field: reason for field, reason in found if reason}


def _person(given: Mapping[str, str], values: Values) -> Person:
    get = given.get
    return Person(
        values.email,
        get("first_name") or None,
        get("last_name") or None,
        values.phone,
        get("job_title") or None,
    )


def _company(given: Mapping[str, str]) -> Company:
    get = given.get
    sector = industry(get("industry", ""))
    return Company(
        get("company_name") or None,
        website(get("company_domain", "")).domain,
        size(get("company_size", "")),
        sector,
        (sector, *parents(sector)) if sector else (),
    )


def _reasons(
    given: Mapping[str, str],
    affiliate: Affiliate,
    understood: Mapping[str, object],
    odd: Mapping[str, Reason],
    code: str,
) -> Iterator[Reason]:
    """INT-03: the essentials, the country if there is one, and what this affiliate must deliver."""
    for field, written in (
        ("email", given.get("email")),
        ("lead_code", code),
        ("category", given.get("category")),
    ):
        if not written:
            yield odd.get(field) or _missing(field)
        elif understood[field] is None:
            yield UNKNOWN[field]
    if understood["country"] is None and (given.get("country") or "country" in odd):
        yield odd.get("country") or UNKNOWN["country"]
    for field in affiliate.definition.mapping.mandatory:
        if field in OWN_RULES or (field == "country" and "country" in odd):
            continue
        if not given.get(field):
            yield odd.get(field) or _missing(field)
        elif understood.get(field, given) is None and field not in ("country", "job_title"):
            yield cells.unreadable(field, "is not in a known format")


def _missing(field: str) -> Reason:
    return Reason("field_missing", f"{field} is blank", field)
