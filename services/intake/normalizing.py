"""An affiliate's record to the canonical lead (INT-02, INT-03): pure, and total over all of JSON.

What is unclear is unknown, never guessed, and no text of a reason quotes the record. Lookups are
in prebuilt dictionaries and slow readers are cached, since this runs for every row of every upload.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from pydantic import JsonValue

from services.intake import places, titles
from services.intake.affiliates import Affiliate
from services.intake.industries import industry
from services.intake.phones import phone
from services.intake.places import fold
from shared.contracts.industries import parents
from shared.contracts.values import (
    Company,
    Person,
    Place,
    Reason,
    Size,
    TitleClass,
    category_id,
)

TEXT_LENGTH_MAX = 500
EMPLOYEES_MAX = 100_000_000

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_TOP_LABEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,58}[a-z0-9]")
_NOT_PRINTED = re.compile(r"[\ufeff\u200b-\u200f\u2060]")


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


def normalize(
    record: Mapping[str, JsonValue], affiliate: Affiliate, lead_code: str | None = None
) -> Normalized:
    """`lead_code` is what the upload as a whole was declared with; it goes before the record's."""
    given = _read(record, affiliate)
    get = given.get
    place = places.place(get("country", ""), get("subdivision", ""))
    person = _person(given, place.country)
    sector = industry(get("industry", ""))
    company = Company(
        get("company_name") or None,
        company_domain(get("company_domain", "")),
        size(get("company_size", "")),
        sector,
        (sector, *parents(sector)) if sector else (),
    )
    category = str(category_id(get("category", "")))
    lead_code = lead_code or get("lead_code", "")
    captured_at = instant(get("captured_at", ""), affiliate)
    return Normalized(
        person=person,
        place=place,
        company=company,
        title_class=titles.classify(get("job_title", "")),
        category=category,
        lead_code=lead_code,
        consent=get("consent") or None,
        captured_at=captured_at,
        reasons=(
            *_essential(given, affiliate, person, lead_code, category),
            *_place_reasons(given, place),
            *_mandatory(given, affiliate, person, place, company, captured_at),
        ),
    )


def email_of(record: Mapping[str, JsonValue], affiliate: Affiliate) -> str | None:
    """Only the email: whose state deciding the whole record will need."""
    for canonical, own, vocabulary in affiliate.fields:
        if canonical == "email":
            return email_address(_meaning(record.get(own), vocabulary))
    return None


def _read(record: Mapping[str, JsonValue], affiliate: Affiliate) -> dict[str, str]:
    return {
        canonical: _meaning(record.get(own), vocabulary)
        for canonical, own, vocabulary in affiliate.fields
    }


def _meaning(value: JsonValue, vocabulary: Mapping[str, str]) -> str:
    given = text(value)
    return vocabulary.get(fold(given), given) if vocabulary and given else given


def text(value: JsonValue) -> str:
    """A cell as one line of text; what is not a scalar, or absurdly long, is blank."""
    if isinstance(value, str):
        return one_line(value) if len(value) <= TEXT_LENGTH_MAX else ""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 64 else ""
    if isinstance(value, float) and math.isfinite(value) and abs(value) < 1e15:
        return str(int(value)) if value.is_integer() else repr(value)
    return ""


def one_line(value: str) -> str:
    if value.isascii() and value.isprintable():
        return value.strip()
    visible = _NOT_PRINTED.sub("", value)
    spaced = "".join(letter if letter.isprintable() else " " for letter in visible)
    return " ".join(spaced.split())


def _person(given: Mapping[str, str], country: str | None) -> Person | None:
    email = email_address(given.get("email", ""))
    if email is None:
        return None
    return Person(
        email,
        given.get("first_name") or None,
        given.get("last_name") or None,
        phone(given.get("phone", ""), country),
        given.get("job_title") or None,
    )


def _essential(
    given: Mapping[str, str], affiliate: Affiliate, person: Person | None, code: str, category: str
) -> list[Reason]:
    reasons = []
    if person is None:
        reasons.append(_email_reason(given))
    if not code:
        reasons.append(_missing("lead_code"))
    elif code not in affiliate.lead_codes:
        reasons.append(
            Reason("lead_code_unknown", "the affiliate has no such lead code", "lead_code")
        )
    if not category:
        reasons.append(_missing("category"))
    elif category not in affiliate.categories:
        reasons.append(Reason("category_unknown", "the affiliate has no such category", "category"))
    return reasons


def _email_reason(given: Mapping[str, str]) -> Reason:
    if given.get("email"):
        return Reason("email_invalid", "the email address is not one", "email")
    return _missing("email")


def _missing(field: str) -> Reason:
    return Reason("field_missing", f"{field} is blank", field)


def _place_reasons(given: Mapping[str, str], place: Place) -> list[Reason]:
    if place.country is None and given.get("country"):
        return [Reason("country_unknown", "the country is not a known one", "country")]
    return []


def _mandatory(
    given: Mapping[str, str],
    affiliate: Affiliate,
    person: Person | None,
    place: Place,
    company: Company,
    captured_at: datetime | None,
) -> list[Reason]:
    """What this affiliate must deliver beside the essentials, which are judged on their own."""
    mandatory = affiliate.definition.mapping.mandatory
    if not mandatory:
        return []
    read = {
        "phone": person.phone if person else given.get("phone"),
        "subdivision": place.subdivision,
        "company_domain": company.domain,
        "company_size": company.size,
        "industry": company.industry,
        "captured_at": captured_at,
    }
    own_rules = {"email", "lead_code", "category"}
    return [
        reason
        for field in mandatory
        if field not in own_rules and (reason := _lacking(field, given.get(field, ""), read))
    ]


