"""The small vocabulary that several contracts share: ids that are safe as keys, and what
is told of a lead.

The value objects are frozen dataclasses, so that deciding can pass on the very objects that were
parsed; pydantic checks them where bytes come in and nowhere else.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Strict,
    StringConstraints,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

ID_LENGTH_MAX = 200
CONTROL = r"\x00-\x1f\x7f-\x9f"
"""Control characters, in a pattern. Few readers of a schema know their Unicode class."""
ID_PATTERN = rf"^[^{CONTROL}\s](?:[^{CONTROL}]*[^{CONTROL}\s])?$"
NAME_PATTERN = rf"^[^{CONTROL}\s/]+$"
AFFILIATE_PATTERN = rf"^[^{CONTROL}\s/:]+$"
KEY_PATTERN = rf"^[^{CONTROL}]+$"

Id = Annotated[
    str,
    StringConstraints(
        max_length=ID_LENGTH_MAX,
        pattern=ID_PATTERN,
    ),
]
"""No control characters, no blanks around it, not empty: it may become part of a key."""

Name = Annotated[str, StringConstraints(max_length=ID_LENGTH_MAX, pattern=NAME_PATTERN)]
"""An id without blanks and slashes, so that `tenant/name` can be read in one way only."""

AffiliateId = Annotated[str, StringConstraints(max_length=ID_LENGTH_MAX, pattern=AFFILIATE_PATTERN)]
"""Without a colon besides: the key of an upload is `affiliate:reference`."""

Key = Annotated[
    str,
    StringConstraints(min_length=1, max_length=3 * ID_LENGTH_MAX, pattern=KEY_PATTERN),
]
"""A topic's key, made of ids."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
"""Free text, not empty."""

ReasonText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
"""Why a person does something by hand: free words, but not only blanks."""

Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
"""A question's id."""

CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1, two letters."""

SubdivisionCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-[A-Z0-9]{1,3}$")]
"""ISO 3166-2: its country's code, a hyphen, its own."""


_NUMBER = re.compile(r"\s*[-+]?\d+(?:\.\d*)?\s*")


def _no_number(wrong: Literal["date_type", "time_type", "datetime_type"]) -> BeforeValidator:
    """It would be taken for the seconds since 1970, or for the milliseconds, by its size."""

    def reject_number(value: object) -> object:
        if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
            raise PydanticKnownError(wrong)
        return value

    return BeforeValidator(reject_number)


Day = Annotated[date, _no_number("date_type")]
"""A date, such as 2026-03-01, in whichever zone it is meant."""
TimeOfDay = Annotated[time, _no_number("time_type")]
"""A local time, such as 09:00."""


def _in_our_time(moment: datetime) -> datetime:
    """UTC to the millisecond, as stores keep it, and far from the ends of the calendar."""
    if not 1990 <= moment.year <= 2100:
        raise ValueError("not between 1990 and 2100")
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


Instant = Annotated[AwareDatetime, _no_number("datetime_type"), AfterValidator(_in_our_time)]
"""RFC 3339 with an offset, between 1990 and 2100; kept to the millisecond."""


def _in_the_time_zones(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        text = "must be an IANA name, such as Europe/Berlin"
        raise PydanticCustomError("time_zone_unknown", text) from None
    return name


TimeZone = Annotated[str, AfterValidator(_in_the_time_zones)]
"""An IANA name; another is refused with `time_zone_unknown`."""


def _no_other_kind(value: object) -> object:
    """`true` would be 1, and a cap of one lead."""
    if isinstance(value, bool | str):
        raise PydanticKnownError("int_type")
    return value


Flag = Annotated[bool, Strict()]
"""Neither 1 nor `yes` is one."""
WHOLE = BeforeValidator(_no_other_kind)
"""A number that is no text and no truth value; `10.0` is 10, as spreadsheets write it. It stands
behind the bounds, so that a schema has them."""


def category_id(value: object) -> object:
    """Category ids are numbers to people and texts to spreadsheets: 0101 and 101 are one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return value.lstrip("0") or "0"
    return value


CategoryId = Annotated[Id, BeforeValidator(category_id)]
"""An id; a number is its digits, and `0101` is `101`."""


class Part(BaseModel):
    """A piece of a command that describes something, whole."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, populate_by_name=True
    )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a lead ended as it did; `code` is closed, `text` quotes nothing of the record."""

    code: str
    text: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An allowed answer that is close to the given one; `near` is a matter of spelling only."""

    answer: str
    score: int
    """How alike both are, 0 to 100."""
    near: bool


@dataclass(frozen=True, slots=True)
class HeldAnswer:
    """An answer that is not allowed, with the allowed ones that come closest, best first."""

    question: str
    given: str
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question that is assigned to a category, and was not answered."""

    category: str
    question: str


LeadSource = Literal["affiliate", "organic"]
