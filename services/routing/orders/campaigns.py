"""A campaign as routing knows it: a customer's standing order, in numbered versions (RTE-01)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from services.routing.orders.checklist import may_start
from shared import definitions
from shared.contracts.campaigns import (
    PauseCampaign,
    PutCampaign,
    ResumeCampaign,
    Status,
    Weekday,
)
from shared.contracts.forms import FAULTS_MAX
from shared.contracts.routing import CampaignChanged
from shared.definitions import Put
from shared.loop.decision import Context, Decision, Publish, Refused
from shared.loop.working_set import Ref, ref_by_name

WEEKDAYS = get_args(Weekday)
Details = Mapping[str, Any]
NO_WARNINGS: Details = {}


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
    created_at: datetime | None = None
    zone: ZoneInfo = field(init=False, compare=False, repr=False)
    amounts: Mapping[str, int | None] = field(init=False, compare=False, repr=False)
    """By category, how many were ordered."""

    def __post_init__(self) -> None:
        amounts = {category.id: category.amount for category in self.definition.categories}
        object.__setattr__(self, "zone", ZoneInfo(self.definition.time_zone))
        object.__setattr__(self, "amounts", amounts)

    @property
    def name(self) -> str:
        return self.definition.id

    @property
    def follows_policy_titles(self) -> bool:
        """Whether it refuses the titles that the policy does, and has no choice of its own."""
        return self.definition.suppressed_titles is None

    def local_day(self, at: datetime) -> date:
        try:
            return at.astimezone(self.zone).date()
        except OverflowError:
            # In the year 1 there is no earlier day; a foreign clock must not stop the shard.
            return at.date()

    def next_send(self, after: datetime) -> datetime | None:
        """The next instant at which a weekly campaign sends; None, where it sends at once."""
        weekly = self.definition.weekly
        if weekly is None:
            return None
        day = after.astimezone(self.zone).date()
        day += timedelta(days=(WEEKDAYS.index(weekly.weekday) - day.weekday()) % 7)
        at = datetime.combine(day, weekly.at, self.zone)
        if at <= after:
            at = datetime.combine(day + timedelta(days=7), weekly.at, self.zone)
        return at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Checked:
    """What speaks against a definition, and what only should be seen."""

    refused: Refused | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CampaignVersion:
    """One version of a campaign, kept forever: decisions are explained with it."""

    id: str
    version: int
    campaign: Campaign
    revision: int = 0
    """The catalogue's, from which on it was in force."""


def version_of(campaign: str, number: int) -> Ref[CampaignVersion]:
    return Ref(CampaignVersion, f"{campaign}@{number}")


def put(
    command: PutCampaign, before: Campaign | None, checked: Checked, context: Context
) -> Decision:
    """RTE-01: every change is a new version, the same again is none. It may name any number of
    lists that are not there: as many are warned of as faults are told."""
    if checked.refused:
        return Decision(answer=checked.refused)
    made = definitions.put(before, _proposal(command, before, context), context)
    warnings, left = checked.warnings[:FAULTS_MAX], len(checked.warnings[FAULTS_MAX:])
    details: Details = {"warnings": list(warnings)} if warnings else {}
    return _save(made, made.change, {**details, "more": left} if left else details)


def _proposal(command: PutCampaign, before: Campaign | None, context: Context) -> Campaign:
    if before is not None:
        return replace(before, definition=command)
    ref, now = ref_by_name(Campaign, context.tenant, command.id), context.now
    actor = context.cause.actor
    return Campaign(ref.id, 0, context.tenant, 1, command, now, actor, created_at=now)


def set_status(
    command: PauseCampaign | ResumeCampaign, before: Campaign | None, context: Context
) -> Decision:
    cause = context.cause
    if before is None:
        return Decision(answer=Refused.unknown("campaign", command.campaign))
    if cause.role == "customer" and cause.actor != before.definition.customer:
        return Decision(answer=Refused("not_permitted", "this is another customer's campaign"))
    definition = _with_status(before.definition, command)
    proposed = replace(before, definition=definition)
    made = definitions.put(before, proposed, context, reason=command.reason)
    if made.change != "unchanged" and (refused := may_start(definition)):
        return Decision(answer=refused)
    return _save(made, "resumed" if definition.status == "active" else "paused")


def _with_status(definition: PutCampaign, command: PauseCampaign | ResumeCampaign) -> PutCampaign:
    status: Status = "paused" if isinstance(command, PauseCampaign) else "active"
    return definition.model_copy(update={"status": status})


def _save(made: Put[Campaign], change: str, warnings: Details = NO_WARNINGS) -> Decision:
    if made.change == "unchanged":
        return made.decision()
    campaign = made.entity
    kept = CampaignVersion(version_of(campaign.id, campaign.number).id, 0, campaign)
    event = CampaignChanged.model_validate(
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
    publish = [Publish(event, campaign.name)]
    return made.decision(keep=[kept], publish=publish, code=change, **warnings)
