"""A campaign as routing knows it: a customer's standing order, in numbered versions (RTE-01)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from shared.contracts.routing import (
    CampaignChanged,
    PauseCampaign,
    PutCampaign,
    ResumeCampaign,
    Status,
)
from shared.loop.decision import Accepted, Cause, Decision, Refused, Say


def stored_id(tenant: str, campaign: str) -> str:
    return f"{tenant}/{campaign}"


@dataclass(frozen=True, slots=True)
class Campaign:
    """`number` is the version that people see and decisions name; `version` guards the document."""

    id: str
    version: int
    tenant: str
    number: int
    definition: PutCampaign
    changed_at: datetime
    changed_by: str
    reason: str = ""
    ordered: frozenset[str] = field(init=False, compare=False, repr=False)
    places: dict[str, frozenset[str] | None] = field(init=False, compare=False, repr=False)
    zone: ZoneInfo = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        definition = self.definition
        prepared = {
            "ordered": frozenset(category.id for category in definition.categories),
            "places": _places(definition),
            "zone": ZoneInfo(definition.time_zone),
        }
        for name, value in prepared.items():
            object.__setattr__(self, name, value)

    @property
    def name(self) -> str:
        return self.definition.id


def _places(definition: PutCampaign) -> dict[str, frozenset[str] | None]:
    """By country the wanted subdivisions; named twice, a country is wanted as a whole if once."""
    found: dict[str, frozenset[str] | None] = {}
    for place in definition.places:
        wanted = None if place.subdivisions is None else frozenset(place.subdivisions)
        before = found.get(place.country, frozenset())
        found[place.country] = None if wanted is None or before is None else before | wanted
    return found


@dataclass(frozen=True, slots=True)
class CampaignVersion:
    """One version of a campaign, kept forever: decisions are explained with it."""

    id: str
    version: int
    campaign: Campaign


@dataclass(frozen=True, slots=True)
class CampaignBook:
    """A campaign's slots (RTE-12). Only the campaign's home shard reads or writes it."""

    id: str
    version: int
    tenant: str
    reserved: int = 0
    used: int = 0
    uncertain: int = 0

    @property
    def taken(self) -> int:
        return self.reserved + self.used + self.uncertain

    def reserve(self) -> "CampaignBook":
        return replace(self, reserved=self.reserved + 1)

    def use(self) -> "CampaignBook":
        return replace(self, reserved=self.reserved - 1, used=self.used + 1)

    def release(self) -> "CampaignBook":
        return replace(self, reserved=self.reserved - 1)

    def doubt(self) -> "CampaignBook":
        return replace(self, reserved=self.reserved - 1, uncertain=self.uncertain + 1)


class CampaignIndex:
    """All campaigns in memory, found by lead code; the catalogue keeps it fresh."""

    def __init__(self) -> None:
        self._by_id: dict[str, Campaign] = {}
        self._by_code: dict[tuple[str, str], dict[str, Campaign]] = {}

    def apply(self, changed: Sequence[Campaign]) -> None:
        for campaign in changed:
            self._remove(self._by_id.get(campaign.id))
            self._by_id[campaign.id] = campaign
            for code in campaign.definition.lead_codes:
                self._by_code.setdefault((campaign.tenant, code), {})[campaign.id] = campaign

    def _remove(self, before: Campaign | None) -> None:
        for code in before.definition.lead_codes if before else ():
            self._by_code[before.tenant, code].pop(before.id, None)  # type: ignore[union-attr]

    def get(self, id: str) -> Campaign | None:  # noqa: A002
        return self._by_id.get(id)

    def carrying(self, tenant: str, lead_code: str | None) -> list[Campaign]:
        """RTE-09: an affiliate's lead is for the campaigns that carry its lead code."""
        found = self._by_code.get((tenant, lead_code), {}) if lead_code else {}
        return sorted(
            found.values(), key=lambda campaign: (campaign.definition.priority, campaign.id)
        )


