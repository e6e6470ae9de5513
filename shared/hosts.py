"""Host names in their ASCII form, by IDNA 2008 with the non-transitional mapping of UTS 46.

The codec of the standard library reads by the rules of 2003: it makes strasse of straße, which is
another registration, with another owner.
"""

import re
from functools import lru_cache

import idna
from publicsuffixlist import PublicSuffixList

SUFFIXES = PublicSuffixList()
"""As the library brings it along: nothing is looked up in the network."""

_RESERVED = frozenset(("example", "test"))
"""For examples and tests, as here; what ends with `invalid` is meant to reach nobody."""
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_TOP_LABEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,58}[a-z0-9]")


@lru_cache(maxsize=100_000)
def host_name(text: str) -> str | None:
    """A public host name of at least two labels; None where it is none."""
    host = text.lower() if text.isascii() else _ascii(text)
    labels = host.split(".")
    well_formed = all(_LABEL.fullmatch(label) for label in labels) and len(host) <= 253
    return host if well_formed and len(labels) > 1 and _TOP_LABEL.fullmatch(labels[-1]) else None


def _ascii(text: str) -> str:
    try:
        return idna.encode(text, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return ""


@lru_cache(maxsize=10_000)
def is_known_ending(ending: str) -> bool:
    """Whether there are domains that end so, of the last label of a host."""
    return ending in _RESERVED or bool(SUFFIXES.publicsuffix(ending, accept_unknown=False))
