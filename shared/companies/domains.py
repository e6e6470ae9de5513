"""Which company a website or a mailbox belongs to: its registrable domain, or nobody's.

What is registrable follows from the Public Suffix List as the library brings it along: nothing is
looked up in the network. Tenants of a hosting platform are companies of their own; a page on a
social network or in a marketplace, and the domain of a public mail provider, are nobody's.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote

from shared import hosts
from shared.companies.data import data_lines
from shared.companies.legal_forms import forms
from shared.folding import compatible
from shared.hosts import SUFFIXES, host_name

PUBLIC_SUFFIX = "a public suffix, under which many companies have their domains"
PROVIDER = "a provider's domain, under which many companies have theirs"
MAIL_PROVIDER = "the domain of a public mail provider"
PAGE = "a page on a platform, which is not the company's own domain"
NO_HOST = "no domain"

_TENANTS, _TENANTS_AND_OWNER = "*.", "+."
_NO_TENANTS = frozenset(
    ("www", "about", "app", "blog", "careers", "community", "developer", "developers", "docs")
    + ("help", "info", "jobs", "login", "mail", "partners", "status", "support")
)
"""Below their own domain providers keep these for themselves."""
_BLANKS_INSIDE = re.compile(r"\s*([/:@])\s*")
_BLANKS_AT_DOTS = re.compile(r"\s*\.\s*")
_AROUND = " \t\r\n\"'`´<>()[]{}«»„“”‘’|*#,;!.…"  # noqa: RUF001
_LABEL = re.compile(r"(?:website|webseite|web|homepage|url|site)\s?[:=]\s*", re.IGNORECASE)
# Also misspelt, doubled, and with too few or too many slashes.
_SCHEME = re.compile(
    r"(?:(?:[hxt]{1,4}ps?|ftps?|mailto|view-source|android-app|sc-domain|domain)(?:[:;]+/*|/{2,}[:;]*)"
    r"|/{2,})",
    re.IGNORECASE,
)
_ENCODED = re.compile(r"%(?:2[0ef]|3a)", re.IGNORECASE)
_BRACKETED_DOT = re.compile(
    r"\s*(?:\[(?:\.|dot)\]|\((?:\.|dot)\)|\{(?:\.|dot)\})\s*", re.IGNORECASE
)
"""So that nobody follows the address by accident."""
_WRAPPED = re.compile(
    r"[/?&=_:](?:https?(?::|%(?:25)?3a|-3a)(?:/|%(?:25)?2f|_){1,2}|domain=)([a-z0-9.-]+)",
    re.IGNORECASE,
)
"""Mail filters, search engines and archives put the address behind their own."""
_TRANSLATED = re.compile(r"([a-z0-9-]+)\.translate\.goog", re.IGNORECASE)
_BETWEEN = re.compile(
    r"(?:\s(?:&|\+|/|[-–—=]+>?|and|or|und|oder|et|ou|y|e|i|och|og|en)(?=\s)|[\s,;|])+",  # noqa: RUF001
    re.IGNORECASE,
)
_SIGNS = " ,;|/()-"
_NOTHING = frozenset(("-", "--", "n/a", "n.a.", "na", "none", "null", "nil"))
"""What is written where another site could stand."""
_PATH = re.compile(r"[/?#]")
# As most are written; the rest takes longer.
_PLAIN = re.compile(
    r"(?:https?://)?(?:www\.)?((?!www\d?\.)[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:/+([a-z0-9][!-~]*)?)?",
    re.IGNORECASE | re.ASCII,
)
_WWW = re.compile(r"www\d?\s*\.", re.IGNORECASE)
_WWW_APART = re.compile(r"\b(www\d?)(?:\s*,\s*|\s+)(?=[a-z0-9-]+\.)", re.IGNORECASE)


AMONG_WORDS = re.compile(
    r"(?<![\w@&.-])(?:https?://)?(?:\w[\w-]*\.)+(?:xn--[a-z0-9-]+|[^\W\d_]{2,})(?![\w@&-])"
    r"(?:[:/?#][^\s,;|()\[\]]*)?",
    re.IGNORECASE,
)
"""With its path and query, which may name another company's: ?from=tern.example."""

