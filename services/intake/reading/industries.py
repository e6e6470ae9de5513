"""The code of an industry, however an affiliate names it."""

from functools import lru_cache

from services.intake.reading.folding import fold, unambiguous
from shared.contracts.industries import TABLE, is_industry

_CODES = unambiguous((fold(label), code) for code, _, labels in TABLE for label in labels)
_URN = "urn:li:industry:"


@lru_cache(maxsize=20_000)
def industry(text: str) -> str | None:
    """INT-02: the code that is given, or that a label stands for."""
    text = text.removeprefix(_URN)
    if text.isascii() and text.isdigit():
        code = text.lstrip("0")
        return code if is_industry(code) else None
    return _CODES.get(fold(text))
