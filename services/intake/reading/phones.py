"""Phone numbers to E.164, just as phonenumbers reads them, but sooner.

Nearly every row has a number that was never seen before, and the library takes longer for it than
all the rest of a row takes. So what is cleanly written is read here, by the library's own patterns
put together once per calling code; whatever is doubtful is left to the library, once `dialling` has
made sure that it is one number and nothing else.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import phonenumbers

from services.intake.reading import dialling

Pattern = re.Pattern[str]

# None of these can begin an extension or stand for a digit, so all but the digits can go. A slash,
# and a last group of one or two digits behind a dot, may mean something else, and so may a date.
_DATE = r"(?:19|20)\d\d([.-])\d\d\1\d\d|\d\d?([.-])\d\d?\2(?:19|20)\d\d"
_CLEAN = re.compile(rf"(?!(?:{_DATE})\Z)(?:\+?[0-9 ()-]{{5,40}}|\+?[0-9 ().-]{{5,37}}[0-9]{{3}})")
_SEPARATORS = str.maketrans("", "", "+ ()./-")
_NO_DIGIT = re.compile(r"\D")
_NEVER = "(?!)"
_NEVER_DIAL_00 = (1, 61)
"""Calling codes of North America and Australia; elsewhere 00 may be the way to a carrier."""

_REGIONS = {
    str(code): regions
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()
    if regions[0] in phonenumbers.SUPPORTED_REGIONS
}
_CALLING_CODE = re.compile("|".join(_REGIONS))

_KINDS = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip"),
    *("personal_number", "pager", "uan", "voicemail"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What numbers there are behind a calling code, in all the regions that share it."""

    calling_code: str
    trunk: Pattern
    regions: tuple[tuple[Pattern | None, Pattern], ...]
    """The leading digits that settle the region, if any do, and the numbers that are valid in it"""

    def holds(self, number: str) -> bool:
        for leading, valid in self.regions:
            if leading is None:
                if valid.fullmatch(number):
                    return True
            elif leading.match(number):
                return valid.fullmatch(number) is not None
        return False


@dataclass(frozen=True, slots=True)
class Country:
    """How one dials within a country."""

    plan: Plan
    abroad: Pattern
    trunk: Pattern
    rewrites: bool
    """What the last group of the trunk prefix found stays, rearranged (Argentina's mobile 15)."""
    possible: Pattern


@lru_cache(maxsize=20_000)
def phone(text: str, country: str | None) -> str | None:
    """INT-02: E.164, read as a national number of the lead's country where it is not international;
    unknown rather than the number of another subscriber."""
    if not text:
        return None
    read = split(text, country)
    if read is None:
        return _doubtful(text, country)
    plan, number = read
    if text[0] == "+" and plan is not _own_plan(country) and may_lack_its_code(text, country):
        return None
    found = f"+{plan.calling_code}{number}" if plan.holds(number) else None
    return found or _doubtful(text, country)


def _doubtful(text: str, country: str | None) -> str | None:
    number = dialling.one_number(text, lambda part: by_the_library(part, country))
    if number is None or may_lack_its_code(number, country):
        return None
    found = without_plus(number, country) or by_the_library(_with_plus(number, country), country)
    if found and may_be_international(number, country, found):
        return None
    for older in () if found else dialling.without_older_prefixes(number, country):
        found = found or by_the_library(older, country)
    return found


def may_lack_its_code(text: str, country: str | None) -> bool:
    """Programs put a plus before a number as it is dialled within its country: +647 505 2806 may be
    Toronto's, or a number in New Zealand (+64). That is seen where one dials ten digits (North
    America), or an 8 in front; elsewhere true numbers of neighbours would be lost."""
    if country is None or text.lstrip(" (")[:1] != "+":
        return False
    trunk = _dialled_first(country)
    if not trunk:
        return False
    digits = _NO_DIGIT.sub("", text)
    # A 1 is the calling code itself; an 8 has to be there.
    if (digits[:1] == trunk) != (trunk == "8"):
        return False
    read = _national(digits, country)
    return read is not None and read[0].holds(read[1])


@cache
def _own_plan(region: str | None) -> Plan | None:
    """Behind its own calling code no number lacks one."""
    return _country(str(region)).plan if region in phonenumbers.SUPPORTED_REGIONS else None


@cache
def _dialled_first(region: str) -> str:
    """1 or 8, where a plus before a number as it is dialled makes another one of it."""
    known = region in phonenumbers.SUPPORTED_REGIONS
    trunk = _data(region).national_prefix if known else None
    return trunk if trunk in ("1", "8") else ""


