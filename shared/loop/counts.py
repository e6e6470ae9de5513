"""What decisions count: so many of something, by labels that have few values, since the process
began.

A label that would never end, such as what somebody may write freely, becomes `other`: each value is
a series of its own for whoever scrapes, and is kept in memory here. Ids of leads and people are no
labels.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from shared.loop.decision import Count, Labels

SERIES_MAX = 1_000
"""Of one name."""
OTHER = "other"


class Counts:
    def __init__(self) -> None:
        self._by_name: dict[str, Counter[Labels]] = defaultdict(Counter)

    def add(self, counted: Mapping[Count, int]) -> None:
        for count, number in counted.items():
            known = self._by_name[count.name]
            is_kept = count.labels in known or len(known) < SERIES_MAX
            known[count.labels if is_kept else _others(count.labels)] += number

    def __iter__(self) -> Iterator[tuple[str, Mapping[Labels, int]]]:
        return iter(self._by_name.items())


def _others(labels: Labels) -> Labels:
    return tuple((name, OTHER) for name, _ in labels)
