"""The mailbox that an address names: two spellings of one address are one person, and no address
becomes that of another owner."""

import re
from urllib.parse import unquote

from shared.folding import words
from shared.hosts import host_name, is_known_ending

# No person's is known with other signs, though servers may allow them: a = or | puts something else
# in front, a / puts two together, a % or ! asks another host to pass the mail on. One at the begin
# is a mark of a text, of a formula or of an item; u003c is the < of a page that was scraped.
_SIGNS = r"[A-Za-z0-9&'+_~-]+"
_LOCAL = re.compile(
    rf"(?=[A-Za-z0-9_])(?!u00(?:2[0267]|3[ceCE])[A-Za-z]|.*''){_SIGNS}(?:\.{_SIGNS})*(?<!')"
)
# How a directory names a guest of another company: dana_northgrid.example#EXT#@host.example.
_GUEST = re.compile(r"([^@]+)_([^_@]+)#EXT#@[^@]+", re.IGNORECASE)
# As mail programs and browsers copy it: Dana Okafor <dana@northgrid.example>.
_NAMED = re.compile(r"[^<>@]*<([^<>]+)>")
_KIND = r"(?:work|business|office|home|private|personal|primary)"
_LABEL = re.compile(
    rf"(?:{_KIND} )?e?-?mail(?: address)?\s*[:=]\s*|(?:{_KIND}|smtp)\s*:\s*", re.IGNORECASE
)
"""All that stands in front: whatever else does may say that it is another's."""
_REMARK = re.compile(r"\s*\(([^()@]*)\)$")
_KINDS = frozenset(
    ("e", "mail", "email", "address", "work", "business", "office", "direct", "main", "primary")
    + ("home", "private", "personal", "geschaftlich", "dienstlich", "privat", "prive", "trabajo")
)
"""What a remark may say of an address, beside its owner's name: another one may be a refusal."""
_DIVIDERS = re.compile(r"[-_.]")
_NO_MAIL = frozenset(("noemail", "nomail", "noemailaddress", "noemailprovided", "donotemail"))
_NOTHING = frozenset(
    ("none", "na", "null", "no", "not", "nothing", "unknown", "unavailable", "notavailable")
    + ("notprovided", "noemail", "nomail", "email", "mail", "test", "asdf", "xxx", "xxxx", "xyz")
)
_PAIRS = frozenset(('""', "''", "“”", "„“", "”“", "‘’", "‚‘", "«»", "‹›", "<>", "()", "[]"))  # noqa: RUF001
_AT = ("@", "＠", "%40")  # noqa: RUF001
_BETWEEN = re.compile(r"[\s;,|<>()\[\]]+|mailto:", re.IGNORECASE)


def email_address(text: str) -> str | None:
    """INT-04: trimmed and lower case; a plus-tag stays, since it can be another mailbox. None where
    no mail can arrive, since there is no domain that ends so, or where it is nobody's."""
    found = written_address(text)
    if found is None or _is_nobodys(found):
        return None
    return found if is_known_ending(found.rpartition(".")[2]) else None


def written_address(text: str) -> str | None:
    """Also where no mail can arrive."""
    return _address(text.strip()) or _address_in(text)


def _address(text: str) -> str | None:
    if "#" in text and (guest := _GUEST.fullmatch(text)):
        text = f"{guest[1]}@{guest[2]}"
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
    plain = text.replace("＠", "@").strip()  # noqa: RUF001
    if label := _LABEL.match(plain):
        plain = plain[label.end() :]
    remark = _REMARK.search(plain)
    if remark and _says_no_more(remark[1], plain[: remark.start()]):
        plain = plain[: remark.start()]
    while plain:
        shorter = plain.rstrip(" ;,.")
        if shorter[:1] + shorter[-1:] in _PAIRS:
            shorter = shorter[1:-1].strip()
        if shorter == plain:
            break
        plain = shorter
    return plain


def _says_no_more(remark: str, address: str) -> bool:
    """Than what kind of address it is, or whose: dana@northgrid.example (Dana Okafor)."""
    if _KINDS.issuperset(words(remark)):
        return True
    owner = address.rpartition("@")[0].casefold()
    is_name = not any(word[0].islower() for word in remark.split())
    return is_name and any(len(word) > 1 and word in owner for word in words(remark))


def _is_nobodys(address: str) -> bool:
    """Written where there was none: all of these people would be one person."""
    local, _, domain = address.partition("@")
    plain = _DIVIDERS.sub("", local)
    return plain in _NO_MAIL or (plain in _NOTHING and domain.partition(".")[0] in _NOTHING)
