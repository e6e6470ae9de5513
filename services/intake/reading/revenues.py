"""A year's revenue as an interval of whole units of one currency, however it is written.

Nothing is converted. What has two meanings is unknown: an amount without a currency, `1.250 Mio`,
or a number so small that it must be told in thousands or millions.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from services.intake.reading.intervals import Ends, bare, in_one_spelling, shapes
from shared.contracts.lead_fields import Revenue
from shared.money import CURRENCIES

AMOUNT_MAX = 10**15
LENGTH_MAX = 100
"""No amount is longer, and what is costs time."""
DIGITS_MAX = 18
"""Of one number: so many are exact in any arithmetic that is done here."""
LEAST = 1000
"""What is less was told in thousands or millions, by a header that is not here."""

NOT_UNDERSTOOD = "is not in a known format"
NO_CURRENCY = "names no currency, and neither does the mapping"
SEVERAL = "names several currencies, or a sign that may be any of several"
TOO_SMALL = "is less than a thousand, as if it were told in thousands or millions"

# By sign, which currencies it stands for. The first is meant where nothing says otherwise, as in
# English (CLDR): a dollar of another country is written with that country. A sign that nobody can
# tell begins with none.
_SIGNS: Mapping[str, tuple[str, ...]] = {
    "$": ("USD", *("CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU")),
    "£": ("GBP", "EGP", "LBP"),
    "¥": ("JPY", "CNY"),
    "kr": ("", "SEK", "NOK", "DKK", "ISK"),
    "rs": ("", "INR", "PKR", "LKR", "NPR", "MUR"),
}
_OF_ONE: Mapping[str, str] = {
    **dict.fromkeys(("us$", "us $", "u.s.$", "u.s. $", "$us"), "USD"),
    **dict.fromkeys(("us dollar", "us dollars"), "USD"),
    **dict.fromkeys(("ca$", "c$"), "CAD"),
    **dict.fromkeys(("au$", "a$"), "AUD"),
    **dict.fromkeys(("sg$", "s$"), "SGD"),
    "nz$": "NZD",
    "hk$": "HKD",
    "nt$": "TWD",
    "mx$": "MXN",
    "r$": "BRL",
    **dict.fromkeys(("€", "euro", "euros"), "EUR"),
    **dict.fromkeys(("sterling", "pounds sterling"), "GBP"),
    **dict.fromkeys(("cn¥", "rmb"), "CNY"),
    **dict.fromkeys(("fr", "fr.", "sfr", "sfr."), "CHF"),
    "₹": "INR",
    "₩": "KRW",
    "₺": "TRY",
    "₪": "ILS",
    "zł": "PLN",
    "kč": "CZK",
}
_AS_SIGNS = {"dollar": "$", "dollars": "$", "pound": "£", "pounds": "£", "kr.": "kr"}
_AS_SIGNS |= dict.fromkeys(("rs.", "₨", "rupee", "rupees"), "rs")
_MEANT: Mapping[str, tuple[str, ...]] = {
    **_SIGNS,
    **{word: _SIGNS[sign] for word, sign in _AS_SIGNS.items()},
    **{sign: (code,) for sign, code in _OF_ONE.items()},
}
_IN_ANY_CASE = {code.casefold() for codes in _MEANT.values() for code in codes} - {"", "try"}


def _pattern(words: Iterable[str]) -> str:
    """The longest first, each not inside another word."""
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(
        ("(?<![^\\W\\d_])" if one[0].isalpha() else "")
        + re.escape(one)
        + ("(?![^\\W\\d_])" if one[-1].isalpha() else "")
        for one in longest_first
    )


# 500 T€ and 500 TEUR are thousands, 5 MEUR and 5 mkr millions.
_GLUED = re.compile(r"(?<![A-Za-z])([TtKkMm])(?=€|EUR|USD|GBP|CHF|SEK|NOK|DKK|kr\b)")
_SIGN = re.compile(f"(?i:{_pattern([*_MEANT, *_IN_ANY_CASE])})|{_pattern(CURRENCIES)}")
_PERIOD = re.compile(
    r"\b(?:annual(?:ly)?|yearly|per (?:year|annum)|p\. ?a\.|pa|revenues?|turnover|sales|in"
    r"|jahresumsatz|umsatz|chiffre d'affaires|fatturato|facturación|omzet)(?!\w)"
    r"|/ ?(?:year|yr|a)\b"
)
_GONE = "\0"
"""In the place of what was taken out: 5 EUR 500 are two numbers, and not 5,500."""
_JOINED = re.compile(rf"\d[ {_GONE}]*{_GONE}[ {_GONE}]*\d")
_EMPTY = re.compile(r"[(\[] *[)\]]")
# What stands in front of a colon or a parenthesis may be of other units (in thousands), of another
# span of time (MRR) or no revenue at all (funding). These are none of that.
_LABELLED = re.compile(r"[ (]*([^\W\d_][^\d:(]*)[:(]")
_LABEL = re.compile(
    r"(?:\b(?:arr|band|bracket|business|category|class|company|corporate|enterprise|est|estimated?"
    r"|global|gross|group|large|medium|micro|mid|midmarket|market|midsize|range|sized?|sme|smb"
    r"|small|startup|tier|total|very|worldwide|gesamt|groß|klein|mittel|mittelstand)\b[ .&/-]*)*"
)
_NO_CENTS = re.compile(r"(?<=\d)[,.][-–—]{1,2}(?! *\d)")

_POWERS: Mapping[str, int] = {
    **dict.fromkeys(("k", "thousand", "tausend", "tsd"), 3),
    **dict.fromkeys(("lakh", "lakhs", "lac"), 5),
    **dict.fromkeys(("m", "mm", "mn", "mln", "mio", "mill", "million", "millions"), 6),
    **dict.fromkeys(("millionen", "millones", "millón", "milhões", "milioni", "miljoen"), 6),
    **dict.fromkeys(("crore", "crores", "cr"), 7),
    **dict.fromkeys(("b", "bn", "bil", "billion", "billions", "mrd", "mld", "md", "mds", "mia"), 9),
    **dict.fromkeys(("milliard", "milliards", "milliarde", "milliarden", "miliardi"), 9),
    **dict.fromkeys(("tn", "trn", "trillion", "trillions"), 12),
}
# Short for million with its point only: ten thousand are "diez mil".
_SHORT, _MILLIONS = "mil.", 6
_TIMES = rf"(?:(?:{'|'.join(sorted(_POWERS, key=len, reverse=True))})\b\.?|mil\.)"
_NUMBER = rf"(\d(?:[\d,.' ]*\d)?(?: ?{_TIMES})?)"
_PARTS = re.compile(rf"([\d,.' ]*\d) ?({_TIMES})?")
_PLUS_INSIDE = re.compile(rf"(\d) ?\+ ?({_TIMES})")
# Also by lakhs and crores: 1,23,45,678.
_GROUPED = re.compile(r"\d{1,3}(?:([,.' ])\d{3})(?:\1\d{3})*|\d{1,2}(?:,\d{2})+,\d{3}")


class Read(NamedTuple):
    """What a text says of a revenue, or why nobody can tell."""

    revenue: Revenue | None
    why: str = ""


class _Number(NamedTuple):
    digits: Decimal
    power: int

    def whole(self) -> int:
        """Half a unit counts as one."""
        return int(self.digits.scaleb(self.power).to_integral_value(ROUND_HALF_UP))


@lru_cache(maxsize=20_000)
def revenue(text: str, currency: str | None = None) -> Read:
    """INT-02: `currency` is the mapping's: of an amount that names none, or a sign of several."""
    signs, plain = _split_currency(text) if len(text) <= LENGTH_MAX else ([], "")
    ends = _ends(plain)
    if ends is None:
        return Read(None, NOT_UNDERSTOOD)
    if min(end for end in ends if end) < LEAST:
        return Read(None, TOO_SMALL)
    if not signs and currency is None:
        return Read(None, NO_CURRENCY)
    found = _currency(signs, currency)
    return Read(Revenue(found, ends.low or 0, ends.high)) if found else Read(None, SEVERAL)


