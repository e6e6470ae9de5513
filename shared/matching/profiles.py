"""What is wanted of a subject, and the definition of what it means to meet it.

A profile is a list of criteria, and wants a subject that meets all of them. `explain` says so in
the plainest way there is; however the matcher finds what it finds, it has to find the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.matching.lists import Lists

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Span:
    """Whole numbers, both ends included; without `max` it is open above."""

    min: int
    max: int | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What the subject has under `attribute` must meet `allowed` and miss `excluded`."""

    check: str
    """The code under which a failing criterion is told."""
    attribute: str
    allowed: frozenset[str] | None = None
    """None: any, even nothing. An empty set: nothing passes."""
    excluded: frozenset[str] = NOTHING


@dataclass(frozen=True, slots=True)
class Within:
    """A number of the subject, known as an interval, must lie in the union of `spans`."""

    check: str
    attribute: str
    spans: tuple[Span, ...]
    unknown_passes: bool
    """Of no number, and of one partly in and partly out. Wholly outside always fails."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Some term of the subject is in one of the lists, or, if not `expected`, in none of them."""

    check: str
    attribute: str
    lists: tuple[str, ...]
    expected: bool


Criterion = Terms | Within | Listed


@dataclass(frozen=True, slots=True)
class Profile:
    """The criteria stand in the order in which failing ones are told."""

    id: str
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A missing attribute has no terms, or is a number that is not known."""

    terms: Mapping[str, frozenset[str]]
    spans: Mapping[str, Span]


def explain(profile: Profile, subject: Subject, lists: Lists) -> list[Criterion]:
    """Every criterion that fails."""
    return [criterion for criterion in profile.criteria if not meets(subject, criterion, lists)]


def meets(subject: Subject, criterion: Criterion, lists: Lists) -> bool:
    if isinstance(criterion, Terms):
        return _has_terms(subject.terms.get(criterion.attribute, NOTHING), criterion)
    if isinstance(criterion, Within):
        return _is_within(subject.spans.get(criterion.attribute), criterion)
    terms = subject.terms.get(criterion.attribute, NOTHING)
    return criterion.expected == any(lists.has(name, terms) for name in criterion.lists)


def _has_terms(terms: frozenset[str], criterion: Terms) -> bool:
    if not criterion.excluded.isdisjoint(terms):
        return False
    return criterion.allowed is None or not criterion.allowed.isdisjoint(terms)


def _is_within(number: Span | None, criterion: Within) -> bool:
    if number is None:
        return criterion.unknown_passes
    spans = union(criterion.spans)
    if any(_contains(span, number) for span in spans):
        return True
    return criterion.unknown_passes and any(_overlap(span, number) for span in spans)


def union(spans: Iterable[Span]) -> list[Span]:
    """The same numbers in as few spans as can be, in order: …-50 and 51-… are one."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: span.min):
        last = merged[-1] if merged else None
        if last is None or (last.max is not None and last.max + 1 < span.min):
            merged.append(span)
        elif last.max is not None and (span.max is None or span.max > last.max):
            merged[-1] = Span(last.min, span.max)
    return merged


def _contains(outer: Span, inner: Span) -> bool:
    if outer.max is None:
        return outer.min <= inner.min
    return outer.min <= inner.min and inner.max is not None and inner.max <= outer.max


def _overlap(one: Span, other: Span) -> bool:
    return _begins_before_end(one, other) and _begins_before_end(other, one)


def _begins_before_end(one: Span, other: Span) -> bool:
    return other.max is None or one.min <= other.max
