"""Columns beside the affiliate's fields that say of a row that its person is not to be written to.

Programs export whom they must not write to any more with all others and a mark, such as Do Not
Email: TRUE. No mapping names that column, so nobody would see it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from cli.cells import Flaw
from cli.list_headers import spellings
from shared.refusals import NO, answer_word

_REFUSING = frozenset(
    ("do not email", "do not contact", "do not call", "do not mail", "do not market", "donotemail")
    + ("donotcontact", "donotcall", "dnc", "dne", "opt out", "opted out", "optout", "optedout")
    + ("email opt out", "has opted out of email", "hasoptedoutofemail", "email opted out")
    + ("phone opt out", "unsubscribed", "unsubscribe", "is unsubscribed", "global unsubscribe")
    + ("unsubscribed from all email", "hard bounced", "email hard bounced", "blacklisted")
    + ("blocklisted", "suppressed", "is suppressed", "no marketing", "deceased", "deleted")
    + ("is deleted", "isdeleted", "werbesperre", "werbewiderspruch", "widerspruch", "abgemeldet")
    + (
        "desinscrit",
        "desabonne",
        "baja",
        "disiscritto",
        "descadastrado",
        "afgemeld",
        "avregistrerad",
    )
)
"""Where yes refuses."""
_PERMITTING = frozenset(
    ("opt in", "opted in", "optin", "email opt in", "consent", "marketing consent", "gdpr consent")
    + ("consent given", "subscribed", "is subscribed", "contact permission")
    + ("einwilligung", "consentement", "consentimiento", "consenso", "consentimento")
    + ("toestemming", "samtycke", "samtykke")
)
"""Where no refuses."""
_SINCE = frozenset(
    ("opt out date", "opted out at", "unsubscribed at", "unsubscribed on", "unsubscribe date")
    + ("date unsubscribed", "opt out time", "unsubscribed date")
)
"""Where anything refuses, but a no."""
_YES = frozenset(
    (
        "yes",
        "y",
        "true",
        "t",
        "1",
        "1 0",
        "x",
        "on",
        "checked",
        "opted out",
        "opt out",
        "unsubscribed",
    )
    + ("do not contact", "do not email", "ja", "j", "wahr", "oui", "vrai", "si", "sim", "tak")
)
Refusals = Mapping[int, tuple[str, Collection[str] | None]]
"""By column, what it is called and with which cells it refuses; None if with all but a no."""


def refusals(header: Sequence[str], mapped: Collection[int]) -> Refusals:
    return dict(_refusals(header, mapped))


def _refusals(
    header: Sequence[str], mapped: Collection[int]
) -> Iterator[tuple[int, tuple[str, Collection[str] | None]]]:
    for at, name in enumerate(header):
        called = spellings(name) if name and at not in mapped else set()
        if called & _REFUSING:
            yield at, (name, _YES)
        elif called & _PERMITTING:
            yield at, (name, NO)
        elif called & _SINCE:
            yield at, (name, None)


def refusal_in(texts: Sequence[str], columns: Refusals) -> Flaw | None:
    for at, (name, refusing) in columns.items():
        cell = answer_word(texts[at]) if at < len(texts) else ""
        if cell and (cell not in NO if refusing is None else cell in refusing):
            return Flaw("opted_out", f"the column {name!r} says that the person is not to be asked")
    return None
