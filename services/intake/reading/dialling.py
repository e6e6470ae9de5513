"""What stands in a phone's cell: one number, or something that must not be taken for one.

Two numbers glued together, a date, or a number that a spreadsheet cut are, digit by digit, often
the valid number of another subscriber. So what is not plainly one number is unknown.
"""

import re
from collections.abc import Callable, Iterator

# A whole number that became a fraction; nobody else sets one last zero off by a dot.
_FRACTION = re.compile(r"([+(]?\d+)[.,]0{1,2}")
_BROKEN = re.compile(
    r".*\d[.,]?\d*[eE][+-]?\d+"  # 4.93E+10
    r"|[+(]?\d{5,}[.,]\d{1,2}"  # 4930901820.5
    r"|(?:19|20)\d\d([./-])(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:[T ].*)?"  # a date
    r"|(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d"
    r"|[^0-9]*#+.*"  # ####, #NUM!
)
_LABEL = re.compile(r"\(?[^\W\d_][^\d+(]{0,30}(?=[+(\d])")
_NOT_TO_CALL = re.compile(
    r"\b(?:dnc|do not (?:call|contact|use)|don'?t call|no calls?|opt(?:ed)?[- ]?out|wrong number"
    r"|nicht anrufen|falsche nummer|ne pas appeler|no llamar)\b",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"[ ,]*\(?\b(?:home|work|office|business|direct|mobile|mob|cell|private|main|fax|tel)\b\.?\)?"
    r"|[ ,]*\([cdhmow]\)",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"[ ,;./-]*(?:\(? ?(?:extension|ext|extn|xtn|ex|x|#|int|anexo|interno|ramal|poste|durchwahl|dw"
    r"|app|apt|доб|toestel|tst|intern|anknytning)[.:=]* ?#?\d{1,7} ?\)?|,+\d{1,7}#?)",
    re.IGNORECASE,
)
_TWO = re.compile(r"[/|;,&]|\b(?:or|and|oder|und|ou|et|o|y)\b", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_VANITY = re.compile(r"(?:\+?1[-. ]?)?\(?8\d\d\)?[-. ]?[A-Z\d-]{7,12}")

LENGTH_MAX = 80

_TRUNK = re.compile(r"\(0\d?\)")
# Mexico gave up the 1 of mobiles, and 01, 044 and 045 before national numbers, in 2019.
_TEN_DIGITS = r"(?=(?:\D*\d){10}$)"
_MEXICO_ABROAD = re.compile(rf"\+?52 ?-?1{_TEN_DIGITS}")
_MEXICO_WITHIN = re.compile(rf"(?:01|04[45]|1){_TEN_DIGITS}")


def one_number(text: str, is_number: Callable[[str], bool]) -> str | None:
    """The number without extension and label; None where it may be two, or none, or is not to be
    called."""
    fraction = _FRACTION.fullmatch(text)
    if fraction:
        return fraction[1]
    if is_broken(text) or _NOT_TO_CALL.search(text):
        return None
    if _VANITY.fullmatch(text):
        return text
    bare = _bare(text)
    if _LETTER.search(bare) or _is_two(bare, is_number):
        return None
    return bare


def is_broken(text: str) -> bool:
    """A date, an error, or a number that lost digits."""
    return len(text) > LENGTH_MAX or _BROKEN.fullmatch(text) is not None


def _bare(text: str) -> str:
    unlabelled = _LABEL.sub("", text, count=1) if _LABEL.match(text) else text
    untrailed = _strip_ending(_TRAILING, unlabelled)
    return _strip_ending(_EXTENSION, untrailed)


def _strip_ending(ending: re.Pattern[str], text: str) -> str:
    """Without the ending, if it stands at the end, behind what may be a number."""
    for found in ending.finditer(text):
        if found.end() == len(text) and found.start() > 5:
            return text[: found.start()]
    return text


def _is_two(bare: str, is_number: Callable[[str], bool]) -> bool:
    """030/9018200 is one number, 030 1234 / 1235 may be two."""
    first, *others = _TWO.split(bare)
    return bool(others) and is_number(first)


def has_trunk_sign(number: str) -> bool:
    return _TRUNK.search(number) is not None


def without_older_prefixes(number: str, country: str | None) -> Iterator[str]:
    """As it is dialled today, where it was written as it was dialled once."""
    if _TRUNK.search(number):
        yield _TRUNK.sub("", number)
    if _MEXICO_ABROAD.match(number):
        yield _MEXICO_ABROAD.sub("+52 ", number, count=1)
    elif country == "MX" and _MEXICO_WITHIN.match(number):
        yield _MEXICO_WITHIN.sub("", number, count=1)
