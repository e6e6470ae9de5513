"""Countries and subdivisions as people write them, to ISO 3166 codes.

Everything is looked up in dictionaries that are built once: ISO 3166 by pycountry, CLDR and
iso-codes as `deploy/place_names.py` wrote them down, and a file of usual names. What is not found,
or names two places, is unknown.
"""

import re
import string
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import pycountry

from services.intake.reading.folding import fold, unambiguous
from shared.contracts.lead_fields import Place

_HERE = Path(__file__).parent
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_CHINESE_KINDS = ("省", "市", "都", "府", "県", "縣", "县", "州")
KOSOVO = "XK"
"""The code that everybody uses; ISO 3166 has reserved it for users."""


def _names_in(file: str) -> Iterator[tuple[str, str]]:
    """Code and name, of a file of names."""
    for line in (_HERE / file).read_text().splitlines():
        if not line.startswith("#"):
            code, _, names = line.partition("\t")
            for name in re.split(r"\||; ", names):
                yield code, name
                if not name.isascii() and (spelled := name.translate(_UMLAUTS)) != name:
                    yield code, spelled
                if name.endswith(_CHINESE_KINDS) and len(name) > 2:
                    yield code, name[:-1]


def _iso_countries() -> Iterator[tuple[str, str]]:
    for row in pycountry.countries:
        for name in ("name", "official_name", "common_name"):
            if text := getattr(row, name, None):
                yield row.alpha_2, text


def _country_codes() -> Iterator[tuple[str, str]]:
    yield KOSOVO, KOSOVO
    for row in pycountry.countries:
        yield row.alpha_2, row.alpha_2
        yield row.alpha_2, row.alpha_3


def _iso_subdivisions() -> Iterator[tuple[str, str]]:
    for row in pycountry.subdivisions:
        for name in {row.name, row.code.split("-", 1)[1], row.code}:
            yield row.code, name


def _by_country(named: Iterable[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], str]]:
    for code, name in named:
        yield (code.split("-", 1)[0], fold(name)), code


def _fold_names(named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for code, name in named:
        yield fold(name), code


def _usual(*, of_countries: bool) -> Iterator[tuple[str, str]]:
    return (each for each in _names_in("usual_names.tsv") if ("-" not in each[0]) == of_countries)


# Behind each other: what comes later is surer.
COUNTRIES = (
    unambiguous(_fold_names(_names_in("countries.tsv")))
    | unambiguous(_fold_names(_iso_countries()))
    | unambiguous(_fold_names(_usual(of_countries=True)))
    | unambiguous(_fold_names(_country_codes()))
)
SUBDIVISIONS = (
    unambiguous(_by_country(_names_in("subdivisions.tsv")))
    | unambiguous(_by_country(_usual(of_countries=False)))
    | unambiguous(_by_country(_iso_subdivisions()))
)

TYPES = {row.code: row.type.lower() for row in pycountry.subdivisions}
_SMALLER = {
    "county": ("county", "department", "unitary authority"),
    "district": ("district", "county"),
}
"""What may be called so; a state never is, though counties are called like it."""

BARE_LENGTH_MIN = 4
"""What is left beside a kind may be a code of something else."""

# Georgia (US) names two places, Germany (DE) one.
_PARTS = re.compile(r" ?[()\[\]/|] ?| [-–—] |, ")
_KINDS = re.compile(
    r"\b(?:state|province|county|region|prefecture|district|canton|department|governorate|territory"
    r"|oblast|voivodeship|provincia|departamento|estado|bundesland|land|kanton|of|de|del|di)\b"
)


_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
"""A flag is its country's code in letters of its own."""
_FLAG_LETTERS = {0x1F1E6 + at: letter for at, letter in enumerate(string.ascii_uppercase)}


@lru_cache(maxsize=10_000)
def country(text: str) -> str | None:
    """INT-02: by its code or any of its usual names; also where several of them stand together."""
    if _FLAG.fullmatch(text):
        text = text.translate(_FLAG_LETTERS)
    return COUNTRIES.get(fold(text)) or _common_country(text) or _inverted_country(text)


def _common_country(text: str) -> str | None:
    parts = [part for part in _PARTS.split(text) if part]
    codes = {COUNTRIES.get(fold(part)) for part in parts} if len(parts) > 1 else set()
    return codes.pop() if len(codes) == 1 else None


def _inverted_country(text: str) -> str | None:
    """Macedonia, Republic of."""
    name, comma, rest = text.partition(",")
    return COUNTRIES.get(fold(f"{rest} {name}")) if comma else None


@lru_cache(maxsize=50_000)
def place(country_text: str, subdivision_text: str) -> Place:
    """A subdivision means nothing without its country: there is a Victoria in many."""
    code = country(country_text)
    if code is None:
        return Place()
    return Place(code, subdivision(code, subdivision_text) if subdivision_text else None)


def subdivision(code: str, text: str) -> str | None:
    """Its kind may stand beside the name: Stockholm County, State of New York."""
    folded = fold(text)
    if found := SUBDIVISIONS.get((code, folded)):
        return found
    if folded.endswith(_CHINESE_KINDS):
        return SUBDIVISIONS.get((code, folded[:-1]))
    bare = " ".join(_KINDS.sub(" ", folded).split())
    found = SUBDIVISIONS.get((code, bare)) if len(bare) >= BARE_LENGTH_MIN else None
    return found if found and _may_be_called(TYPES.get(found, ""), folded.split()) else None


def _may_be_called(kind: str, written: Sequence[str]) -> bool:
    """Delaware County is in Pennsylvania, and Moscow Oblast lies around Moscow."""
    allowed = [types for word, types in _SMALLER.items() if word in written]
    if allowed:
        return any(each in kind for each in allowed[0])
    return "city" not in kind or "metropolitan" in kind
