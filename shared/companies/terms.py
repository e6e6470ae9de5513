"""The words of lists and leads for one company, so that both are asked with the same ones (RTE-06).

A lead's company goes by the domains of its website and of its business email, and by its name. An
entry of a list is a domain if it has a dot and no blank, or is an address, else a name; `name:` in
front says that it is one. Where an entry says several things of a company it is kept with all of
them, and a domain inside a name counts. What stands for many, or for nobody's, is no entry.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from shared.companies.domains import (
    AMONG_WORDS,
    NO_HOST,
    Site,
    domains_of,
    is_known_ending,
    is_only_sites,
    registrable,
    sites_in,
    website,
)
from shared.companies.legal_forms import forms
from shared.companies.names import ELSEWHERE, company_names, comparison_key
from shared.companies.nobody import NEITHER, is_nobody, why_no_company, without_mailboxes
from shared.folding import compatible, without_entities

DOMAIN, NAME = "domain:", "name:"
ALSO = " / "
"""Between what one entry is compared by."""

_ANYBODY = re.compile(r"^(?:mailto:)?[*%]?@", re.IGNORECASE)
"""How programs write all mailboxes of a company: *@northgrid.example."""
_ADDRESS = re.compile(r"[a-z][a-z+.-]*:?//|www\.", re.IGNORECASE)
_DOUBTFUL = re.compile(r"(.+) \((.+)\)")
_BETWEEN = re.compile(r"[()\[\]|,;\t]|\s[-–—/]\s")  # noqa: RUF001
_NAME_WITH_DOT = re.compile(r"[^\W\d_](?:\.[^\W\d_])+\.?|.*[&+'’].*|[^.]+,.*")  # noqa: RUF001


class Entry(NamedTuple):
    """As it is kept in a list, or why it is none."""

    term: str | None
    why: str = ""


@lru_cache(maxsize=10_000)
def terms_of_lead(
    name: str | None, sites: tuple[str, ...], address: str | None, country: str | None = None
) -> frozenset[str]:
    """What a list may hold of a lead's company. An empty name is nothing that a list could hold."""
    found = [DOMAIN + domain for domain in domains_of(sites, address)]
    name = without_entities(name) if name else None
    if name and not is_nobody(name):
        places = (country, ELSEWHERE) if country else (None,)
        called = {
            each for text in _texts(name) for place in places for each in company_names(text, place)
        }
        found += [NAME + key for each in called for key in each.keys]
        # Some companies are called like their domains: Booking.com.
        if is_site(name) and (domain := website(name).domain):
            found.append(DOMAIN + domain)
        found += [DOMAIN + domain for domain in sites_in(name)]
    return frozenset(found)


def entry(text: str) -> Entry:
    text = without_entities(text)
    plain = compatible(text).strip().replace("。", ".")
    if plain.startswith(NAME):
        return _entry_of((), _names(text.partition(":")[2]))
    plain = _ANYBODY.sub("", plain.removeprefix(DOMAIN), count=1)
    if why := why_no_company(plain):
        return Entry(None, why)
    plain = without_mailboxes(plain)
    if is_site(plain):
        site = website(plain)
        if site.domain or not _is_name_with_dot(plain, site):
            return _of_site(plain, site)
    names = () if is_only_sites(plain) else _names(without_mailboxes(text))
    return _entry_of(sites_in(plain), names)


def _of_site(plain: str, site: Site) -> Entry:
    """Where nothing is known to end so it may be a name as well: E.ON."""
    if site.domain is None:
        return Entry(None, NEITHER if site.why == NO_HOST else site.why)
    names = () if is_known_ending(site.domain) or _ADDRESS.match(plain) else _names(plain)
    return _entry_of([site.domain, *sites_in(plain)], names)


def _is_name_with_dot(plain: str, site: Site) -> bool:
    return (
        site.why == NO_HOST and not _ADDRESS.match(plain) and bool(_NAME_WITH_DOT.fullmatch(plain))
    )


def _texts(text: str) -> Iterator[str]:
    """The name as a whole, and what stands by itself beside a domain, unless that is a legal form:
    northgrid.example (Northgrid), but not Booking.com, Inc."""
    yield text
    parts = [part.strip() for part in _BETWEEN.split(text)] if "." in text else []
    others = [part for part in parts if part and not AMONG_WORDS.fullmatch(part)]
    if len(others) < len(list(filter(None, parts))):
        yield from (part for part in others if _key(part) not in forms().by_key)


def _key(text: str) -> str:
    return text.lower().replace(" ", "").replace(".", "")


def _names(text: str) -> Iterator[str]:
    for core, doubtful in (name for each in _texts(text) for name in company_names(each)):
        if core:
            yield f"{core} ({doubtful})" if doubtful else core


def _entry_of(domains: Iterable[str], names: Iterable[str]) -> Entry:
    terms = [*(DOMAIN + domain for domain in domains), *(NAME + name for name in names)]
    return Entry(ALSO.join(dict.fromkeys(terms))) if terms else Entry(None, NEITHER)


def terms_of_entry(term: str) -> tuple[str, ...]:
    """What a kept entry is compared by: a name that may end with a legal form goes by both."""
    return tuple(dict.fromkeys(key for each in term.split(ALSO) for key in _match_terms(each)))


def _match_terms(term: str) -> tuple[str, ...]:
    if not term.startswith(NAME):
        # An earlier version kept a subdomain as it was; leads go by what is registered.
        host = term.removeprefix(DOMAIN)
        return (DOMAIN + (registrable(host) or host) if host.count(".") > 1 else term,)
    name = term.removeprefix(NAME)
    found = _DOUBTFUL.fullmatch(name)
    names = (found[1], f"{found[1]} {found[2]}") if found else (name,)
    return tuple(NAME + comparison_key(each) for each in names)


def is_address(text: str) -> bool:
    """Nobody is called so."""
    return _ADDRESS.match(text) is not None


def is_site(text: str) -> bool:
    """Where there are blanks, only an address is one."""
    return is_address(text) or ("." in text.rstrip(".") and not any(map(str.isspace, text)))
