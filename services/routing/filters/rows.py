"""What a filter is: the shape of the rows that `registry.py` puts in order.

A row says of one check by which fields of a campaign it is judged, what these want, what in them
contradicts itself, and who mends it. What it looks at in a lead is an attribute; several checks may
look at the same one. Whatever lists filters goes over the rows, so that none can be forgotten.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from shared.contracts.campaigns import Item, PutCampaign, Strictness, SuppressedTitles
from shared.contracts.intake import LeadAccepted
from shared.loop.decision import Refused
from shared.matching.profiles import Criterion, Span, Subject

Requirement = tuple[Strictness, Criterion]
Shown = Callable[[Criterion, LeadAccepted, Subject], str | None]
"""Of a failing criterion what the lead has, as people are told it."""

UNIT = ":"
"""Between an attribute's name and the unit of its numbers: those of another unit are unknown."""

CHANGE, REUPLOAD, LEAVE = "change the campaign", "upload it anew", "don't send it"


@dataclass(frozen=True, slots=True)
class Order:
    """A campaign's definition, with what it takes from its tenant."""

    definition: PutCampaign
    tenant: str
    suppressed_titles: SuppressedTitles
    """The policy's."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a check says to people, who can mend it, and how (RTE-10)."""

    text: str
    who: str
    how: str


def _as_is(term: str) -> str:
    return term


def _no_rule(_criterion: Criterion) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Words:
    """An attribute that is a set of terms, the same in each of a lead's categories."""

    name: str
    of: Callable[[LeadAccepted], frozenset[str]]
    shown: Shown
    expected: Callable[[str], str] = _as_is
    """A wanted term, without what only tells it from other terms of the attribute."""
    rule: Callable[[Criterion], str | None] = _no_rule
    """What of the campaign is meant, where the check alone does not say it."""


@dataclass(frozen=True, slots=True)
class WordsByCategory:
    """An attribute whose terms differ by the category that the lead is taken for."""

    name: str
    of: Callable[[LeadAccepted, str], frozenset[str]]
    shown: Shown
    expected: Callable[[str], str] = _as_is
    rule: Callable[[Criterion], str | None] = _no_rule


@dataclass(frozen=True, slots=True)
class Number:
    """An attribute that is a number, known as an interval. Numbers with a unit are an attribute
    for each unit, named with it: what is counted in another one can't be compared."""

    name: str
    of: Callable[[LeadAccepted], Mapping[str, Span]]
    shown: Shown


Attribute = Words | WordsByCategory | Number


def _nothing_contradicts(_definition: PutCampaign) -> Iterable[Refused]:
    return ()


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What an intent campaign's checklist asks of a filter (RTE-04)."""

    item: Item
    owner: str
    is_set: Callable[[PutCampaign], bool]
    """Whether the campaign says it, so that nobody has to confirm that it is left open."""


@dataclass(frozen=True, slots=True)
class Check:
    code: str
    """Under which a failing lead is told, and for good: it stands in events."""
    fields: tuple[str, ...]
    """Of `PutCampaign`, by which it is judged; a filter is called by the first of them."""
    requirements: Callable[[Order], Iterable[Requirement]]
    remedy: Remedy
    contradictions: Callable[[PutCampaign], Iterable[Refused]] = _nothing_contradicts
    confirmation: Confirmation | None = None
    loosens: Literal["campaign", "categories"] = "campaign"
    """What is looked through again when its fields change: all that came the campaign's way, or
    only the categories that were gained (RTE-14)."""

    @property
    def is_filter(self) -> bool:
        """Whether it counts for how narrow a campaign is."""
        return self.code.startswith("filter.")


def refusal(code: str, field: str, text: str) -> Refused:
    return Refused(code, f"{field}: {text}", {"field": field})


def without_none(*values: str | None) -> list[str]:
    return [value for value in values if value is not None]


def first(found: Iterable[str]) -> str | None:
    return next(iter(found), None)