OTHERS_MAX = 20
"""So many further websites of a company count: each is looked up in its campaigns' limits."""


class Site(NamedTuple):
    """A domain, or why it is nobody's."""

    domain: str | None
    why: str = ""


@cache
def mail_providers() -> frozenset[str]:
    return frozenset(name for line in data_lines("mail_providers.txt") for name in line.split())


class Platforms(NamedTuple):
    pages: frozenset[str]
    """Where others have pages."""
    providers: frozenset[str]
    """Below which others have subdomains of their own."""
    ownerless: frozenset[str]
    """Of these, such as nobody has for itself."""


@cache
def platforms() -> Platforms:
    found = frozenset(name for line in data_lines("platforms.txt") for name in line.split())
    marked = {mark: _behind(mark, found) for mark in (_TENANTS, _TENANTS_AND_OWNER)}
    pages = frozenset(name for name in found if name[:2] not in marked)
    return Platforms(pages, marked[_TENANTS] | marked[_TENANTS_AND_OWNER], marked[_TENANTS])


def _behind(mark: str, names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.removeprefix(mark) for name in names if name.startswith(mark))


@lru_cache(maxsize=100_000)
def registrable(host: str) -> str | None:
    """Of a host's ASCII form, the domain that its owner registered; None for what nobody has: a
    public suffix, or a provider's domain that is for its customers only."""
    found = _domain_of_owner(host)
    return None if found in platforms().ownerless else found


def _domain_of_owner(host: str) -> str | None:
    """A platform may have its tenants below a subdomain: shop.en.platform.example."""
    found: str | None = SUFFIXES.privatesuffix(host)
    above = found or ""
    providers = platforms().providers
    for label in reversed(host.removesuffix(above).rstrip(".").split(".") if found else ()):
        below = f"{label}.{above}"
        if not label or label in _NO_TENANTS and below not in providers:
            return found
        if above in providers:
            found = below
        above = below
    return found


def is_known_ending(domain: str) -> bool:
    """Whether there are domains that end so; else it may be a name with a dot: E.ON."""
    return hosts.is_known_ending(domain.rpartition(".")[2])


@lru_cache(maxsize=100_000)
def website(address: str) -> Site:
    """INT-02: whose site it is, however its address is written."""
    site = _written_there(address)
    if site.domain is None or site.domain.endswith(".goog"):
        return _site_inside(address) or site
    return site


def _site_inside(address: str) -> Site | None:
    """Whose site a mail filter, a translator or an archive leads to."""
    if translated := _TRANSLATED.search(address):
        host = translated[1].replace("--", "\0").replace("-", ".").replace("\0", "-")
        return _of_host(host.lower(), is_page=True)
    authority, *path = _PATH.split(_without_scheme(address.strip()), maxsplit=1)
    wrapped = _WRAPPED.search(f"?{path[0]}") if path and "." in (authority or ".") else None
    site = _of_host(wrapped[1].lower().rstrip("."), is_page=True) if wrapped else None
    return site if site and site.domain else None


def _written_there(address: str) -> Site:
    if plain := _PLAIN.fullmatch(address):
        return _of_host(plain[1].lower(), is_page=bool(plain[2]))
    text = _BRACKETED_DOT.sub(".", compatible(address).replace("\\", "/"))
    text = _WWW_APART.sub(r"\1.", _BLANKS_INSIDE.sub(r"\1", text)).strip(_AROUND)
    text = _LABEL.sub("", unquote(text).strip(_AROUND) if _ENCODED.search(text) else text, count=1)
    bare = _without_scheme(text)
    is_address = bare != text or _WWW.match(bare)
    parts = _BETWEEN.split(_BLANKS_AT_DOTS.sub(".", bare) if is_address else bare)
    # Of several sites of one company the first. Words among which there is a dot are no site.
    parts = [part for part in parts if part.lower() not in _NOTHING] or parts
    found = [_site(part) for part in parts]
    if any(site.why == NO_HOST for site in found[: 1 if is_address else None]):
        return Site(None, NO_HOST)
    return next((site for site in found if site.domain), found[0])


