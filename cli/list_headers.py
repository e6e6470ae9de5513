"""What the columns of a list's file are called: the company's name, or its domain.

The names stand in `list_headers.toml`, and are compared as words without case, accents and marks.
What is called otherwise (ids, owners, emails) is no column of a list.
"""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from shared.folding import words

DATA = Path(__file__).with_name("list_headers.toml")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

_SITES = (" domain", " domains", " website", " websites", " web site", " url", " urls")
_NUMBERED = re.compile(r"^\d+ (?=\D)|(?<=\D) \d+$")
_REMARK = re.compile(r"\s*\([^()]*\)\s*$|__c$", re.IGNORECASE)
"""Behind a header: Company (legal name). Programs write fields of one's own as Website__c."""


def _fold_header(text: str) -> str:
    return " ".join(words(_CAMEL.sub(" ", text)))


def _of(listed: str) -> frozenset[str]:
    return frozenset(
        _fold_header(entry)
        for line in listed.splitlines()
        for entry in line.split(";")
        if entry.strip()
    )


class Headers(NamedTuple):
    """A table that the file lacks, or has besides, is an error."""

    names: frozenset[str]
    other_names: frozenset[str]
    plain_names: frozenset[str]
    domains: frozenset[str]
    others: frozenset[str]
    which: frozenset[str]
    people: frozenset[str]
    flags: frozenset[str]
    refusals: frozenset[str]


_TABLES = tomllib.loads(DATA.read_text(encoding="utf-8"))
HEADERS = Headers(**{table: _of(listed) for table, listed in _TABLES.items()})
_WHOSE = HEADERS.names | HEADERS.which
_TOGETHER = {name.replace(" ", ""): name for name in HEADERS.names | HEADERS.domains}
"""Some programs write headers without blanks: companywebsite."""


def columns_of(header: Sequence[str]) -> tuple[list[int], list[int]]:
    """Where the companies' names stand, and where their domains. What is called a name only, and
    stands beside what people have, is a person's."""
    written = [spellings(cell) for cell in header]
    names = [at for at, found in enumerate(written) if found & HEADERS.names]
    domains = [at for at, found in enumerate(written) if any(map(is_domain, found))]
    plain = [at for at, found in enumerate(written) if found & HEADERS.plain_names]
    of_people = not domains and any(found & HEADERS.people for found in written)
    names = names or ([] if of_people else plain)
    others = [at for at, found in enumerate(written) if found & HEADERS.other_names]
    return sorted({*names, *others}), domains


def spellings(cell: str) -> set[str]:
    """What a column may be called, without its object, its number and a remark behind it."""
    bare = (cell, cell.rpartition(":")[2], _REMARK.sub("", cell))
    found = {_NUMBERED.sub("", _fold_header(text)) for text in bare}
    return found | {_TOGETHER.get(name, name) for name in found}


def is_domain(name: str) -> bool:
    """Also an organization's domain, and other websites."""
    endings = (ending for ending in _SITES if name.endswith(ending))
    return name in HEADERS.domains or any(name.removesuffix(ending) in _WHOSE for ending in endings)


def is_other(cell: object) -> bool:
    """Whether a column that is called so holds something else than companies."""
    found = _fold_header(cell) if isinstance(cell, str) else ""
    return found in HEADERS.others or found.endswith((" id", " ids", " email", " owner", " phone"))


def is_flag(cell: str) -> bool:
    return not spellings(cell).isdisjoint(HEADERS.flags)


def is_refusal(cell: str) -> bool:
    return _fold_header(cell) in HEADERS.refusals
