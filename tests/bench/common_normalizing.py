"""Normalizing as it is commonly written: every lead from scratch, with nothing prepared or kept.

Names are searched in lists, patterns and formats tried one after the other, phone numbers left to
the library, and what was read goes into models that validate it. It has no fuzzy search and no
library for email addresses, and it knows fewer titles.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
import pycountry
from pydantic import BaseModel

from shared.contracts.affiliates import PutAffiliate
from shared.contracts.industries import TABLE
from shared.contracts.lead_fields import Mapping
from tests.bench.measuring import Run, Stopwatch

COUNTRY_ALIASES = {"u.s.": "US", "uk": "GB", "england": "GB", "deutschland": "DE", "holland": "NL"}

DATE_FORMATS = (
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
)

SENIORITIES = (
    (r"\b(founder|owner)\b", "owner"),
    (r"\b(c[a-z]o|ciso|chief .* officer)\b", "cxo"),
    (r"\b(vp|vice president)\b", "vp"),
    (r"\b(director|head)\b", "director"),
    (r"\b(manager|mgr)\b", "manager"),
    (r"\b(senior|sr|lead|principal)\b", "senior"),
    (r"\b(junior|jr|assistant)\b", "entry"),
    (r"\b(intern|trainee)\b", "training"),
)
FUNCTIONS = (
    (r"\b(information security|infosec|it|network|cto|ciso)\b", "information_technology"),
    (r"\b(engineer|engineering|developer|software)\b", "engineering"),
    (r"\b(sales|revenue)\b", "sales"),
    (r"\b(marketing|brand)\b", "marketing"),
    (r"\b(finance|financial|cfo)\b", "finance"),
    (r"\bproduct\b", "product_management"),
    (r"\b(hr|human resources|people|talent)\b", "human_resources"),
    (r"\b(operations|ops)\b", "operations"),
)
SIZES = (
    r"(?P<low>\d+) ?(?:-|to) ?(?P<high>\d+)(?: employees)?$",
    r"(?P<low>\d+) ?(?:\+|or more)$",
    r"(?P<low>\d+)$",
)


class Problem(BaseModel):
    code: str
    field: str


class CompanySize(BaseModel):
    min: int
    max: int | None = None


class Firm(BaseModel):
    name: str | None
    domain: str | None
    size: CompanySize | None
    industry: str | None


class Contact(BaseModel):
    email: str | None
    first_name: str | None
    last_name: str | None
    phone: str | None
    job_title: str | None
    seniority: str | None
    function: str | None


class CommonLead(BaseModel):
    contact: Contact
    company: Firm
    country: str | None
    subdivision: str | None
    category: str
    lead_code: str
    consent: str | None
    captured_at: datetime | None
    problems: list[Problem]


async def run(records: Sequence[dict[str, str]], affiliate: PutAffiliate) -> Run:
    watch = Stopwatch()
    watch.start()
    for record in records:
        normalize(record, affiliate)
    return watch.stop(len(records))


def normalize(record: dict[str, str], affiliate: PutAffiliate) -> CommonLead:
    mapping = affiliate.mapping
    row = {
        canonical: read(record, canonical, own, mapping)
        for canonical, own in mapping.fields.items()
    }
    where = country(row["country"])
    lead = CommonLead(
        contact=contact(row, where),
        company=firm(row),
        country=where,
        subdivision=subdivision(where, row["subdivision"]),
        category=row["category"].lstrip("0"),
        lead_code=row["lead_code"],
        consent=row["consent"] or None,
        captured_at=captured(row["captured_at"], mapping.time_zone),
        problems=[],
    )
    return lead.model_copy(update={"problems": problems(lead, affiliate)})


def read(record: dict[str, str], canonical: str, own: str, mapping: Mapping) -> str:
    value = " ".join(str(record.get(own) or "").split())
    for word, meaning in mapping.vocabularies.get(canonical, {}).items():
        if word.casefold() == value.casefold():
            return meaning
    return value


def contact(row: dict[str, str], where: str | None) -> Contact:
    title = row["job_title"]
    return Contact(
        email=email(row["email"]),
        first_name=row["first_name"] or None,
        last_name=row["last_name"] or None,
        phone=phone(row["phone"], where),
        job_title=title or None,
        seniority=first_found(SENIORITIES, title),
        function=first_found(FUNCTIONS, title),
    )


def firm(row: dict[str, str]) -> Firm:
    return Firm(
        name=row["company_name"] or None,
        domain=domain(row["company_domain"]),
        size=size(row["company_size"]),
        industry=industry(row["industry"]),
    )


def email(text: str) -> str | None:
    lowered = text.lower()
    return lowered if re.match(r"^[a-z0-9._%+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+$", lowered) else None


def phone(text: str, where: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, where)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def country(text: str) -> str | None:
    try:
        return str(pycountry.countries.lookup(COUNTRY_ALIASES.get(text.casefold(), text)).alpha_2)
    except LookupError:
        return None


def subdivision(where: str | None, text: str) -> str | None:
    if not where or not text:
        return None
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    for row in pycountry.subdivisions.get(country_code=where):
        if plain in (row.name.casefold(), row.code.casefold(), row.code.split("-")[1].casefold()):
            return str(row.code)
    return None


def domain(text: str) -> str | None:
    host = re.sub(r"^https?://", "", text.lower()).split("/")[0]
    host = re.sub(r"^www\.", "", host)
    return host if re.match(r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", host) else None


def size(text: str) -> CompanySize | None:
    plain = text.lower().replace(",", "").replace("\u2013", "-")
    if plain == "self-employed":
        return CompanySize(min=1, max=1)
    for pattern in SIZES:
        if found := re.match(pattern, plain):
            return interval(plain, found.groupdict())
    return None


def interval(plain: str, found: dict[str, str]) -> CompanySize | None:
    low = int(found["low"])
    if low == 0:
        return None
    if "high" in found:
        return CompanySize(min=low, max=int(found["high"]))
    return CompanySize(min=low, max=low if plain.isdigit() else None)


def industry(text: str) -> str | None:
    if text.isdigit():
        return text.lstrip("0") or None
    for code, _, labels in TABLE:
        if text.casefold() in [label.casefold() for label in labels]:
            return code
    return None


def captured(text: str, zone: str) -> datetime | None:
    for form in DATE_FORMATS:
        try:
            return in_utc(datetime.strptime(text, form), zone)
        except ValueError:
            continue
    try:
        return in_utc(datetime(1899, 12, 30) + timedelta(days=float(text)), zone)
    except ValueError:
        return None


def in_utc(local: datetime, zone: str) -> datetime:
    aware = local if local.tzinfo else local.replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC)


def first_found(rules: Sequence[tuple[str, str]], title: str) -> str | None:
    for pattern, code in rules:
        if re.search(pattern, title, re.IGNORECASE):
            return code
    return None


def problems(lead: CommonLead, affiliate: PutAffiliate) -> list[Problem]:
    found = []
    if lead.contact.email is None:
        found.append(Problem(code="email_invalid", field="email"))
    if lead.lead_code not in affiliate.lead_codes:
        found.append(Problem(code="lead_code_unknown", field="lead_code"))
    if lead.category not in affiliate.categories:
        found.append(Problem(code="category_unknown", field="category"))
    if lead.country is None:
        found.append(Problem(code="country_unknown", field="country"))
    return found
