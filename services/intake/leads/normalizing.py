"""An affiliate's record to the canonical lead (INT-02, INT-03): pure, and total over all of JSON.

What is unclear is unknown, never guessed, and no text of a reason quotes the record. Lookups are
in prebuilt dictionaries and slow readers are cached, since this runs for every row of every upload.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import NamedTuple

from pydantic import JsonValue

from services.intake.catalogue.affiliates import Affiliate
from services.intake.leads.contacts import Identity, identity
from services.intake.leads.fields import (
    BY_NAME,
    RULED,
    RULED_NAMES,
    Beside,
    Field,
    Values,
    understood_fields,
    values_of,
)
from services.intake.reading import cells, places
from services.intake.reading.phones import phone
from shared.companies.domains import other_domains
from shared.contracts.industries import parents
from shared.contracts.lead_fields import Company, Person, Place, TitleClass
from shared.contracts.values import Reason
from shared.emails import email_address

Record = Mapping[str, JsonValue]


class Normalized(NamedTuple):
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


class Reading(NamedTuple):
    """A record in its fields, before anything is made of it."""

    texts: Mapping[str, str]
    """By field what is written there; blank where nothing is, or what is no text."""
    blank: Sequence[tuple[str, JsonValue]]
    odd: Mapping[str, Reason]
    """By field, why what stands there is no text."""
    values: Values
    understood: Set[str]
    """The fields whose value means something."""
    place: Place

    def why(self, field: str, affiliate: Affiliate) -> str:
        """What is wrong with a text that is not understood."""
        beside = Beside(self.texts, affiliate, self.place, None)
        return BY_NAME[field].why(self.texts[field], beside)


def read(record: Record, affiliate: Affiliate, lead_code: str | None = None) -> Reading:
    """`lead_code` is what the upload as a whole was declared with; it goes before the record's."""
    texts, blank = _read(record, affiliate)
    place = places.place(texts.get("country", ""), texts.get("subdivision", ""))
    values = values_of(Beside(texts, affiliate, place, lead_code))
    odd = _odd(blank) if blank else {}
    return Reading(texts, blank, odd, values, understood_fields(values, affiliate), place)


def normalize(record: Record, affiliate: Affiliate, lead_code: str | None = None) -> Normalized:
    """The lead that a record is."""
    reading = read(record, affiliate, lead_code)
    texts, blank, odd, values, understood, place = reading
    unread = [name for name in texts.keys() - understood if texts[name]]
    return Normalized(
        person=_person(texts, values) if values["email"] or values["phone"] else None,
        place=place,
        company=_company(texts, values),
        title_class=values["job_title"],
        category=values["category"],
        lead_code=values["lead_code"],
        consent=values["consent"],
        captured_at=values["captured_at"],
        reasons=tuple(_reasons(reading, affiliate)),
        blank=tuple([field for field, _ in blank if field not in odd]),
        unread=(*sorted(unread), *odd),
    )


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
            return cells.meaning(record.get(own), vocabulary, BY_NAME[canonical].is_whole)
    return ""


def _read(
    record: Record, affiliate: Affiliate
) -> tuple[dict[str, str], list[tuple[str, JsonValue]]]:
    """The text of each field, and what stands in those that have none. Nearly every cell is plain
    text without a vocabulary; it is read here, since nothing is done more often."""
    texts: dict[str, str] = {}
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
        ):
            text = value.strip()
            if text[-1:] == "0" and BY_NAME[field].is_whole:
                text = cells.whole(text)
        else:
            text = cells.meaning(value, vocabulary, BY_NAME[field].is_whole)
        texts[field] = text
        if not text:
            blank.append((field, value))
    return texts, blank


def _odd(blank: Iterable[tuple[str, JsonValue]]) -> dict[str, Reason]:
    """By field, why nothing could be read of what is written there."""
    return {
        field: reason
        for field, value in blank
        if value is not None and value != "" and (reason := cells.why_unread(field, value))
    }


def _person(texts: Mapping[str, str], values: Values) -> Person:
    return Person(
        values["email"],
        values["first_name"],
        values["last_name"],
        values["phone"],
        texts.get("job_title") or None,
    )


def _company(texts: Mapping[str, str], values: Values) -> Company:
    sector, sites = values["industry"], texts.get("company_domain")
    return Company(
        values["company_name"],
        values["company_domain"],
        values["company_size"],
        sector,
        (sector, *parents(sector)) if sector else (),
        values["company_revenue"],
        other_domains(sites) if sites else (),
    )


def _reasons(reading: Reading, affiliate: Affiliate) -> Iterable[Reason]:
    """INT-03: the essentials, the country if there is one, and what this affiliate must deliver."""
    is_complete = affiliate.mandatory | RULED_NAMES <= reading.understood
    return () if is_complete else _gaps(reading, affiliate)


def _gaps(reading: Reading, affiliate: Affiliate) -> Iterator[Reason]:
    for field in RULED:
        if not _is_written(field.name, reading):
            if field.is_needed:
                yield reading.odd.get(field.name) or _missing(field.name)
        elif field.name not in reading.understood and field.unknown:
            yield reading.odd.get(field.name) or field.unknown
    for name in affiliate.definition.mapping.mandatory:
        yield from _delivery_gaps(BY_NAME[name], reading, affiliate)


def _is_written(name: str, reading: Reading) -> bool:
    """The lead code may stand in no field: the upload as a whole has one."""
    if name == "lead_code":
        return bool(reading.values[name])
    return bool(reading.texts.get(name)) or name in reading.odd


def _delivery_gaps(field: Field, reading: Reading, affiliate: Affiliate) -> Iterator[Reason]:
    """What is blank of what must be there, or, if no rule of every lead's is about it, unclear."""
    name = field.name
    is_told = field.is_needed or (field.unknown is not None and name in reading.odd)
    if is_told:
        return
    if not reading.texts.get(name):
        yield reading.odd.get(name) or _missing(name)
    elif name not in reading.understood and not (field.unknown or field.may_be_unclear):
        yield cells.unreadable(name, reading.why(name, affiliate))


def _missing(field: str) -> Reason:
    return Reason("field_missing", f"{field} is blank", field)
