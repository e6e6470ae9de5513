"""Words of titles and companies, as filters and lists compare them."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

PHRASE_WORDS_MAX = 4
"""Longer phrases are not looked for."""

WORD = re.compile(r"[^\W_]+")
HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
AS = re.compile(r"\ba/s\b")

# How companies are incorporated says nothing about which company it is.
LEGAL = frozenset(
    [
        "ltd",
        "limited",
        "llc",
        "llp",
        "lp",
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "co",
        "company",
        "plc",
        "gmbh",
        "mbh",
        "ag",
        "kg",
        "ohg",
        "ug",
        "se",
        "sa",
        "sas",
        "sarl",
        "srl",
        "spa",
        "sl",
        "bv",
        "nv",
        "ab",
        "as",
        "asa",
        "oy",
        "oyj",
        "aps",
        "kft",
        "sro",
        "pty",
        "pte",
        "pvt",
        "kk",
    ]
)


def words(text: str) -> list[str]:
    """Without case and accents; what is neither letter nor digit divides."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return WORD.findall("".join(sign for sign in plain if not unicodedata.combining(sign)))


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


def company_terms(domain: str | None, name: str | None) -> frozenset[str]:
    """What a list may hold of a company: its domain and those above it, and its name."""
    terms = [f"domain:{each}" for each in _domains(domain.casefold())] if domain else []
    if name and (folded := company_name(name)):
        terms.append(f"name:{folded}")
    return frozenset(terms)


def _domains(domain: str) -> Iterator[str]:
    """A subdomain is its company's; a name without a dot is nobody's."""
    while "." in domain:
        yield domain
        domain = domain.partition(".")[2]


def company_name(name: str) -> str:
    """Without what says how it is incorporated (Ltd, GmbH …), unless nothing else is left."""
    found = words(AS.sub("as", name.casefold()).replace(".", "").replace("&", " and "))
    left = len(found)
    while left > 1 and (found[left - 1] in LEGAL or found[left - 1 : left + 1] == ["and", "co"]):
        left -= 1
    return " ".join(found[:left])


def entry_term(entry: str) -> str | None:
    """A list's entry as it is compared: a domain if it has a dot and no blank, else a name."""
    entry = entry.strip().casefold()
    if "." not in entry or " " in entry:
        name = company_name(entry)
        return f"name:{name}" if name else None
    host = entry.removeprefix("www.").rstrip(".")
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        return None
    return (
        f"domain:{host}" if HOST.fullmatch(host) and not host.rpartition(".")[2].isdigit() else None
    )
