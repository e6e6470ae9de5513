"""Finds the profiles that want a subject, without looking at each of them.

Profiles are divided by the terms they want under one attribute, so that a subject is compared only
with those that want one of its own. Within a partition an index decides all profiles at once. What
is left is a handful, and only these are looked up in lists.

Every attribute costs a look, whether the subject has it or not. So what there are many kinds of,
like the answers to fifty questions, is best told as terms of one attribute.

Near misses are spread over all partitions; for them there is one more index, of all profiles.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import itemgetter

from shared.matching.index import Criteria, Index, Member, criterion_at
from shared.matching.lists import Lists
from shared.matching.profiles import NOTHING, Criterion, Listed, Profile, Subject, Terms

ANY = None
"""The partition of the profiles that want no term in particular."""


class Matcher:
    """`partition` is the attribute by whose terms the profiles are divided."""

    def __init__(self, lists: Lists, partition: str) -> None:
        self._lists = lists
        self._attribute = partition
        self._members: dict[str, Member] = {}
        self._everything = Index()
        self._partitions: dict[str | None, Index] = {}

    def match(self, subject: Subject) -> list[str]:
        """The ids of the profiles for which `explain` is empty, sorted."""
        partitions = self._partitions
        found: list[Member] = []
        if ANY in partitions:
            found += partitions[ANY].passing(subject)
        for term in subject.terms.get(self._attribute, NOTHING):
            if term in partitions:
                found += partitions[term].passing(subject)
        if not found:
            return []
        return sorted({one.id for one in found if self._lists_pass(one, subject)})

    def one_away(self, subject: Subject) -> list[tuple[str, Criterion]]:
        """The profiles that exactly one criterion keeps away, and which one; sorted by id."""
        passing, near = self._everything.nearly_passing(subject)
        found: list[tuple[str, Criterion]] = []
        for member in passing:
            failing = self._failing_lists(member, subject)
            if len(failing) == 1:
                found.append((member.id, failing[0]))
        for place, members in near.items():
            for member in members:
                if self._lists_pass(member, subject):
                    found.append((member.id, criterion_at(place, member.profile.criteria)))
        return sorted(found, key=itemgetter(0))

    def replace(self, changed: Iterable[Profile], removed: Iterable[str] = ()) -> None:
        """Of one profile or of many; many at once is quicker than one after the other."""
        fresh = {profile.id: profile for profile in changed}
        known = {id for id in (*removed, *fresh) if id in self._members}
        self._drop([self._members.pop(id) for id in known])
        members = [
            Member(profile.id, profile, _list_criteria(profile)) for profile in fresh.values()
        ]
        self._members |= {member.id: member for member in members}
        self._put(members)

    def _lists_pass(self, member: Member, subject: Subject) -> bool:
        return not (member.listed and self._failing_lists(member, subject))

    def _failing_lists(self, member: Member, subject: Subject) -> list[Listed]:
        terms, have = subject.terms, self._lists.have
        return [
            one
            for one in member.listed
            if have(one.lists, terms.get(one.attribute, NOTHING)) != one.expected
        ]

    def _put(self, members: Sequence[Member]) -> None:
        self._everything.put({member: member.profile.criteria for member in members})
        for term, inside in self._by_partition(members).items():
            self._partitions.setdefault(term, Index()).put(inside)

    def _drop(self, members: Sequence[Member]) -> None:
        self._everything.drop({member: member.profile.criteria for member in members})
        for term, inside in self._by_partition(members).items():
            self._partitions[term].drop(inside)
            if not self._partitions[term]:
                del self._partitions[term]

    def _by_partition(self, members: Sequence[Member]) -> dict[str | None, dict[Member, Criteria]]:
        """By partition its members, with what is still to be asked of a subject in there."""
        divided: dict[str | None, dict[Member, Criteria]] = defaultdict(dict)
        for member in members:
            terms, criteria = _split_criteria(member.profile.criteria, self._attribute)
            for term in terms:
                divided[term][member] = criteria
        return divided


def _list_criteria(profile: Profile) -> tuple[Listed, ...]:
    return tuple(one for one in profile.criteria if isinstance(one, Listed))


def _split_criteria(criteria: Criteria, attribute: str) -> tuple[Iterable[str | None], Criteria]:
    """The partitions of a profile, and what is left of its criteria when it is found there."""
    choosing = [
        (criterion.allowed, criterion)
        for criterion in criteria
        if isinstance(criterion, Terms)
        and criterion.attribute == attribute
        and criterion.allowed is not None
    ]
    if not choosing:
        return (ANY,), criteria
    allowed, dividing = min(choosing, key=lambda pair: len(pair[0]))
    left = [replace(dividing, allowed=None)] if dividing.excluded else []
    return allowed, [*(one for one in criteria if one is not dividing), *left]
