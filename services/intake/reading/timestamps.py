"""When a lead was captured: what has one meaning is an instant, what has two is unknown.

Only the mapping can tell what 03/04/2026 means, and nothing tells what CST is.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from shared.folding import compatible

EXCEL_EPOCH = datetime(1899, 12, 30)
UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# By month, in English, German, French, Spanish, Italian, Portuguese, Dutch and Scandinavian.
_MONTH_NAMES = (
    "jan january januar jänner janvier janv enero ene gennaio gen janeiro januari",
    "feb february februar février févr fév febrero febbraio fevereiro fev februari",
    "mar march märz mrz mär mars marzo março maart mrt marts",
    "apr april avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei maj",
    "jun june juni juin junio giugno giu junho",
    "jul july juli juillet juil julio luglio lug julho",
    "aug august août agosto ago augustus augusti",
    "sep sept september septembre septiembre settembre set setembro",
    "oct october oktober okt octobre octubre ottobre ott outubro out",
    "nov november novembre noviembre novembro",
    "dec december dezember dez décembre déc diciembre dic dicembre dezembro",
)
_MONTHS = {
    name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()
}

_ISO_START = re.compile(r"\d{4}-\d{2}-\d{2}")
# What ends with AM, PM or Uhr is no ISO 8601.
_ISO = re.compile(r"(?:\d{4}-\d{2}-\d{2}(?:[Tt _]\d.*)?|\d{8}[Tt]\d.*)(?<![MmRr.])")
_EXCEL_SERIAL = re.compile(r"[2-9]\d{4}(?:\.\d+)?")
# In seconds or milliseconds, and as .NET writes it into JSON.
_UNIX = re.compile(r"(1\d{9}(?:\d{3})?)(?:\.0+)?|\\?/Date\((1\d{12})(?:[+-]\d{4})?\)\\?/")
# Go and Java name the zone behind its offset.
_NAMED_BEHIND = re.compile(
    r"(:\d\d(?:\.\d+)? ?[+-]\d\d:?\d\d) ?(?:UTC|GMT|[A-Z]{3,4}|\[[\w/+-]+\])\Z", re.ASCII
)
_LEAP_SECOND = re.compile(r"(T\d\d:\d\d):60")
_DASHES = re.compile("[‐‑‒–−]")  # noqa: RUF001
_BEFORE_ZONE = re.compile(r" (?=Z$|[+-]\d\d:?\d\d$)")

_OF = r"[ -]?(?:of |de )?"
_WEEKDAY = r"(?:[^\W\d_]+[.,]{0,2} )?"
_NAME = rf"(?P<name>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_MONTH = r"(?P<month>\d{1,2})"
_DAY = r"(?P<day>\d{1,2})"
_YEAR = r"(?P<year>\d{4})"
_CLOCK = r"(?P<hour>\d{1,2})(?:[:h](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?)?"
_TIME = rf"(?:(?:,| at| um| -)? ?{_CLOCK}(?: uhr)?(?: ?(?P<half>[ap])\.?m\.?)?(?P<zone>.*))?"
_ZONE = re.compile(r" ?(?:z|utc|gmt)?(?: ?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?)?")
_ZONE_NAME = re.compile(r" ?\(([^()]*)\)$")

_SHAPES = [
    re.compile(shape)
    for shape in (
        rf"(?P<first>\d{{1,2}})(?P<mark>[/.-])(?P<second_>\d{{1,2}})(?P=mark){_YEAR}{_TIME}",
        rf"{_YEAR}(?P<mark>[/.-]) ?{_MONTH}(?P=mark) ?{_DAY}\.?(?:(?:[t ,]|(?= at )){_TIME})?",
        rf"{_YEAR} ?[年년] ?(?P<month>\d{{1,2}}) ?[月월] ?{_DAY} ?[日일](?: ?{_TIME})?",
        rf"{_YEAR}[ -]{_NAME}[ -]{_DAY}{_TIME}",
        rf"(?P<year>(?:19|20)\d{{2}})(?P<month>\d{{2}})(?P<day>\d{{2}})(?:[t ]{_TIME})?",
        rf"{_WEEKDAY}{_DAY}(?:st|nd|rd|th|\.)?{_OF}{_NAME},?{_OF}{_YEAR}{_TIME}",
        rf"{_WEEKDAY}{_NAME}[ -]?{_DAY}(?:st|nd|rd|th)?[, -] ?{_YEAR}{_TIME}",
        rf"{_WEEKDAY}{_NAME} {_DAY} {_CLOCK}(?P<zone>(?: (?:utc|gmt|[+-]\d{{4}}))?) {_YEAR}",
    )
]


def instant(text: str, order: str | None, zone: tzinfo) -> datetime | None:
    """ISO 8601, RFC 3339, what names its month or begins with its year, and what the mapping's
    order of day and month makes clear."""
    try:
        local = _plain_iso(text) or _read(_plain(text), order) if text else None
        return _utc(local, zone) if local else None
    except (ValueError, OverflowError):
        return None


def _plain_iso(text: str) -> datetime | None:
    """As most rows have it, read by the library alone."""
    try:
        return datetime.fromisoformat(text) if _ISO_START.match(text) else None
    except ValueError:
        return None


def _plain(text: str) -> str:
    """In one spelling of dashes, digits and blanks: databases write the 4th as two blanks and 4."""
    return _DASHES.sub("-", " ".join(compatible(text).split()))


def _read(text: str, order: str | None) -> datetime | None:
    if _ISO.fullmatch(text):
        try:
            return _iso(text.upper())
        except ValueError:
            pass  # GMT+1 is none of the library's.
    if _EXCEL_SERIAL.fullmatch(text):
        return EXCEL_EPOCH + timedelta(seconds=round(float(text) * 86_400))
    if unix := _UNIX.fullmatch(text):
        return UNIX_EPOCH + timedelta(milliseconds=int((unix[1] or unix[2]).ljust(13, "0")))
    lower = text.casefold()
    found = next((found for shape in _SHAPES if (found := shape.fullmatch(lower))), None)
    return _datetime_of(found.groupdict(), order) if found else None


def _iso(text: str) -> datetime:
    """What the library does not know: blanks before an offset, names of UTC, names of zones behind
    an offset, a leap second."""
    named = re.sub(r" ?(?:UTC|GMT)$", "Z", _NAMED_BEHIND.sub(r"\1", text))
    joined = _BEFORE_ZONE.sub("", named)
    plain = _LEAP_SECOND.sub(r"\1:59", joined)
    return datetime.fromisoformat(plain) + timedelta(seconds=plain != joined)


def _datetime_of(part: dict[str, str | None], order: str | None) -> datetime:
    month, day = _month_and_day(part, order)
    hour, minute = int(part.get("hour") or 0), int(part.get("minute") or 0)
    if half := part.get("half"):
        if not 1 <= hour <= 12:
            raise ValueError("not an hour of twelve")
        hour = hour % 12 + (12 if half == "p" else 0)
    elif part.get("hour") and part.get("minute") is None:
        raise ValueError("an hour alone, which may be anything")
    second = int(part.get("second") or 0)
    behind = part.get("zone")
    zone = _offset(behind) if behind else None
    return datetime(int(part["year"] or 0), month, day, hour, minute, second, tzinfo=zone)


def _month_and_day(part: dict[str, str | None], order: str | None) -> tuple[int, int]:
    if name := part.get("name"):
        return _MONTHS[name], int(part["day"] or 0)
    if "first" not in part:
        return int(part["month"] or 0), int(part["day"] or 0)
    first, second = int(part["first"] or 0), int(part["second_"] or 0)
    if order is None and min(first, second) <= 12 < max(first, second):
        return min(first, second), max(first, second)
    if order is None:
        raise ValueError("nobody told the order")
    return (first, second) if order == "mdy" else (second, first)


def _offset(zone: str) -> timezone | None:
    """An abbreviation such as CST means several zones, so that the whole is unknown; behind an
    offset it says nothing more."""
    named = _ZONE_NAME.search(zone)
    plain = zone[: named.start()] if named else zone
    if named and not plain.strip():
        plain = named[1]
    found = _ZONE.fullmatch(plain)
    if found is None:
        raise ValueError("no zone that has one meaning")
    if not plain.strip():
        return None
    sign = -1 if found["sign"] == "-" else 1
    minutes = int(found["hours"] or 0) * 60 + int(found["minutes"] or 0)
    return timezone(timedelta(minutes=sign * minutes))


def _utc(local: datetime, zone: tzinfo) -> datetime | None:
    moment = (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)
    if not 1990 <= moment.year <= 2100:
        return None
    beyond = moment.microsecond % 1000
    return moment.replace(microsecond=moment.microsecond - beyond) if beyond else moment