def _split_currency(text: str) -> tuple[list[str], str]:
    """The currency's signs and codes, and what is left without them."""
    whole = _NO_CENTS.sub("", text)
    apart = _GLUED.sub(lambda glued: f"{glued[1].replace('T', 'k').replace('t', 'k')} ", whole)
    signs = [sign.casefold() for sign in _SIGN.findall(apart)]
    marked = _PERIOD.sub(_GONE, in_one_spelling(_SIGN.sub(_GONE, apart)))
    if _JOINED.search(marked):
        return signs, ""
    lower = marked.replace(_GONE, " ")
    plain = _PLUS_INSIDE.sub(r"\1 \2+", _EMPTY.sub(" ", lower).strip(" :"))
    return signs, bare(plain) if _is_labelled_plainly(plain) else ""


def _is_labelled_plainly(plain: str) -> bool:
    label = _LABELLED.match(plain)
    return label is None or bool(_LABEL.fullmatch(label[1]))


def _currency(signs: Iterable[str], usual: str | None) -> str | None:
    """The one that all signs may stand for."""
    meant = [_MEANT.get(sign) or (sign.upper(),) for sign in signs] or [(usual or "",)]
    common = set.intersection(*map(set, meant)) - {""}
    if usual in common or len(common) == 1:
        return usual if usual in common else common.pop()
    return next((codes[0] for codes in meant if codes[0] in common), None)


