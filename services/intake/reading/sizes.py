"""The number of employees as an interval, however it is written; what has two meanings is unknown.

Bands stay what they are, also those that no list of ours has.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from shared.contracts.lead_fields import Size

EMPLOYEES_MAX = 100_000_000

_GROUPED = r"\d{1,3}(?:[,.' ]\d{3}){1,3}"
_NUMBER = rf"({_GROUPED}|\d{{1,9}}(?: ?k)?|\d{{1,3}}[.,]\d{{1,2}} ?k)"
_APOSTROPHES = re.compile("[’‘ʼ`´]")
_DASHES = re.compile(
    r"[‐‑‒–—−…&]|(?<=\d) ?~ ?(?=\d)|\.\.+"
    r"|\b(?:to|bis|through|thru|until|and|und|y|e|et|à|a|al|hasta|tot|til|till|do)\b"
)
_UP_TO_FIRST = re.compile(r"^(?:up to|to|bis(?: zu)?|jusqu'à|hasta|tot|fino a|até) ")
_UNITS = re.compile(
    r"\b(?:full[- ]time|ftes?|employees?|staff|people|ppl|persons?|workers?|headcount|size|members?"
    r"|mitarbeiter(?:innen)?|mitarbeitende[rn]?|beschäftigte|employés?|salariés?|personnes?"
    r"|empleados|trabajadores|dipendenti|funcionários|colaboradores|medewerkers|anställda)\b"
)
_COMPARES = r"\b(?:than|over|above|under|below|least|most|from|up|als|über|unter|ab|de|que|di|do)\b"
_BEFORE = re.compile(rf"(?!.*{_COMPARES}.*[:(])[a-z][a-z &/-]*[:(] ?(.*?)\)?")
_THOUSAND = re.compile(r"(\d) ?(?:thousand|tausend)\b")

_MORE = r"\+|or more|- more|or above|- above|- up|or over|- over|plus|oder mehr|o más|ou plus"
_FEWER = r"or less|or fewer|or under|oder weniger|- less|- fewer|o menos|ou moins"
_ABOVE = r">|more than|over|above|mehr als|über|más de|plus de|più di|mais de|meer dan|fler än"
_FROM = r">=|≥|at least|min\.?|minimum|from|ab|desde|mindestens|au moins|à partir de"
_BELOW = (
    r"<|less than|fewer than|under|below|weniger als|unter|menos de|moins de|meno di|minder dan"
)
_UP_TO = r"<=|≤|max\.?|maximum|at most|höchstens"
_BETWEEN = r"(?:between|from|zwischen|entre|von|de|da|van|från|desde) "

_SHAPES: list[tuple[re.Pattern[str], Callable[..., Size]]] = [
    (re.compile(r"self ?-?employed|myself only|just me|freelancer"), lambda: Size(1, 1)),
    (re.compile(rf"(?:{_BETWEEN})?{_NUMBER} ?-+ ?{_NUMBER}"), lambda low, high: Size(low, high)),
    (re.compile(rf"{_NUMBER} ?(?:{_MORE})"), lambda low: Size(low)),
    (re.compile(rf"(?:{_FROM}) ?{_NUMBER}"), lambda low: Size(low)),
    (re.compile(rf"(?:{_ABOVE}) ?{_NUMBER}"), lambda low: Size(low + 1)),
    (re.compile(rf"(?:{_BELOW}) ?{_NUMBER}"), lambda high: Size(1, high - 1)),
    (re.compile(rf"(?:{_UP_TO}) ?{_NUMBER}"), lambda high: Size(1, high)),
    (re.compile(rf"{_NUMBER} ?(?:{_FEWER})"), lambda high: Size(1, high)),
    (re.compile(_NUMBER), lambda count: Size(count, count)),
]


@lru_cache(maxsize=20_000)
def size(given: str) -> Size | None:
    """INT-02: an interval, or unknown."""
    plain = _plain(given)
    for shape, interval in _SHAPES:
        if found := shape.fullmatch(plain):
            numbers = [_count(part) for part in found.groups()]
            return None if _is_unclear(found.groups(), numbers) else _within(interval(*numbers))
    return None


def _plain(given: str) -> str:
    """In one spelling of dashes and marks, without units and without what stands in front."""
    lower = _APOSTROPHES.sub("'", given.casefold().replace("_", " "))
    bare = _UNITS.sub(" ", _THOUSAND.sub(r"\1k", lower))
    dashed = _DASHES.sub("-", _UP_TO_FIRST.sub("<=", bare.strip(), count=1))
    named = _BEFORE.fullmatch(dashed.strip())
    return " ".join((named[1] if named else dashed).split())


def _count(part: str) -> int:
    """Of thousands a fraction counts; in other numbers every mark only groups digits."""
    if not part.endswith("k"):
        return int(re.sub(r"\D", "", part))
    return round(float(part.removesuffix("k").replace(",", ".").strip()) * 1000)


def _is_unclear(parts: tuple[str, ...], numbers: list[int]) -> bool:
    """1-5k may begin at one or at a thousand."""
    return (
        len(parts) == 2
        and parts[1].endswith("k")
        and not parts[0].endswith("k")
        and numbers[0] * 1000 < numbers[1]
    )


def _within(read: Size) -> Size | None:
    """No company has nobody, so a band from none begins at one."""
    high = EMPLOYEES_MAX if read.max is None else read.max
    low = read.min or min(1, high)
    return Size(low, read.max) if 1 <= low <= high <= EMPLOYEES_MAX else None
