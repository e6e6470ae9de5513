"""The mailbox that an address names: two spellings of one address are one person, and no address
becomes that of another owner."""

import re
from urllib.parse import unquote

from shared.hosts import host_name

# None is known that begins with another sign: that is a mark of a text, of a formula or of an item.
# A % is an encoded sign, a % or ! asks another host to pass the mail on.
_SIGNS = r"[A-Za-z0-9#$&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"(?=[A-Za-z0-9_]){_SIGNS}(?:\.{_SIGNS})*")
# As mail programs and browsers copy it: Dana Okafor <dana@northgrid.example>.
_NAMED = re.compile(r"[^<>@]*<([^<>]+)>")


def email_address(text: str) -> str | None:
    """INT-04: trimmed and lower case; a plus-tag stays, since it can be another mailbox."""
    return _address(text.strip()) or _address(_bare(text.strip()))


def _address(text: str) -> str | None:
    local, at, domain = text.rpartition("@")
    if not at or len(local) > 64 or not _LOCAL.fullmatch(local):
        return None
    host = host_name(domain)
    return f"{local.lower()}@{host}" if host and len(local) + len(host) < 254 else None


def _bare(text: str) -> str:
    """Without what spreadsheets, browsers and mail programs put around it."""
    named = _NAMED.fullmatch(text)
    plain = named[1].strip() if named else text
    if plain[:7].lower() == "mailto:":
        plain = unquote(plain[7:].split("?")[0])
    return plain.removeprefix("'")
