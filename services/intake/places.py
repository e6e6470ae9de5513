"""Countries and subdivisions as people write them, to ISO 3166 codes.

Everything is looked up in dictionaries that are built once; what is not found, or names two places,
is unknown.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TypeVar

import pycountry

from shared.contracts.values import Place
from shared.folding import letters

K = TypeVar("K")

ALIASES = {
    "usa": "US",
    "america": "US",
    "united states of america": "US",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "deutschland": "DE",
    "osterreich": "AT",
    "schweiz": "CH",
    "suisse": "CH",
    "espana": "ES",
    "italia": "IT",
    "nederland": "NL",
    "holland": "NL",
    "belgie": "BE",
    "belgique": "BE",
    "danmark": "DK",
    "sverige": "SE",
    "norge": "NO",
    "suomi": "FI",
    "polska": "PL",
    "brasil": "BR",
    "mexico": "MX",
    "russia": "RU",
    "czech republic": "CZ",
    "turkey": "TR",
    "uae": "AE",
    "ivory coast": "CI",
}

# Between digits a dot or a mark stands for something.
_DROPPED = re.compile(r"(?<!\d)[.'’`ʼ]|[.'’`ʼ](?!\d)")
_ASCII_OTHER = re.compile(r"[^0-9a-z+<>]+")
_MEANING_SIGNS = frozenset("+<>")
_FILLERS = {"and", "the"}


@lru_cache(maxsize=50_000)
def fold(text: str) -> str:
    """What is left when case, accents, punctuation and filler words are taken away; of what has
    nothing but punctuation, all of it."""
    bare = letters(text)
    plain = _DROPPED.sub("", bare)
    spaced = _ASCII_OTHER.sub(" ", plain) if plain.isascii() else _spaced(plain)
    words = spaced.split()
    # Never nothing at all: AND is the code of Andorra, and an empty key would match anything.
    kept = [word for word in words if word not in _FILLERS] or words or bare.split()
    return " ".join(kept)


def _spaced(plain: str) -> str:
    """Letters, digits and marks of all scripts stay."""
    return "".join(
        letter
        if letter.isalnum() or letter in _MEANING_SIGNS or unicodedata.category(letter)[0] == "M"
        else " "
        for letter in plain
    )


def _country_names() -> Iterator[tuple[str, str]]:
    for row in pycountry.countries:
        for name in ("alpha_2", "alpha_3", "name", "official_name", "common_name"):
            if text := getattr(row, name, None):
                yield fold(text), row.alpha_2


def _subdivision_names() -> Iterator[tuple[tuple[str, str], str]]:
    for row in pycountry.subdivisions:
        country, suffix = row.code.split("-", 1)
        for text in {row.name, suffix, row.code}:
            yield (country, fold(text)), row.code


def _unambiguous(pairs: Iterable[tuple[K, str]]) -> dict[K, str]:
    found: dict[K, set[str]] = {}
    for key, code in pairs:
        found.setdefault(key, set()).add(code)
    return {key: next(iter(codes)) for key, codes in found.items() if len(codes) == 1}


COUNTRIES = _unambiguous(_country_names()) | ALIASES
SUBDIVISIONS = _unambiguous(_subdivision_names())


@lru_cache(maxsize=10_000)
def country(text: str) -> str | None:
    return COUNTRIES.get(fold(text))


@lru_cache(maxsize=50_000)
def place(country_text: str, subdivision_text: str) -> Place:
    """A subdivision means nothing without its country: there is a Victoria in many."""
    code = country(country_text)
    if code is None:
        return Place()
    return Place(code, SUBDIVISIONS.get((code, fold(subdivision_text))))
