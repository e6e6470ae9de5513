"""What stands in a phone's cell: one number, or something that must not be taken for one.

Two numbers glued together, a date, or a number that a spreadsheet cut are, digit by digit, often
the valid number of another subscriber. So what is not plainly one number is unknown.
"""

import re
from collections.abc import Callable, Iterator

from shared.folding import words

# A whole number that became a fraction; nobody else sets one last zero off by a dot.
_FRACTION = re.compile(r"([+(]?\d+)[.,]0{1,2}")
_BROKEN = re.compile(
    r".*\d[.,]?\d*[eE][+-]?\d+"  # 4.93E+10
    r"|[+(]?\d{5,}[.,]\d{1,2}"  # 4930901820.5
    r"|(?:19|20)\d\d([./-])(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:[T ].*)?"  # a date
    r"|(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d"
    r"|[^0-9]*#+.*"  # ####, #NUM!
)
# What stands beside a number has to say what kind of number it is: else it may be somebody else's,
# out of use, a machine's, or not to be called.
_IN_FRONT = re.compile(r"[^\d+]*[^\W\d_][^\d+(]*")
_BEHIND = re.compile(r"(?<=\d)\D*[^\W\d_]\D*\Z")
_KINDS = frozenset(
    ("tel", "telf", "telephone", "telephon", "telefon", "telefono", "telefone", "telefoon", "tlf")
    + ("puhelin", "puh", "fon", "fone", "phone", "phones", "ph", "number", "num", "no", "nr")
    + ("numero", "nummer", "telefonnummer", "telefoonnummer", "telefonnr", "tlfnr", "rufnummer")
    + ("mobile", "mob", "mobil", "mobiel", "mobiltelefon", "mobilnummer", "handy", "handynummer")
    + ("cell", "cellular", "cellphone", "cel", "celular", "movil", "telemovel", "portable", "gsm")
    + ("natel", "cellulare", "matkapuhelin", "komorka", "mobilni", "cep", "sms", "whatsapp")
    + ("office", "work", "business", "direct", "direkt", "durchwahl", "did", "ddi", "dial", "line")
    + ("landline", "festnetz", "fixe", "fijo", "fisso", "fixo", "vast", "company", "home")
    + ("private", "privat", "prive", "personal", "main", "primary", "principal", "hq")
    + ("switchboard", "zentrale", "standard", "centralita", "contact", "my", "dienstlich")
    + ("geschaftlich", "buro", "bureau", "oficina", "ufficio", "trabajo", "casa", "type", "voice")
    + ("pref", "callto", "viber", "int", "intl", "international", "uk", "us", "usa")
    + ("n", "p", "t", "m", "c", "d", "h", "o", "w", "тел", "телефон", "моб", "мобильный", "раб")
    + (
        "рабочий",
        "电话",
        "手机",
        "電話",
        "携帯",
        "携帯電話",
        "전화",
        "휴대폰",
        "טלפון",
        "נייד",
        "هاتف",
        "جوال",
    )
)
"""Folded. `f` and `fax` are none."""
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


def one_number(text: str, read: Callable[[str], str | None]) -> str | None:
    """The number without extension and label; None where it may be two, or none, or nobody knows
    whose. `read` makes E.164 of a number by itself."""
    fraction = _FRACTION.fullmatch(text)
    if fraction:
        return fraction[1]
    if is_broken(text):
        return None
    if _VANITY.fullmatch(text):
        return text
    return _only_one(_bare(text), read)


def is_broken(text: str) -> bool:
    """A date, an error, or a number that lost digits."""
    return len(text) > LENGTH_MAX or _BROKEN.fullmatch(text) is not None


def _bare(text: str) -> str:
    found = _IN_FRONT.match(text)
    unlabelled = text[found.end() :] if found and _is_kind(found[0]) else text
    behind = _BEHIND.search(unlabelled)
    untrailed = unlabelled[: behind.start()] if behind and _is_kind(behind[0]) else unlabelled
    return _strip_ending(_EXTENSION, untrailed)


def _is_kind(label: str) -> bool:
    return _KINDS.issuperset(words(label))


def _strip_ending(ending: re.Pattern[str], text: str) -> str:
    """Without the ending, if it stands at the end, behind what may be a number."""
    for found in ending.finditer(text):
        if found.end() == len(text) and found.start() > 5:
            return text[: found.start()]
    return text


def _only_one(bare: str, read: Callable[[str], str | None]) -> str | None:
    """030/9018200 is one number, 030 1234 / 1235 may be two; one that stands there twice is one."""
    parts = [part for part in _TWO.split(bare) if part.strip()]
    numbers = [None if _LETTER.search(part) else read(part) for part in parts]
    if len(parts) > 1 and numbers[0] is not None:
        return parts[0] if len(set(numbers)) == 1 else None
    return None if _LETTER.search(bare) else bare


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
