"""A company's name cut into tokens, each as it is written and as it is compared.

What holds a token together are dots, apostrophes, and the slash or the quotes in a legal form (A/S,
בע"מ); every other sign divides, and & is a word.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from shared.folding import Signs, compatible, spell_signs, words

_APOSTROPHES = re.compile("['’‘ʼ`´]")  # noqa: RUF001
# One letter each side, as in A/S.
_SLASH = re.compile(r"(?<![^\W_])([^\W\d_])/([^\W\d_])(?![^\W_])")
# Of a trade mark, and of Indian firms (Messrs).
_NOTHING = re.compile(r"[™℠®©]|\((?:r|tm|sm)\)|^\s*m/s\b\.?", re.IGNORECASE)
_BESIDE_LETTERS = re.compile(r"[™℠®©(/+#]")
_PLUS = re.compile(r"(?<=[^\W_])(?:\+| \+ )(?=[^\W_])")
_HEBREW_QUOTE = re.compile('(?<=[\u05d0-\u05ea])["״](?=[\u05d0-\u05ea])')
_AND = {"&": "and", "und": "and", "et": "and", "og": "and", "och": "and"}
_DIVIDED = Signs(kept=".&")


class Token(NamedTuple):
    written: str
    """Without dots at its end."""
    folded: str
    """Without any dots."""


_ASCII = re.compile(r"[A-Za-z0-9.]*[A-Za-z0-9][A-Za-z0-9.]*|&")


@lru_cache(maxsize=100_000)
def tokens(text: str) -> list[Token]:
    """Not to be changed by who gets it."""
    if _BESIDE_LETTERS.search(text):
        text = _PLUS.sub(" & ", _NOTHING.sub(" ", spell_signs(text)))
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
