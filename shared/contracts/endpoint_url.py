"""The URL of a customer's endpoint, which is called byte for byte as it was put.

What is signed, or compared by whoever stands before the endpoint, is the text: `%2F` is no slash
and `%7E` no tilde there. So nothing is quoted, unquoted or normalized on the way, and a URL that
can't be sent as it is written is refused when it is put, with what to write instead.
"""

import re
from urllib.parse import quote, urlsplit

import idna

NOT_USABLE = "the address to send to is not usable"
PARTS = re.compile(r"(https?)://([^/?#]*)([^#]*)", re.IGNORECASE)


def fault_of(url: str) -> str | None:
    """Why it can't be called as it is written, or nothing."""
    if not _is_usable(url):
        return NOT_USABLE
    parts = urlsplit(url)
    if "@" in parts.netloc:
        return "a user or a password in the address would stand in every event; leave it out"
    if "#" in url:
        return "what follows # never reaches an endpoint; leave it out, or write %23"
    return _fault_of_host(parts.hostname or "") or _fault_of_target(split(url)[2])


def _is_usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and "\\" not in parts.netloc
    except ValueError:
        return False


def _fault_of_host(host: str) -> str | None:
    if host.isascii():
        return None
    try:
        return f"the host is not written in ASCII; write {idna.encode(host, uts46=True).decode()}"
    except idna.IDNAError:
        return "the host is not written in ASCII"


def _fault_of_target(target: str) -> str | None:
    foreign = next((character for character in target if not character.isascii()), None)
    if foreign is None:
        return None
    return (
        f"{foreign!r} can't be sent as it is; write it as the endpoint reads it: {quote(foreign)}"
    )


def split(url: str) -> tuple[str, str, str]:
    """Scheme, host with port, and what stands in the request line: all that follows the host."""
    found = PARTS.fullmatch(url.partition("#")[0])
    if found is None or not _is_usable(url):
        raise ValueError(NOT_USABLE)
    scheme, authority, target = found.groups()
    return scheme.lower(), authority, target if target.startswith("/") else f"/{target}"
