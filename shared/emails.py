"""The mailbox that an address names: two spellings of one address are one person, and no address
becomes that of another owner."""

import re
from urllib.parse import unquote

from shared.hosts import host_name

# None is known that begins or ends with another sign: that is a mark of a text, of a formula or of
# an item. A % is an encoded sign, a % or ! asks another host to pass the mail on.
_SIGNS = r"[A-Za-z0-9#$&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"(?=[A-Za-z0-9_]){_SIGNS}(?:\.{_SIGNS})*(?<!')")
# As mail programs and browsers copy it: Dana Okafor <dana@northgrid.example>.
_NAMED = re.compile(r"[^<>@]*<([^<>]+)>")
_LABEL = re.compile(r"e?-?mail(?: address)?\s*[:=]\s*", re.IGNORECASE)
_REMARK = re.compile(r"\s*\([^()@]*\)$")
_PAIRS = frozenset(('""', "''", "“”", "„“", "”“", "‘’", "‚‘", "«»", "‹›", "<>", "()", "[]"))  # noqa: RUF001
_AT = ("@", "＠", "%40")  # noqa: RUF001
_BETWEEN = re.compile(r"[\s;,|<>()\[\]]+|mailto:", re.IGNORECASE)


def email_address(text: str) -> str | None:
    """INT-04: trimmed and lower case; a plus-tag stays, since it can be another mailbox."""
    return _address(text.strip()) or _address_in(text)


def _address(text: str) -> str | None:
    local, at, domain = text.rpartition("@")
    if not at or len(local) > 64 or not _LOCAL.fullmatch(local):
        return None
    host = host_name(domain)
    return f"{local.lower()}@{host}" if host and len(local) + len(host) < 254 else None


def _address_in(text: str) -> str | None:
    """Without what spreadsheets, browsers and mail programs put around it. It may stand there twice
    as well, but beside nothing else: a blank may be inside of it, and two are two people."""
    if not any(sign in text for sign in _AT):
        return None
    plain = _plain(text)
    named = _NAMED.fullmatch(plain)
    if named:
        plain = named[1].strip()
    if plain[:7].lower() == "mailto:":
        return _address(unquote(plain[7:].split("?")[0]).strip())
    found = {_address(part) for part in _BETWEEN.split(plain.removeprefix("'")) if part}
    return found.pop() if len(found) == 1 else None


def _plain(text: str) -> str:
    """Without a label, a remark, quotes and brackets, and the end of a sentence."""
    plain = _REMARK.sub("", _LABEL.sub("", text.replace("＠", "@").strip(), count=1))  # noqa: RUF001
    while plain:
        shorter = plain.rstrip(" ;,.")
        if shorter[:1] + shorter[-1:] in _PAIRS:
            shorter = shorter[1:-1].strip()
        if shorter == plain:
            break
        plain = shorter
    return plain
