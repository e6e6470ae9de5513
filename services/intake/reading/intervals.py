"""Intervals of numbers in words, whatever is counted: `51 to 200`, `over 50`, `50 or more`, `<50`.

What stands in for a number is the caller's, so that each kind of number may have its own spelling.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

_DASHES = re.compile(
    r"[‐‑‒–—−…&]|(?<=\d) ?[~～〜] ?(?=\d)|\.\.+"
    r"|\b(?:to|bis|through|thru|until|and|und|y|e|et|à|a|al|hasta|tot|til|till|do|до|đến)\b|\bt/m\b"
)
_APOSTROPHES = re.compile("[’‘ʼ`´]")
_UP_TO_FIRST = re.compile(r"^(?:up to|to|bis(?: zu)?|jusqu'à|hasta|tot|fino a|até|do|до|tối đa) ")
_COMPARES = (
    r"\b(?:than|over|above|under|below|least|most|from|up|als|über|unter|ab|de|que|di|do|od"
    r"|oltre|acima|nad|pod|ponad|yli)\b"
)
_SCALES = r"\b(?:hundreds?|thousands?|tausend|tsd|k|millions?)\b"
_BEFORE = re.compile(rf"(?!.*(?:{_COMPARES}|{_SCALES}).*[:(])[a-z][a-z &/-]*[:(] ?(.*?)\)?")

_MORE = (
    r"\+|(?:of meer|o più|ou mais|или более|eller flere?|trở lên)"
    r"|(?:-|en|e|i|a|и) (?:mehr|más|meer|più|oltre|mais|plus|więcej|více|более|больше)"
    r"|(?:or|-) (?:more|above|over|greater|higher|larger|upwards?)|- up|plus|oder mehr|o más"
    r"|ou plus"
)
_FEWER = r"(?:or|-) (?:less|fewer|lower|smaller)|or (?:under|below)|oder weniger|o menos|ou moins"
_ABOVE = (
    r">|(?:more|greater|higher|larger) than|(?:in )?excess of|exceeding|over|above|mehr als|über"
    r"|más de|plus de|più di|mais de|meer dan|fler än|över|flere enn|mere end|oltre|acima de"
    r"|powyżej|ponad|więcej niż|více než|nad|свыше|более|больше|yli|trên"
)
_FROM = (
    r">=|≥|at least|not? less than|no fewer than|min\.?|minimum|from|ab|desde|mindestens"
    r"|au moins|à partir de"
)
_BELOW = (
    r"<|less than|fewer than|under|below|weniger als|unter|menos de|moins de|meno di|minder dan"
    r"|färre än|færre enn|poniżej|mniej niż|méně než|pod|менее|меньше|dưới|少于|不足"
)
_UP_TO = r"<=|≤|max\.?|maximum|at most|not? more than|höchstens"
_BETWEEN = r"(?:between|from|zwischen|entre|von|de|da|van|från|desde|od|от|từ) "


class Ends(NamedTuple):
    """Both included; None is open."""

    low: int | None
    high: int | None


Shape = tuple[re.Pattern[str], Callable[..., Ends]]


@cache
def shapes(number: str) -> tuple[Shape, ...]:
    """Of a pattern of numbers, which is one group: how intervals of them are written, each with
    what it makes of its numbers."""
    found: list[tuple[str, Callable[..., Ends]]] = [
        (rf"(?:{_BETWEEN})?{number} ?-+ ?{number}", Ends),
        (rf"{number} ?(?:{_MORE})", lambda low: Ends(low, None)),
        (rf"(?:{_FROM}) ?{number}", lambda low: Ends(low, None)),
        (rf"(?:{_ABOVE}) ?{number}", lambda low: Ends(low + 1, None)),
        (rf"(?:{_BELOW}) ?{number}", lambda high: Ends(None, high - 1)),
        (rf"(?:{_UP_TO}) ?{number}", lambda high: Ends(None, high)),
        (rf"{number} ?(?:{_FEWER})", lambda high: Ends(None, high)),
        (number, lambda count: Ends(count, count)),
    ]
    return tuple((re.compile(shape), ends) for shape, ends in found)


def in_one_spelling(text: str) -> str:
    """Of apostrophes and case."""
    return _APOSTROPHES.sub("'", text.casefold().replace("_", " "))


def bare(text: str) -> str:
    """In one spelling of dashes, and without what stands in front of a colon or parenthesis."""
    dashed = _DASHES.sub("-", _UP_TO_FIRST.sub("<=", text.strip(), count=1))
    named = _BEFORE.fullmatch(dashed.strip())
    return " ".join((named[1] if named else dashed).split())
