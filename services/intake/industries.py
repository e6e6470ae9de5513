"""The code of an industry, however an affiliate names it."""

from collections.abc import Iterable
from functools import lru_cache

from services.intake.places import fold
from shared.contracts.industries import TABLE, is_industry


def unambiguous(labelled: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """From folded label to code; a label that stands for two codes is none."""
    found: dict[str, set[str]] = {}
    for code, labels in labelled:
        for label in labels:
            found.setdefault(fold(label), set()).add(code)
    return {label: codes.pop() for label, codes in found.items() if len(codes) == 1}


_CODES = unambiguous((code, labels) for code, _, labels in TABLE)


_URN = "urn:li:industry:"


@lru_cache(maxsize=20_000)
def industry(given: str) -> str | None:
    """INT-02: the code that is given, or that a label stands for."""
    given = given.removeprefix(_URN)
    if given.isascii() and given.isdigit():
        code = given.lstrip("0")
        return code if is_industry(code) else None
    return _CODES.get(fold(given))
