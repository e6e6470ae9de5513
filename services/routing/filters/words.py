"""Words of titles, as filters compare them."""

from functools import lru_cache

from shared.folding import words

PHRASE_WORDS_MAX = 4
"""Longer phrases are not looked for."""


def phrase(text: str) -> str:
    return " ".join(words(text))


@lru_cache(maxsize=50_000)
def phrases(title: str) -> frozenset[str]:
    """All runs of words of a title: a phrase that is looked for is one of them or not there."""
    found = words(title)
    return frozenset(
        " ".join(found[begin:end])
        for begin in range(len(found))
        for end in range(begin + 1, min(begin + PHRASE_WORDS_MAX, len(found)) + 1)
    )
