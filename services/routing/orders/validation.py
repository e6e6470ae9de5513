"""What can't hold of a campaign: it is refused with the field and the reason, and the version
before stays in force."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.routing.filters.choices import suppressed_contradict
from services.routing.filters.registry import contradictions
from services.routing.filters.rows import refusal
from services.routing.orders.campaigns import Campaign
from services.routing.orders.capacity import Capacity, periods_of
from services.routing.orders.policy import Rules
from shared.contracts.campaigns import PutCampaign, WebhookMode
from shared.contracts.endpoint_url import fault_of
from shared.contracts.forms import FAULTS_MAX
from shared.contracts.lists import PutRules
from shared.loop.decision import Refused


def violations(
    command: PutCampaign,
    before: Campaign | None,
    capacity: Capacity | None,
    rules: Rules,
    now: datetime,
) -> Iterator[Refused]:
    """All of them, the most basic first."""
    if before and before.definition.customer != command.customer:
        yield refusal("customer_changed", "customer", "a campaign stays its customer's")
    yield from _dates(command)
    yield from _categories(command, rules)
    yield from contradictions(command)
    yield from _caps(command, before, capacity, now)
    yield from _address(command)


def all_at_once(found: Iterable[Refused]) -> Refused | None:
    """The most basic one, with what else there is: whoever mends it need not ask again for each. As
    many are told as of data that is not as its type asks for: a list may have any number."""
    every = list(found)
    if not every:
        return None
    some, left = every[:FAULTS_MAX], len(every[FAULTS_MAX:])
    faults = [{"code": one.code, **one.details, "text": one.text} for one in some]
    text = "; ".join(dict.fromkeys(one.text for one in some))
    details = {"faults": faults} if len(faults) > 1 else {}
    more = {"more": left} if left else {}
    return Refused(every[0].code, text, {**every[0].details, **details, **more})


def of_rules(command: PutRules) -> Iterator[Refused]:
    yield from suppressed_contradict(command.suppressed_titles)


def _dates(command: PutCampaign) -> Iterator[Refused]:
    first, last = command.active.first, command.active.last
    if first and last and first > last:
        text = "the campaign would end before it starts"
        yield refusal("dates_contradict", "active.to", text)
    if command.weekly and command.weekly.at.tzinfo:
        text = "the send day begins in the campaign's time zone: its time has no offset"
        yield refusal("dates_contradict", "weekly.at", text)


def _categories(command: PutCampaign, rules: Rules) -> Iterator[Refused]:
    ordered = [category.id for category in command.categories]
    if len(set(ordered)) < len(ordered):
        yield refusal("category_twice", "categories", "a category is ordered twice")
    if not rules.categories:
        return
    known = set(rules.categories)
    for field, named in (("categories", ordered), ("open_categories", command.open_categories)):
        if unknown := [name for name in named or () if name not in known]:
            text = f"there is no category {', '.join(unknown[:5])}"
            yield refusal("category_unknown", field, text)


def _caps(
    command: PutCampaign, before: Campaign | None, capacity: Capacity | None, now: datetime
) -> Iterator[Refused]:
    """Of caps that change; those per company are not looked at: they hold for what comes."""
    taken, counted = (capacity.taken, capacity.counted) if capacity else (0, {})
    periods = periods_of(_today(command, now))
    held = {"total": taken, **{name: counted.get(slot, 0) for name, slot in periods.items()}}
    for name, count in held.items():
        cap = getattr(command.caps, name)
        is_new = before is None or getattr(before.definition.caps, name) != cap
        if cap is not None and cap < count and is_new:
            yield refusal("cap_below_sent", f"caps.{name}", f"{count} slots are taken already")
    for category in command.categories:
        sent = counted.get(f"category/{category.id}", 0)
        if category.amount is not None and category.amount < sent:
            text = f"{sent} slots are taken already in category {category.id}"
            yield refusal("cap_below_sent", "categories", text)


def _today(command: PutCampaign, now: datetime) -> date:
    try:
        return now.astimezone(ZoneInfo(command.time_zone)).date()
    except OverflowError:
        return now.date()


def _address(command: PutCampaign) -> Iterator[Refused]:
    if isinstance(command.send, WebhookMode) and (fault := fault_of(command.send.url)):
        yield refusal("url_invalid", "send.url", fault)