def without_plus(number: str, country: str | None) -> str | None:
    """49 162 … is a mobile number in Germany, and no fixed line of an area 4916. In 49 (0) 30 … the
    sign tells that a calling code is in front."""
    digits = _NO_DIGIT.sub("", number)
    if not begins_with_its_code(number, digits, country):
        return None
    found = by_the_library(f"+{digits}", None)
    if dialling.has_trunk_sign(number):
        return found
    kind = found and phonenumbers.number_type(phonenumbers.parse(found))
    return found if kind == phonenumbers.PhoneNumberType.MOBILE else None


def _with_plus(number: str, country: str | None) -> str:
    """Most of the world dials 00 before a calling code, and writes it for whoever dials another;
    no number there begins so."""
    bare = number.lstrip(" (")
    if not bare.startswith("00") or country not in phonenumbers.SUPPORTED_REGIONS:
        return number
    return f"+{bare[2:]}" if _data(str(country)).country_code in _NEVER_DIAL_00 else number


def may_be_international(number: str, country: str | None, found: str) -> bool:
    """49 030 … is +49 30 … to whoever lost the plus, and may be an area 4903 as well: behind a
    calling code nobody dials a trunk prefix that another number has there."""
    digits = _NO_DIGIT.sub("", number)
    if not begins_with_its_code(number, digits, country):
        return False
    plan = _country(str(country)).plan
    behind = digits.removeprefix(plan.calling_code)
    trunk = _data(str(country)).national_prefix
    otherwise = by_the_library(f"+{digits}", None) if trunk and behind.startswith(trunk) else None
    return otherwise not in (None, found)


def begins_with_its_code(number: str, digits: str, country: str | None) -> bool:
    """Without its plus."""
    if "+" in number or country not in phonenumbers.SUPPORTED_REGIONS:
        return False
    return digits.startswith(str(_data(str(country)).country_code))


def by_the_library(text: str, country: str | None) -> str | None:
    """E.164 has no extension: with one, the number in front of it is meant."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def split(text: str, country: str | None) -> tuple[Plan, str] | None:
    """The plan and the number within it, if there is but one way to read what is given."""
    if not _CLEAN.fullmatch(text):
        return None
    digits = text.translate(_SEPARATORS)
    if text[0] == "+":
        return _international(digits)
    return _national(digits, country) if country in phonenumbers.SUPPORTED_REGIONS else None


def _international(digits: str) -> tuple[Plan, str] | None:
    code = _CALLING_CODE.match(digits)
    if not code:
        return None
    plan, number = _plan(code[0]), digits[code.end() :]
    # A trunk prefix has no place here, though people write +44 (0)20.
    return None if plan.trunk.match(number) else (plan, number)


def _national(digits: str, region: str) -> tuple[Plan, str] | None:
    country = _country(region)
    if digits.startswith(country.plan.calling_code) or country.abroad.match(digits):
        return None
    trunk = country.trunk.match(digits)
    if not trunk:
        return country.plan, digits
    number = digits[trunk.end() :]
    rewritten = country.rewrites and trunk[trunk.re.groups] is not None
    return None if rewritten or not country.possible.fullmatch(number) else (country.plan, number)


@cache
def _plan(calling_code: str) -> Plan:
    regions = [_data(region) for region in _REGIONS[calling_code]]
    return Plan(
        calling_code,
        re.compile(regions[0].national_prefix_for_parsing or _NEVER),
        tuple((_leading(data), _valid(data)) for data in regions),
    )


@cache
def _country(region: str) -> Country:
    data = _data(region)
    return Country(
        _plan(str(data.country_code)),
        re.compile(data.international_prefix or _NEVER),
        re.compile(data.national_prefix_for_parsing or _NEVER),
        bool(data.national_prefix_transform_rule),
        re.compile(_numbers(data.general_desc)),
    )


def _data(region: str) -> Any:
    return phonenumbers.PhoneMetadata.metadata_for_region(region)


def _leading(data: Any) -> Pattern | None:
    return re.compile(data.leading_digits) if data.leading_digits else None


def _valid(data: Any) -> Pattern:
    """Possible at all, and of a kind that is known."""
    kinds = [getattr(data, kind) for kind in _KINDS]
    known = dict.fromkeys(_numbers(kind) for kind in kinds if kind and kind.national_number_pattern)
    return re.compile(rf"(?={_numbers(data.general_desc)}\Z)(?:{'|'.join(known) or _NEVER})")


def _numbers(kind: Any) -> str:
    lengths = "|".join(rf"\d{{{length}}}" for length in kind.possible_length) or r"\d*"
    return rf"(?=(?:{lengths})\Z)(?:{kind.national_number_pattern})"
