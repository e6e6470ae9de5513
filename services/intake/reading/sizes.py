"""The number of employees as an interval, however it is written; what has two meanings is unknown.

Bands stay what they are, also those that no list of ours has.
"""

import re
from functools import lru_cache

from services.intake.reading.intervals import Ends, bare, in_one_spelling, shapes
from shared.contracts.lead_fields import Size

EMPLOYEES_MAX = 100_000_000

_GROUPED = r"\d{1,3}(?:[,.' ]\d{3}){1,3}"
_NUMBER = rf"({_GROUPED}|\d{{1,9}}(?: ?k)?|\d{{1,3}}[.,]\d{{1,2}} ?k)"
_UNITS = re.compile(
    r"\b(?:full[- ]time|ftes?|employees?|staff|people|ppl|persons?|workers?|headcount|size|members?"
    r"|mitarbeiter(?:innen)?|mitarbeitende[rn]?|beschäftigte|employés?|salariés?|personnes?"
    r"|empleados|trabajadores|dipendenti|funcionários|colaboradores|medewerkers|anställda|ansatte"
    r"|medarbejdere|työntekijää|pracowników|osób|zaměstnanců|angajați|çalışan|kişi|сотрудник(?:ов|а)?"
    r"|человека?|чел|працівників|nhân viên|người)\b|員工|员工|社員|[人名명]"
)
_OPEN_ENDS = {"以上": " or more", "이상": " or more", "以下": " or less", "이하": " or less"}
_OPEN_END = re.compile("|".join(_OPEN_ENDS))
_BELOW_OR_ABOVE = re.compile(r"(\d[\d,.]*) ?[人名명]? ?(未満|미만|초과)")
_ENUMERATED = re.compile(r"(?<=\d)_+(?=\d)")
"""As programs call a band: employees_51_200."""
_THOUSAND = re.compile(r"(\d) ?(?:thousand|tausend)\b")

_REMARK = re.compile(
    r"(?<=[\d+k]) ?\((?:micro|small|medium|large|mid[- ]?market|enterprise|sm[be]|start-?up"
    r"|linkedin|klein|mittel|groß)\)$"
)
"""What a band is called; behind a number there may stand a scale as well."""
_ONE = re.compile(r"self ?-?employed|myself only|just me|freelancer")


@lru_cache(maxsize=20_000)
def size(text: str) -> Size | None:
    """INT-02: an interval, or unknown."""
    plain = _plain(text)
    if _ONE.fullmatch(plain):
        return Size(1, 1)
    for shape, ends in shapes(_NUMBER):
        if found := shape.fullmatch(plain):
            numbers = [_count(part) for part in found.groups()]
            return None if _is_unclear(found.groups(), numbers) else _within(ends(*numbers))
    return None


def _plain(text: str) -> str:
    """Without units and without what stands in front, or around all of it."""
    plain = _THOUSAND.sub(r"\1k", in_one_spelling(_ENUMERATED.sub("-", text)))
    plain = _BELOW_OR_ABOVE.sub(lambda end: f"{'>' if end[2] == '초과' else '<'}{end[1]}", plain)
    if plain[:1] + plain[-1:] == "()":
        plain = plain[1:-1]
    plain = _REMARK.sub("", " ".join(_UNITS.sub(" ", plain).split()))
    return bare(_OPEN_END.sub(lambda end: _OPEN_ENDS[end[0]], plain))


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


def _within(read: Ends) -> Size | None:
    """No company has nobody, so a band from none begins at one."""
    high = EMPLOYEES_MAX if read.high is None else read.high
    low = 1 if read.low is None else read.low or min(1, high)
    return Size(low, read.high) if 1 <= low <= high <= EMPLOYEES_MAX else None