def put(
    command: PutCampaign,
    before: Campaign | None,
    book: CampaignBook | None,
    cause: Cause,
    now: datetime,
) -> Decision:
    """RTE-01: every change is a new version, the same again is none."""
    if refused := _contradictions(command, before, book):
        return Decision(answer=refused)
    if before is None:
        id = stored_id(cause.tenant, command.id)  # noqa: A001
        return _saved(Campaign(id, 0, cause.tenant, 1, command, now, cause.actor), "created")
    if before.definition == command:
        return _unchanged(before)
    return _saved(_next(before, command, cause, now), "changed")


def set_status(
    command: PauseCampaign | ResumeCampaign,
    before: Campaign | None,
    cause: Cause,
    now: datetime,
) -> Decision:
    if before is None:
        return Decision(answer=Refused("campaign_unknown", "there is no such campaign"))
    if cause.role == "customer" and cause.actor != before.definition.customer:
        return Decision(answer=Refused("not_permitted", "this is another customer's campaign"))
    status: Status = "paused" if isinstance(command, PauseCampaign) else "active"
    if before.definition.status == status:
        return _unchanged(before)
    definition = before.definition.model_copy(update={"status": status})
    after = _next(before, definition, cause, now, command.reason)
    return _saved(after, "paused" if status == "paused" else "resumed")


def _next(
    before: Campaign, definition: PutCampaign, cause: Cause, now: datetime, reason: str = ""
) -> Campaign:
    return replace(
        before,
        number=before.number + 1,
        definition=definition,
        changed_at=now,
        changed_by=cause.actor,
        reason=reason,
    )


def _unchanged(campaign: Campaign) -> Decision:
    return Decision(answer=Accepted("unchanged", details={"version": campaign.number}))


def _saved(campaign: Campaign, change: str) -> Decision:
    kept = CampaignVersion(f"{campaign.id}@{campaign.number}", 0, campaign)
    said = CampaignChanged.model_validate(
        {
            "campaign": campaign.name,
            "customer": campaign.definition.customer,
            "campaign_version": campaign.number,
            "status": campaign.definition.status,
            "change": change,
            "changed_at": campaign.changed_at,
            "changed_by": campaign.changed_by,
            "reason": campaign.reason,
        }
    )
    return Decision(
        save=[campaign, kept],
        say=[Say(said, campaign.name)],
        answer=Accepted(change, details={"version": campaign.number}),
    )


def _contradictions(
    command: PutCampaign, before: Campaign | None, book: CampaignBook | None
) -> Refused | None:
    """The first that is wrong with it, the most basic first."""
    return (
        _other_customer(command, before)
        or _dates(command)
        or _zone(command)
        or _categories(command)
        or _subdivisions(command)
        or _cap(command, book)
        or _address(command)
    )


def _other_customer(command: PutCampaign, before: Campaign | None) -> Refused | None:
    if before and before.definition.customer != command.customer:
        return Refused("customer_changed", "a campaign stays its customer's")
    return None


def _dates(command: PutCampaign) -> Refused | None:
    first, last = command.active.first, command.active.last
    if first and last and first > last:
        return Refused("dates_contradict", "the campaign would end before it starts")
    return None


def _zone(command: PutCampaign) -> Refused | None:
    try:
        ZoneInfo(command.time_zone)
    except (KeyError, ValueError, OSError):
        return Refused("time_zone_unknown", "the time zone is not an IANA name")
    return None


def _categories(command: PutCampaign) -> Refused | None:
    ids = [category.id for category in command.categories]
    if len(set(ids)) < len(ids):
        return Refused("category_twice", "a category is ordered twice")
    return None


def _subdivisions(command: PutCampaign) -> Refused | None:
    for place in command.places:
        if any(code[:2] != place.country for code in place.subdivisions or ()):
            return Refused("places_contradict", "a subdivision lies in another country")
    return None


def _cap(command: PutCampaign, book: CampaignBook | None) -> Refused | None:
    total = command.caps.total
    if total is not None and book and total < book.taken:
        return Refused("cap_below_sent", f"{book.taken} slots are taken already")
    return None


def _address(command: PutCampaign) -> Refused | None:
    try:
        address = urlsplit(command.send.url)
        usable = bool(address.hostname) and address.port != 0 and address.username is None
    except ValueError:
        usable = False
    return None if usable else Refused("url_invalid", "the address to send to is not usable")
