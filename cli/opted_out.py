"""Columns beside the affiliate's fields that say of a row that its person is not to be written to.

Programs export whom they must not write to any more with all others and a mark, such as Do Not
Email: TRUE. No mapping names that column, so nobody would see it.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from cli.cells import Flaw
from cli.list_headers import spellings
from shared.refusals import NO, answer_word

_REFUSING = re.compile(
    r"\b(?:do ?not ?(?:allow|e ?mail|contact|call|mail|market|solicit|disturb)\w*|dn[ce]"
    r"|(?:has ?)?opt(?:ed)? ?outs?(?: ?of ?e ?mail)?|hasoptedout\w*|unsub\w*|suppress\w*"
    r"|black ?list\w*|block ?list\w*|hard bounced|no marketing|not (?:subscribed|opted in)"
    r"|consent (?:is )?(?:withdrawn|revoked|denied)|(?:withdrawn|revoked|withdrew) consent"
    r"|remove (?:me|from)|deceased|(?:is ?)?deleted|werbesperre|\w*widerspr\w+|widerrufen"
    r"|abgemeldet|abmeldung|keine? (?:kontakt\w*|werbung|e ?mails?|anrufe?|newsletter)"
    r"|ausgetragen|desinscri\w*|desabonn\w*|desuscri\w*|baja(?! california)|disiscri\w*"
    r"|descadastr\w*|afgemeld|uitgeschreven|avregistrer\w*|avmeld\w*|wypisan\w*|odhlasen\w*"
    r"|(?:ne pas|ne plus|nicht|non|nao|niet|inte|ikke|nie) (?:contact|contat|kontak|e ?mail|mail"
    r"|appel|anruf|chiam|bel|anschreib|enviar|envoy|invia)\w*"
    r"|no (?:contact|contactar|e ?mail|mail|enviar|llamar|molestar)"
    r"|right to (?:be forgotten|erasure|object)|opposition|oposicion|robinson|forget me"
    r"|gdpr (?:delete|erasure|request)|marketing suspended|c?tps)\b"
)
"""Where yes refuses, and so does a date."""
_PERMITTING = re.compile(
    r"\b(?:opt(?:ed)? ?in|subscribed|consent\w*|(?:werbe)?einwilligung\w*|consentimiento|consenso"
    r"|toestemming|samtycke|samtykke|zgoda|souhlas|accepts? (?:\w+ )?marketing"
    r"|(?:contact|e ?mail|marketing)s? (?:allowed|accepted)|(?:contact|e ?mail|mail)able"
    r"|permissions?|kontakt\w* erlaubt|darf \w*kontakt\w*"
    r"|\w*erlaubnis|permiso|permissao|permesso"
    r"|(?:may|can|allow(?:s|ed)?|agrees?|ok|okay)(?: to| we| be)* (?:contact|e ?mail|market)\w*)\b"
)
"""Where no refuses."""
_STATING = re.compile(r"\b(?:status|state|stage|disposition|subscription|subscriber|preference)\b")
"""Where a cell says it in so many words."""
_OF_SOMETHING_ELSE = re.compile(
    r"\b(?:links?|urls?|tokens?|keys?|ids?|hash|rates?|counts?|source|version|wording|reference"
    r"|cookies?|sms|whatsapp|push|fax)\b"
)
"""An unsubscribe link is no refusal, and who wants no short messages may be written to."""
_DETAIL = re.compile(
    r"\b(?:dates?|time|timestamp|at|on|since|am|seit|datum|le|fecha|data|mode|method|reason|by"
    r"|campaign|suppressions)\b"
)
"""Where anything refuses, but a no: since when, why, and how."""
_NOTHING = frozenset(("never", "n a", "na", "none", "null"))
_YES = frozenset(
    ("yes", "y", "true", "t", "1", "1 0", "x", "on", "checked")
    + ("ja", "j", "wahr", "oui", "vrai", "si", "sim", "tak", "ano")
)
_STATED = frozenset(
    ("opted out", "opt out", "optout", "unsubscribed", "unsubscribe", "global unsubscribe")
    + (
        "never subscribed",
        "not subscribed",
        "non subscribed",
        "no consent",
        "do not allow",
        "not allowed",
    )
    + ("do not contact", "do not email", "do not call", "do not mail", "dnc", "suppressed")
    + ("blacklisted", "blocklisted", "cleaned", "complained", "spam complaint", "hard bounced")
    + ("hard bounce", "withdrawn", "consent withdrawn", "revoked", "deceased", "abgemeldet")
    + ("widerrufen", "desinscrit", "desabonne", "baja", "dado de baja", "disiscritto")
    + ("descadastrado", "afgemeld", "uitgeschreven", "avregistrerad")
)
_STATED_TOGETHER = frozenset(each.replace(" ", "") for each in _STATED)
"""As programs write values of a field: OptedOut."""
_YEAR = re.compile(r"\b(?:19|20)\d\d(?:\d{4})?\b")
Refuses = Callable[[str], bool]
Refusals = Mapping[int, tuple[str, Refuses]]
"""By column, what it is called and which cells refuse, as their words are compared."""


def refusals(header: Sequence[str], mapped: Collection[int]) -> Refusals:
    return dict(_refusals(header, mapped))


def _refusals(
    header: Sequence[str], mapped: Collection[int]
) -> Iterator[tuple[int, tuple[str, Refuses]]]:
    for at, name in enumerate(header):
        called = " | ".join(spellings(name)) if name and at not in mapped else ""
        if _OF_SOMETHING_ELSE.search(called):
            continue
        if _REFUSING.search(called):
            yield at, (name, _is_filled if _DETAIL.search(called) else _is_yes)
        elif _PERMITTING.search(called):
            yield at, (name, _is_no)
        elif _STATING.search(called):
            yield at, (name, _states)


def _is_yes(cell: str) -> bool:
    return cell in _YES or _states(cell) or _YEAR.search(cell) is not None


def _is_no(cell: str) -> bool:
    return cell in NO or _states(cell)


def _states(cell: str) -> bool:
    return cell in _STATED or cell in _STATED_TOGETHER


def _is_filled(cell: str) -> bool:
    is_nothing = cell in _NOTHING or set(cell) <= {"0", " "}
    return not is_nothing and (cell not in NO or _states(cell))


def refusal_in(texts: Sequence[str], columns: Refusals) -> Flaw | None:
    for at, (name, refuses) in columns.items():
        cell = answer_word(texts[at]) if at < len(texts) else ""
        if cell and refuses(cell):
            return Flaw("opted_out", f"the column {name!r} says that the person is not to be asked")
    return None
