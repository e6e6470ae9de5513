"""The words of lists and leads for one company, so that both are asked with the same ones (RTE-06).

A lead's company goes by the domains of its website and of its business email, and by its name. An
entry of a list is a domain if it has a dot and no blank, or is an address, else a name; `name:` in
front says that it is one. What stands for many companies, or for nobody's, is no entry.
"""

import re
from typing import NamedTuple

from shared.companies.domains import NO_HOST, domains_of, website
from shared.companies.names import company_name
from shared.folding import compatible

NEITHER = "neither a domain nor a name"
MAILBOX = "a person's mailbox; a list holds companies"

DOMAIN, NAME = "domain:", "name:"
_MAILBOX = re.compile(r"(?:mailto:)?[^\s/@]+@[^\s/@]+", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z+.-]*:?//|www\.", re.IGNORECASE)
_DOUBTFUL = re.compile(r"(.+) \((.+)\)")


class Entry(NamedTuple):
    """As it is kept in a list, or why it is none."""

    term: str | None
    why: str = ""


def terms_of_lead(
    name: str | None, site: str | None, address: str | None, country: str | None = None
) -> frozenset[str]:
    """What a list may hold of a lead's company. An empty name is nothing that a list could hold."""
    found = [DOMAIN + domain for domain in domains_of(site, address)]
    if name:
        keys = {*company_name(name).keys, *company_name(name, country).keys}
        found += [NAME + key for key in keys]
        # Some companies are called like their domains: Booking.com.
        if is_site(name) and (domain := website(name).domain):
            found.append(DOMAIN + domain)
    return frozenset(found)


def entry(text: str) -> Entry:
    text = compatible(text).strip()
    if text.startswith(NAME):
        return _name(text.removeprefix(NAME))
    if _MAILBOX.fullmatch(text):
        return Entry(None, MAILBOX)
    return _domain(text) if is_site(text) else _name(text)


def _name(text: str) -> Entry:
    core, doubtful = company_name(text)
    kept = f"{core} ({doubtful})" if doubtful else core
    return Entry(NAME + kept) if core else Entry(None, NEITHER)


def _domain(text: str) -> Entry:
    domain, why = website(text)
    return Entry(DOMAIN + domain) if domain else Entry(None, NEITHER if why == NO_HOST else why)


def terms_of_entry(term: str) -> tuple[str, ...]:
    """What a kept entry is compared by: a name that may end with a legal form goes by both."""
    found = _DOUBTFUL.fullmatch(term)
    return (found[1], f"{found[1]} {found[2]}") if found else (term,)


def is_site(text: str) -> bool:
    """Where there are blanks, only an address is one."""
    return bool(_ADDRESS.match(text)) or (
        "." in text.rstrip(".") and not any(map(str.isspace, text))
    )
