"""Deliveries: what an affiliate announced against what came and what became of it (INT-10).

How a delivery stands is always counted from its leads, never kept beside them. A day after it was
announced that is looked at once, and what does not add up is asked for.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate

from services.intake.catalogue.affiliates import Affiliate
from services.intake.deliveries import requests
from shared.contracts.affiliates import AnnounceDelivery, OpenRequest
from shared.contracts.intake import DeliveryReconciled
from shared.ids import derived_id
from shared.loop.decision import Accepted, Cause, Deadline, Decision, Due, Publish, Refused
from shared.loop.working_set import Page, Ref, ref_by_name
from shared.wording import quantity

RECONCILE_AFTER = timedelta(hours=24)
NAMED_BYTES_MAX = 200_000
"""So much of references an event names; what is beyond is only counted."""


class Reconcile(Deadline, kind="reconcile"):
    """A delivery whose leads should have come, by its id."""

    delivery: str


@dataclass(frozen=True, slots=True)
class Delivery:
    id: str
    version: int
    tenant: str
    announced: AnnounceDelivery
    announced_at: datetime
    announced_by: str
    reconciled_at: datetime | None = None
    adds_up: bool | None = None
    """As of the reconciliation; None before."""


@dataclass(frozen=True, slots=True)
class Row:
    """What of a lead counts for its delivery."""

    reference: str
    outcome: str
    is_sent: bool


def delivery_of(tenant: str, affiliate: str, name: str) -> Ref[Delivery]:
    return ref_by_name(Delivery, tenant, f"{affiliate}:{name}")


def leads_of(delivery: Delivery) -> Page[Row]:
    """All that came of it."""
    announced = delivery.announced
    return Page(
        Row,
        {
            "tenant": delivery.tenant,
            "affiliate": announced.affiliate,
            "delivery": announced.id,
        },
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How a delivery stands: each lead that came has exactly one outcome."""

    declared: int
    outcomes: dict[str, int]
    sent: int
    missing: tuple[str, ...]
    unannounced: tuple[str, ...]

    @property
    def received(self) -> int:
        return sum(self.outcomes.values())

    @property
    def is_short(self) -> bool:
        return self.received < self.declared or bool(self.missing)

    @property
    def adds_up(self) -> bool:
        return self.received == self.declared and not self.missing and not self.unannounced


def standing(announced: AnnounceDelivery, rows: Sequence[Row]) -> Standing:
    came = {row.reference for row in rows}
    expected = set(announced.references)
    return Standing(
        announced.declared,
        dict(Counter(row.outcome for row in rows)),
        sum(row.is_sent for row in rows),
        tuple(sorted(expected - came)),
        tuple(sorted(came - expected)) if expected else (),
    )


def _nameable(references: Sequence[str]) -> tuple[str, ...]:
    sizes = accumulate(len(reference.encode()) + 3 for reference in references)
    return tuple(
        reference
        for reference, size in zip(references, sizes, strict=True)
        if size <= NAMED_BYTES_MAX
    )


def announce(
    command: AnnounceDelivery, before: Delivery | None, affiliate: Affiliate | None, cause: Cause
) -> Decision:
    """The last announcement counts; the day begins with it."""
    if refused := _contradictions(command, affiliate, cause):
        return Decision(answer=refused)
    if before is not None and before.announced == command:
        return Decision(answer=Accepted("unchanged", details={"delivery": command.id}))
    id = delivery_of(cause.tenant, command.affiliate, command.id).id  # noqa: A001
    version = before.version if before else 0
    delivery = Delivery(id, version, cause.tenant, command, cause.time, cause.actor)
    at = cause.time + RECONCILE_AFTER
    due = Due(f"{Reconcile.KIND}/{id}", Reconcile(delivery=id), cause.key, at)
    answer = Accepted("changed" if before else "created", details={"delivery": command.id})
    return Decision(save=[delivery], due=[due], answer=answer)


def _contradictions(
    command: AnnounceDelivery, affiliate: Affiliate | None, cause: Cause
) -> Refused | None:
    if cause.role == "affiliate" and cause.actor != command.affiliate:
        return Refused("not_permitted", "an affiliate announces its own deliveries only")
    if affiliate is None:
        return Refused.unknown("affiliate", command.affiliate)
    if command.lead_code not in affiliate.lead_codes:
        return Refused("lead_code_unknown", "the affiliate has no such lead code")
    if len(set(command.references)) not in (0, command.declared):
        return Refused("references_differ", "as many different references as declared are needed")
    return None


def reconcile(
    delivery: Delivery | None,
    rows: Iterable[Row],
    affiliate: Affiliate | None,
    cause: Cause,
    now: datetime,
) -> Decision:
    """Once, a day after the announcement; what is missing is asked of the affiliate."""
    if delivery is None:
        return Decision()
    announced = delivery.announced
    found = standing(announced, list(rows))
    event = DeliveryReconciled(
        affiliate=announced.affiliate,
        delivery=announced.id,
        month=announced.month,
        lead_code=announced.lead_code,
        declared=announced.declared,
        outcomes=found.outcomes,
        adds_up=found.adds_up,
        missing=_nameable(found.missing),
        unannounced=_nameable(found.unannounced),
        role=requests.role_for("reupload", affiliate) if affiliate else "main",
    )
    after = replace(delivery, reconciled_at=now, adds_up=found.adds_up)
    own = Decision(save=[after], publish=[Publish(event, cause.key)])
    if not found.is_short:
        return own
    opened = requests.open_(_upload_request(delivery, found), None, affiliate, cause, now)
    return replace(
        own, save=[*own.save, *opened.save], publish=[*own.publish, *opened.publish], due=opened.due
    )


def _upload_request(delivery: Delivery, found: Standing) -> OpenRequest:
    announced = delivery.announced
    # Announced anew it may be asked for again, under another id; no operator uses such a one.
    id = derived_id(delivery.id, Reconcile.KIND, str(delivery.version))  # noqa: A001
    declared = quantity(announced.declared, "lead")
    text = f"{announced.id}: {declared} declared, {found.received:,} came"
    return OpenRequest(
        affiliate=announced.affiliate,
        id=id,
        kind="reupload",
        text=text,
        rows=_nameable(found.missing),
    )
