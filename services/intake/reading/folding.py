"""By what intake compares words that people write: places, industries, titles, vocabularies.

What is looked up is a key that has one meaning: one that could mean two things means none.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from shared.folding import letters, spell_signs

K = TypeVar("K")

# Between digits a dot or a mark stands for something.
_DROPPED = re.compile(r"(?<!\d)[.'’`ʼ]|[.'’`ʼ](?!\d)")
_ASCII_OTHER = re.compile(r"[^0-9a-z+<>]+")
_MEANING_SIGNS = frozenset("+<>")
_FILLERS = {"and", "the"}


@lru_cache(maxsize=50_000)
def fold(text: str) -> str:
    """What is left when case, accents, punctuation and filler words are taken away; of what has
    nothing but punctuation, all of it."""
    bare = spell_signs(letters(text))
    plain = _DROPPED.sub("", bare)
    spaced = _ASCII_OTHER.sub(" ", plain) if plain.isascii() else _with_blanks(plain)
    words = spaced.split()
    # Never nothing at all: AND is the code of Andorra, and an empty key would match anything.
    kept = [word for word in words if word not in _FILLERS] or words or bare.split()
    return " ".join(kept)


def _with_blanks(plain: str) -> str:
    """Letters, digits and marks of all scripts stay."""
    return "".join(
        letter
        if letter.isalnum() or letter in _MEANING_SIGNS or unicodedata.category(letter)[0] == "M"
        else " "
        for letter in plain
    )


def unambiguous(pairs: Iterable[tuple[K, str]]) -> dict[K, str]:
    """Each key with what it means; one that has two meanings is left out."""
    found: dict[K, set[str]] = {}
    for key, meaning in pairs:
        found.setdefault(key, set()).add(meaning)
    return {key: meanings.pop() for key, meanings in found.items() if len(meanings) == 1}