def _ends(plain: str) -> Ends | None:
    """Both in whole units; None where what is written is no amount, or may be two."""
    for shape, ends in shapes(_NUMBER):
        if found := shape.fullmatch(plain):
            numbers = [_number(part) for part in found.groups()]
            amounts = _amounts([number for number in numbers if number])
            return _within(ends(*amounts)) if len(amounts) == len(numbers) else None
    return None


def _number(part: str) -> _Number | None:
    found = _PARTS.fullmatch(part)
    if found is None:
        return None
    word = found[2] or ""
    power = _MILLIONS if word == _SHORT else _POWERS.get(word.rstrip("."), 0)
    digits = _digits(found[1], has_power=power > 0)
    return None if digits is None else _Number(digits, power)


def _digits(written: str, has_power: bool) -> Decimal | None:
    """Which marks group digits, and which one is the decimal mark."""
    marks = re.sub(r"\d", "", written)
    if len(written) - len(marks) > DIGITS_MAX:
        return None
    if not marks:
        return Decimal(written)
    whole, mark, decimals = written.rpartition(marks[-1])
    if _GROUPED.fullmatch(written) and not written.startswith("0"):
        # 1.250 Mio may be one million and a quarter, or more than a thousand.
        is_unclear = has_power and len(marks) == 1 and mark in ",."
        return None if is_unclear else Decimal(re.sub(r"\D", "", written))
    is_grouped = bool(_GROUPED.fullmatch(whole)) and marks[0] != mark
    if mark in ",." and (whole.isdigit() or is_grouped):
        return Decimal(f"{re.sub(r'[^0-9]', '', whole)}.{decimals}")
    return None


def _amounts(numbers: list[_Number]) -> list[int]:
    """10-50M are millions both. 500-1M may begin at five hundred or at half a million, and
    2,000-3,000M at two thousand of either."""
    if len(numbers) == 2 and numbers[1].power and not numbers[0].power:
        low, high = numbers
        is_small, is_less = low.digits < LEAST, low.digits <= high.digits
        if is_small and is_less:
            numbers = [low._replace(power=high.power), high]
        elif is_small or is_less:
            return []
    return [number.whole() for number in numbers]


def _within(read: Ends) -> Ends | None:
    """An interval that says something."""
    low, high = read.low or 0, read.high
    is_empty = high is not None and high < low
    says_nothing = not low and not high
    is_absurd = max(low, high or 0) > AMOUNT_MAX
    return None if is_empty or says_nothing or is_absurd else Ends(low, high)
