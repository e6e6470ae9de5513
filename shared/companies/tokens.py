"""A company's name cut into tokens, each as it is written and as it is compared.

What holds a token together are dots, apostrophes, and the slash or the quotes in a legal form (A/S,
בע"מ); every other sign divides, and & is a word.
"""

import re
from typing import NamedTuple

from shared.folding import Signs, compatible, words

_APOSTROPHES = re.compile("['’‘ʼ`´]")  # noqa: RUF001
# One letter each side, as in A/S.
_SLASH = re.compile(r"(?<![^\W_])([^\W\d_])/([^\W\d_])(?![^\W_])")
_HEBREW_QUOTE = re.compile('(?<=[\u05d0-\u05ea])["״](?=[\u05d0-\u05ea])')
_AND = {"&": "and", "und": "and"}
_DIVIDED = Signs(kept=".&")


class Token(NamedTuple):
    written: str
    """Without dots at its end."""
    folded: str
    """Without any dots."""


_ASCII = re.compile(r"[A-Za-z0-9.]*[A-Za-z0-9][A-Za-z0-9.]*|&")


def tokens(text: str) -> list[Token]:
    if text.isascii() and text.isprintable():
        plain = _SLASH.sub(r"\1\2", _APOSTROPHES.sub("", text))
        return [_ascii_token(part) for part in _ASCII.findall(plain)]
    plain = _SLASH.sub(r"\1\2", _HEBREW_QUOTE.sub("", _APOSTROPHES.sub("", compatible(text))))
    parts = plain.replace("&", " & ").translate(_DIVIDED).split()
    return [token for part in parts if (token := _token(part)).folded]


def _ascii_token(part: str) -> Token:
    written, lower = part.strip("."), part.lower()
    return Token(written, _AND.get(lower) or lower.replace(".", ""))


def _token(part: str) -> Token:
    written = part.strip(".")
    folded = _AND.get(written.lower()) or "".join(words(written.replace(".", "")))
    return Token(written, folded)