def _lacking(field: str, given: str, read: Mapping[str, object]) -> Reason | None:
    if not given:
        return _missing(field)
    if read.get(field, given) is None:
        return Reason("field_unreadable", f"{field} is not in a known format", field)
    return None


def email_address(given: str) -> str | None:
    """Trimmed and lower case; a plus-tag stays, since it can be another mailbox."""
    local, at, domain = given.strip().rpartition("@")
    if not at or len(local) > 64 or not _LOCAL.fullmatch(local):
        return None
    host = domain_name(domain)
    return f"{local.lower()}@{host}" if host and len(local) + len(host) < 254 else None


@lru_cache(maxsize=100_000)
def domain_name(given: str) -> str | None:
    """A public host name in its ASCII form."""
    try:
        host = (given if given.isascii() else given.encode("idna").decode()).lower()
    except UnicodeError:
        return None
    labels = host.split(".")
    well_formed = all(_LABEL.fullmatch(label) for label in labels) and len(host) <= 253
    return host if well_formed and len(labels) > 1 and _TOP_LABEL.fullmatch(labels[-1]) else None


@lru_cache(maxsize=100_000)
def company_domain(given: str) -> str | None:
    host = re.sub(r"^[a-z]+://", "", given.strip().lower()).split("/")[0].split("?")[0]
    return domain_name(host.removeprefix("www."))


_NUMBER = r"(\d{1,3}(?:[,.' ]\d{3}){1,3}|\d{1,9})"
_DASHES = re.compile(r"[‐‑‒–—−]|\bto\b|\bbis\b")
_UNITS = re.compile(r"\b(?:employees?|staff|people|persons?|mitarbeiter|size)\b")
_SIZE_SHAPES: list[tuple[re.Pattern[str], Callable[..., Size]]] = [
    (re.compile(r"self ?-?employed|myself only"), lambda: Size(1, 1)),
    (re.compile(rf"{_NUMBER} ?-+ ?{_NUMBER}"), lambda low, high: Size(low, high)),
    (re.compile(rf"{_NUMBER} ?(?:\+|or more|and more)"), lambda low: Size(low)),
    (re.compile(rf"(?:>|more than|over) ?{_NUMBER}"), lambda low: Size(low + 1)),
    (re.compile(rf"(?:<|less than|under) ?{_NUMBER}"), lambda high: Size(1, high - 1)),
    (re.compile(rf"up - ?{_NUMBER}"), lambda high: Size(1, high)),
    (re.compile(_NUMBER), lambda count: Size(count, count)),
]


@lru_cache(maxsize=20_000)
def size(given: str) -> Size | None:
    """The number of employees as an interval; foreign bands stay what they are."""
    plain = " ".join(_DASHES.sub("-", _UNITS.sub(" ", given.casefold().replace("_", " "))).split())
    for shape, interval in _SIZE_SHAPES:
        if found := shape.fullmatch(plain):
            read = interval(*(int(re.sub(r"\D", "", part)) for part in found.groups()))
            high = EMPLOYEES_MAX if read.max is None else read.max
            return read if 1 <= read.min <= high <= EMPLOYEES_MAX else None
    return None


EXCEL_EPOCH = datetime(1899, 12, 30)
EXCEL_SERIAL = re.compile(r"([2-9]\d{4})(\.\d+)?")
_NUMERIC_DATE = re.compile(
    r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:,? (\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?([AaPp])[Mm])?)?"
)
_ISO_START = re.compile(r"\d{4}-\d{2}-\d{2}")


def instant(given: str, affiliate: Affiliate) -> datetime | None:
    """ISO, an Excel serial, or a numeric date if the affiliate's mapping tells the order."""
    try:
        local = _local_time(given, affiliate.definition.mapping.date_order)
        return _utc(local, affiliate.zone) if local else None
    except (ValueError, OverflowError):
        return None


def _local_time(given: str, order: str | None) -> datetime | None:
    if _ISO_START.match(given):
        return datetime.fromisoformat(given)
    if EXCEL_SERIAL.fullmatch(given):
        return EXCEL_EPOCH + timedelta(seconds=round(float(given) * 86_400))
    found = _NUMERIC_DATE.fullmatch(given) if order else None
    return _numeric(found, order == "mdy") if found else None


def _numeric(found: re.Match[str], month_first: bool) -> datetime:
    first, second, year = (int(part) for part in found.group(1, 2, 3))
    month, day = (first, second) if month_first else (second, first)
    hour, minute, seconds = (int(part or 0) for part in found.group(4, 5, 6))
    if half := found[7]:
        if not 1 <= hour <= 12:
            raise ValueError("not an hour of twelve")
        hour = hour % 12 + (12 if half in "pP" else 0)
    return datetime(year, month, day, hour, minute, seconds)


def _utc(local: datetime, zone: tzinfo) -> datetime | None:
    moment = (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)
    if not 1990 <= moment.year <= 2100:
        return None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
