"""A campaign's slots (RTE-12): reserved, used, released, uncertain, and how many of them each limit
counts. Only the campaign's home shard writes it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from services.routing.orders.campaigns import Campaign
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import Failing

PERIODS = ("day", "week", "month")


@dataclass(frozen=True, slots=True)
class Capacity:
    """Slots taken are reserved, used or uncertain. `counted` has them by what limits count: a
    period, a category; and by country, for the shares. Periods that are over are forgotten."""

    id: str
    version: int
    tenant: str
    reserved: int = 0
    used: int = 0
    uncertain: int = 0
    counted: Mapping[str, int] = field(default_factory=dict)

    @property
    def taken(self) -> int:
        return self.reserved + self.used + self.uncertain

    def reserve(self, counters: Iterable[str] = ()) -> "Capacity":
        current = {counter.partition("/")[0]: counter for counter in counters}
        kept = {
            counter: count
            for counter, count in self.counted.items()
            if (kind := counter.partition("/")[0]) not in PERIODS
            or current.get(kind, counter) == counter
        }
        counted = Counter(kept)
        counted.update(counters)
        return replace(self, reserved=self.reserved + 1, counted=dict(counted))

    def use(self) -> "Capacity":
        return replace(self, reserved=self.reserved - 1, used=self.used + 1)

    def release(self, counters: Iterable[str] = ()) -> "Capacity":
        return replace(self, reserved=self.reserved - 1, counted=self._without(counters))

    def mark_uncertain(self) -> "Capacity":
        return replace(self, reserved=self.reserved - 1, uncertain=self.uncertain + 1)

    def resolve(self, counters: Iterable[str], *, sent: bool) -> "Capacity":
        """A person has found out what became of an uncertain send."""
        left = replace(self, uncertain=self.uncertain - 1)
        if sent:
            return replace(left, used=left.used + 1)
        return replace(left, counted=self._without(counters))

    def _without(self, counters: Iterable[str]) -> Mapping[str, int]:
        counted = dict(self.counted)
        for counter in counters:
            if counter in counted:
                counted[counter] -= 1
        return counted


def counters_of(campaign: Campaign, lead: LeadAccepted, category: str, now: datetime) -> list[str]:
    """What a send counts under, in the campaign's time zone."""
    counters = [*periods_of(campaign.local_day(now)).values(), f"category/{category}"]
    return [*counters, f"country/{lead.place.country}"] if lead.place.country else counters


def periods_of(day: date) -> dict[str, str]:
    """What a day's sends count under."""
    year, week, _ = day.isocalendar()
    return {"day": f"day/{day}", "week": f"week/{year}-{week:02}", "month": f"month/{day:%Y-%m}"}


def full(
    campaign: Campaign, capacity: Capacity | None, counters: Iterable[str]
) -> Iterator[Failing]:
    """Every limit that has been reached."""
    caps = campaign.definition.caps
    counted = capacity.counted if capacity else {}
    taken = {counter.partition("/")[0]: (counted.get(counter, 0), counter) for counter in counters}
    limits = {"day": caps.day, "week": caps.week, "month": caps.month}
    if "category" in taken:
        limits["category"] = campaign.amounts.get(taken["category"][1].partition("/")[2])
    yield from _check_cap("total", caps.total, capacity.taken if capacity else 0)
    for kind, limit in limits.items():
        count, counter = taken.get(kind, (0, kind))
        yield from _check_cap(counter, limit, count)


def _check_cap(rule: str, limit: int | None, taken: int) -> Iterator[Failing]:
    if limit is not None and taken >= limit:
        yield Failing(code="cap_reached", value=str(taken), expected=(str(limit),), rule=rule)
