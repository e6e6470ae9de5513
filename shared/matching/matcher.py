"""Finds the profiles that want a subject, without looking at each of them.

Profiles are divided by the terms they want under one attribute, so that a subject is compared only
with those that want one of its own. Within a partition an index decides all profiles at once. What
is left is a handful, and only these are looked up in lists.

Near misses are spread over all partitions; for them there is one more index, of all profiles.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from operator import itemgetter

from shared.matching.index import Criteria, Index, Place
from shared.matching.lists import Lists
from shared.matching.profiles import NOTHING, Criterion, Listed, Profile, Subject, Terms, meets

ANY = None
"""The partition of the profiles that want no term in particular."""


class Matcher:
    """`partition` is the attribute by whose terms the profiles are divided."""

    def __init__(self, lists: Lists, partition: str) -> None:
        self._lists = lists
        self._attribute = partition
        self._profiles: dict[str, Profile] = {}
        self._listed: dict[str, list[Listed]] = {}
        """What the indexes do not know, of the profiles that have any of it."""
        self._everything = Index()
        self._partitions: dict[str | None, Index] = {}

    def match(self, subject: Subject) -> list[str]:
        """The ids of the profiles for which `explain` is empty, sorted."""
        found: set[str] = set()
        for term in (ANY, *subject.terms.get(self._attribute, NOTHING)):
            if partition := self._partitions.get(term):
                found.update(partition.passing(subject))
        return sorted(id for id in found if not self._failing_lists(id, subject))

    def one_away(self, subject: Subject) -> list[tuple[str, Criterion]]:
        """The profiles that exactly one criterion keeps away, and which one; sorted by id."""
        passing, near = self._everything.nearly_passing(subject)
        found: list[tuple[str, Criterion]] = []
        for id in passing:
            failing = self._failing_lists(id, subject)
            if len(failing) == 1:
                found.append((id, failing[0]))
        for id, place in near:
            if not self._failing_lists(id, subject):
                found.append((id, self._criterion(id, place)))
        return sorted(found, key=itemgetter(0))

    def replace(self, changed: Iterable[Profile], removed: Iterable[str] = ()) -> None:
        """Of one profile or of many; many at once is quicker than one after the other."""
        fresh = {profile.id: profile for profile in changed}
        known = {id for id in (*removed, *fresh) if id in self._profiles}
        self._drop({id: self._profiles[id] for id in known})
        self._put(fresh)

    def _failing_lists(self, id: str, subject: Subject) -> list[Listed]:
        listed = self._listed.get(id, ())
        return [criterion for criterion in listed if not meets(subject, criterion, self._lists)]

    def _criterion(self, id: str, place: Place) -> Criterion:
        kind, attribute, number = place
        criteria = self._profiles[id].criteria
        return [one for one in criteria if one.attribute == attribute and type(one) is kind][number]

    def _put(self, profiles: Mapping[str, Profile]) -> None:
        for id, profile in profiles.items():
            self._profiles[id] = profile
            if listed := [one for one in profile.criteria if isinstance(one, Listed)]:
                self._listed[id] = listed
        self._everything.put({id: profile.criteria for id, profile in profiles.items()})
        for term, members in self._divided(profiles).items():
            self._partitions.setdefault(term, Index()).put(members)

    def _drop(self, profiles: Mapping[str, Profile]) -> None:
        for id in profiles:
            del self._profiles[id]
            self._listed.pop(id, None)
        self._everything.drop({id: profile.criteria for id, profile in profiles.items()})
        for term, members in self._divided(profiles).items():
            self._partitions[term].drop(members)
            if not self._partitions[term]:
                del self._partitions[term]

    def _divided(self, profiles: Mapping[str, Profile]) -> dict[str | None, dict[str, Criteria]]:
        """By partition its profiles, with what is still to be asked of a subject in there."""
        divided: dict[str | None, dict[str, Criteria]] = defaultdict(dict)
        for id, profile in profiles.items():
            terms, criteria = _parted(profile.criteria, self._attribute)
            for term in terms:
                divided[term][id] = criteria
        return divided


def _parted(criteria: Criteria, attribute: str) -> tuple[Iterable[str | None], Criteria]:
    """The partitions of a profile, and what is left of its criteria when it is found there."""
    choosing = [
        (criterion.wanted, criterion)
        for criterion in criteria
        if isinstance(criterion, Terms)
        and criterion.attribute == attribute
        and criterion.wanted is not None
    ]
    if not choosing:
        return (ANY,), criteria
    wanted, dividing = min(choosing, key=lambda pair: len(pair[0]))
    left = [replace(dividing, wanted=None)] if dividing.unwanted else []
    return wanted, [*(one for one in criteria if one is not dividing), *left]
