"""What is written as an entry of a list, or in the place of a company, and is none.

Taken for a name such an entry would keep nobody out, and nobody would see it.
"""

import re

from shared.folding import words

NEITHER = "neither a domain nor a name"
MAILBOX = "a person's mailbox; a list holds companies"
ID = "a number, an id or a hash; a list holds names and domains"
PATTERN = "a pattern; a list holds whole names and domains"

_WORDS = frozenset(
    ("na", "n a", "none", "null", "nil", "unknown", "tbd", "tbc", "not applicable", "not available")
    + ("confidential", "private company")
    + (
        "not provided",
        "none provided",
        "not specified",
        "not disclosed",
        "undisclosed",
        "no company",
    )
    + (
        "self employed",
        "selfemployed",
        "freelancer",
        "freelance",
        "unemployed",
        "retired",
        "student",
    )
    + ("keine", "keine angabe", "ka", "k a", "ninguno", "ninguna", "nessuna", "aucun", "aucune")
)
"""As a name it would be that of many."""
_LENGTH_MAX = 20
_ID = re.compile(
    r"(?=(?:\D*\d){6})(?!\d+(?:\.\d+){3}\Z)[\d\W_]+"  # a phone number, a date
    r"|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}"
    r"|\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?"
    r"|00[0-9a-z]{13}(?:[0-9a-z]{3})?",
    re.IGNORECASE,
)
_ERROR = re.compile(r"#(?:N/A|NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|SPILL!|CALC!)", re.IGNORECASE)
_PATTERN = re.compile(r"\*(?![.@]).*\*|%.*%")
_MAILBOX = re.compile(r"(?:mailto:)?[^\s/@]+@[^\s/@]+", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?<![\w/:.@-])(?:mailto:)?[^\s<>()\[\],;|:\"/@]+@[^\s<>()\[\],;|:\"/@]+\.\w[^\s<>()\[\],;|:\"/@]*",
    re.IGNORECASE,
)
_NAMED = re.compile(r"[^<>@]*<[^<>@\s]+@[^<>@\s]+>")
_SIGNS = " ,;|<>()[]\"'"


def is_nobody(name: str) -> bool:
    return len(name) <= _LENGTH_MAX and " ".join(words(name)) in _WORDS


def why_no_company(text: str) -> str:
    """Blank if it may be one."""
    if not text:
        return NEITHER
    if _ID.fullmatch(text):
        return ID
    if _PATTERN.fullmatch(text):
        return PATTERN
    if _MAILBOX.fullmatch(text) or _NAMED.fullmatch(text) or not without_mailboxes(text):
        return MAILBOX
    return NEITHER if is_nobody(text) or _ERROR.fullmatch(text) else ""


def without_mailboxes(text: str) -> str:
    """What is left beside the addresses of people: Larkspur (jo@larkspur.example)."""
    rest, found = _ADDRESS.subn("", text)
    return rest.strip(_SIGNS) if found else text
