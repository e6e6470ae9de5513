"""An affiliate, what it announces, and what it is asked for. Adding one is data, not code."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.contracts.answers import PUT
from shared.contracts.event import Command
from shared.contracts.lead_fields import Mapping
from shared.contracts.roles import OPERATES
from shared.contracts.values import WHOLE, AffiliateId, CategoryId, Id, Instant, Part, Text

Count = Annotated[int, Field(ge=0, le=10_000_000), WHOLE]
"""How many."""
Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(?:0[1-9]|1[0-2])$")]
"""A year and a month of it."""

ContactRole = Literal["main", "technical", "estimates", "pricing", "general"]


class AffiliateContact(Part):
    name: Id
    email: Id
    roles: tuple[ContactRole, ...]
    """What is told to whom: a request of an estimate goes to `estimates`, one for rows to
    `technical`."""


class PutAffiliate(
    Command,
    type="intake.affiliate.put.v1",
    key="{id}",
    roles=OPERATES,
    accepted=PUT,
    refused=(
        "id_reserved",
        "mapping_incomplete",
        "main_contact_missing",
        "vocabulary_cycle",
        "time_zone_unknown",
    ),
):
    """The affiliate, whole; adding one is data, not code (INT-01).

    `details` has the `version`."""

    id: AffiliateId
    name: Id
    contacts: tuple[AffiliateContact, ...]
    """One of them holds the role `main`."""
    mapping: Mapping
    lead_codes: tuple[Id, ...]
    """Under which its leads are taken."""
    categories: tuple[CategoryId, ...]
    """In which its leads are taken."""


class AnnounceDelivery(
    Command,
    type="intake.delivery.announce.v1",
    key="{affiliate}:{id}",
    roles=OPERATES | {"affiliate"},
    accepted=PUT,
    refused=("affiliate_unknown", "lead_code_unknown", "references_differ"),
):
    """What an affiliate is going to deliver under one lead code in a month (INT-10). Each lead
    names its delivery in `delivery`. An affiliate announces its own: `ce_actor` is its id.

    `changed` for another announcement under the same id, with which the 24 hours begin anew. How it
    stands can be read at any time (`/deliveries`). After 24 hours
    `leadops.intake.delivery.reconciled.v1` says once what came, what is missing and what nobody
    announced; if it does not add up, a request for a new upload is opened."""

    affiliate: AffiliateId
    id: Id
    month: Month
    """In which it is delivered."""
    lead_code: Id
    declared: Count
    """How many leads."""
    references: tuple[Id, ...] = ()
    """Theirs, if they are known; then as many different ones as `declared` says."""


class OpenRequest(
    Command,
    type="intake.request.open.v1",
    key="{affiliate}:{id}",
    roles=OPERATES,
    accepted=("created", "unchanged"),
    refused=("affiliate_unknown", "request_exists"),
):
    """Something that an affiliate is asked for: an `estimate`, or a `reupload` of rows (INT-16). It
    goes to the contact for estimates, or to the technical one, and to the main contact where nobody
    holds that role.

    `leadops.intake.request.opened.v1` tells it, with the role, and again every three days until it
    is answered. leadops writes no mail: whoever writes to affiliates reads that event."""

    affiliate: AffiliateId
    id: Id
    kind: Literal["estimate", "reupload"]
    text: Text
    """What the affiliate is asked."""
    rows: tuple[Id, ...] = ()
    """References of the rows that are asked for again."""


class AnswerRequest(
    Command,
    type="intake.request.answer.v1",
    key="{affiliate}:{id}",
    roles=OPERATES | {"affiliate"},
    accepted=("answered", "unchanged"),
    refused=("request_unknown", "request_answered", "estimate_incomplete"),
):
    """The affiliate's answer, which closes the request. An estimate needs all of volume, price,
    currency and validity; a `reupload` needs none of them, and may have a text. An affiliate
    answers its own: `ce_actor` is its id.

    `unchanged` for the same answer again. The first one counts: another is refused."""

    affiliate: AffiliateId
    id: Id
    text: Text | None = None
    """What the affiliate says."""
    volume: Count | None = None
    """How many leads."""
    price_minor: Count | None = None
    """Per lead, in minor units of the currency."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    """ISO 4217, three letters."""
    valid_until: Instant | None = None
    """How long the price holds."""