def _without_scheme(text: str) -> str:
    while begins := _SCHEME.match(text):
        text = text[begins.end() :]
    return text


def _site(text: str) -> Site:
    authority, *path = _PATH.split(_without_scheme(text), maxsplit=1)
    name = _WWW.sub("", authority.rpartition("@")[2].partition(":")[0].strip(_AROUND), count=1)
    return _of_host(_without_odd_labels(name), is_page=bool(path and path[0].strip("/#?")))


def _of_host(name: str, *, is_page: bool) -> Site:
    host = host_name(name)
    if host is None:
        return Site(None, NO_HOST)
    domain = registrable(host)
    if domain is None:
        return Site(None, PROVIDER if _domain_of_owner(host) else PUBLIC_SUFFIX)
    if _is_in(mail_providers(), host):
        return Site(None, MAIL_PROVIDER)
    is_on_platform = is_page and _is_in(platforms().pages, host, domain)
    return Site(None, PAGE) if is_on_platform else Site(domain)


def _without_odd_labels(name: str) -> str:
    """A host may be called what no domain may: my_shop.northgrid.example."""
    while "_" in name and name.count(".") > 1:
        name = name.partition(".")[2]
    return name


def _is_in(names: frozenset[str], host: str, domain: str = "") -> bool:
    """The host itself, or one above it, up to the domain: a tenant's pages are its own."""
    while "." in host:
        if host in names or host == domain:
            return host in names
        host = host.partition(".")[2]
    return False


def of_mailbox(address: str) -> str | None:
    """The domain of a business email; a public mail provider's says nothing of a company."""
    return _of_mail_host(address.rpartition("@")[2])


@lru_cache(maxsize=100_000)
def _of_mail_host(host: str) -> str | None:
    return None if _is_in(mail_providers(), host) else registrable(host)


@lru_cache(maxsize=100_000)
def other_domains(text: str) -> tuple[str, ...]:
    """Of a cell with several websites all but the one that it is read as, also those among words:
    whoever must not get a lead is found by each."""
    if _PLAIN.fullmatch(text):
        return ()
    first = website(text).domain
    others = dict.fromkeys(domain for domain in sites_in(text) if domain != first)
    return tuple(islice(others, OTHERS_MAX))


def is_only_sites(text: str) -> bool:
    """Nothing but websites, and what may stand between them."""
    rest, found = AMONG_WORDS.subn(" ", text)
    return found > 0 and not _BETWEEN.sub("", f" {rest} ").strip(_SIGNS)


def sites_in(text: str) -> Iterator[str]:
    """Domains among other words; Co.KG is a legal form, and St.Gallen ends as no domain does."""
    plain = _BRACKETED_DOT.sub(".", compatible(text).replace("。", "."))
    plain = unquote(plain) if _ENCODED.search(plain) else plain
    for found in AMONG_WORDS.finditer(plain) if "." in plain.rstrip(".") else ():
        domain = website(found[0]).domain
        if domain and is_known_ending(domain) and domain.partition(".")[0] not in forms().by_key:
            yield domain


def domains_of(sites: tuple[str, ...], address: str | None) -> tuple[str, ...]:
    """All domains of a lead's company: its websites' first, and its business email's."""
    found = [website(site).domain for site in sites]
    found.append(of_mailbox(address) if address else None)
    return tuple(dict.fromkeys(domain for domain in found if domain))
