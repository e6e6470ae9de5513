"""Intake's own collections, the only file that knows their shape; and what it has in memory."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from services.intake.catalogue.affiliates import Affiliate
from services.intake.catalogue.questions import Question
from services.intake.decisions.lookup import Lookup
from services.intake.deliveries.deliveries import Delivery, Row
from services.intake.deliveries.requests import Request
from services.intake.leads.contacts import Contact
from services.intake.leads.leads import Lead, Try
from shared.definitions import Version
from shared.loop.catalogue import Catalogue, Catalogues
from shared.loop.collection import Collection, View, collection
from shared.loop.tally import Counted, Tally
from shared.store import Document

SCHEMA = 1
READ_FIELDS = ("mapping_version", "blank", "unread")
LEADS = collection(
    "leads",
    Lead,
    schema=SCHEMA,
    text=["given"],
    queried={
        "held_for": lambda lead: [held.question for held in lead.held],
        "is_sent": lambda lead: bool(lead.sent_to),
        "reason_codes": lambda lead: sorted({reason.code for reason in lead.upload.reasons}),
        "order": lambda lead: lead.order,
    },
    indexes=[
        # Guarded writes look for both, and not every store begins with the id alone.
        ["_id", "version"],
        # One for each filter of the search, which then goes by the order.
        ["tenant", "order"],
        ["tenant", "affiliate", "order"],
        ["tenant", "delivery", "order"],
        ["tenant", "is_sent", "order"],
        ["tenant", "lead_code", "order"],
        ["tenant", "person_id", "order"],
        ["tenant", "reason_codes", "order"],
        ["tenant", "sent_to", "order"],
        ["tenant", "source", "order"],
        ["tenant", "upload.outcome", "order"],
        # For the leads of a delivery, and for what is held.
        ["tenant", "affiliate", "delivery"],
        ["tenant", "held_for", "_id"],
    ],
)


def _counts_of(lead: Lead) -> Iterator[Counted]:
    codes = (reason.code for reason in lead.upload.reasons)
    return _counts(lead.tenant, lead.affiliate, lead.outcome, codes)


def _counts_of_row(row: Document) -> Iterator[Counted]:
    upload = row["upload"]
    codes = (reason["code"] for reason in upload["reasons"])
    return _counts(row["tenant"], row["affiliate"], upload["outcome"], codes)


def _counts(
    tenant: str, affiliate: str | None, outcome: str, codes: Iterable[str]
) -> Iterator[Counted]:
    """INT-03, of an affiliate's leads: each has one outcome, and each of its reasons once."""
    if affiliate is None:
        return
    for what in (OF_OUTCOME + outcome, *(OF_REASON + code for code in sorted({*codes}))):
        yield Counted(tenant, affiliate, what)


OF_OUTCOME, OF_REASON = "outcome/", "reason/"
LEAD_COUNTS = Tally(
    "lead_counts",
    LEADS,
    schema=1,
    of_entity=_counts_of,
    fields=("tenant", "affiliate", "upload.outcome", "upload.reasons"),
    of_row=_counts_of_row,
)
TALLIES = (LEAD_COUNTS,)
TRIES = collection("tries", Try, schema=SCHEMA, indexes=[["lead"]])
CONTACTS = collection(
    "contacts", Contact, schema=SCHEMA, indexes=[["_id", "version"], ["tenant", "person.phone"]]
)
# As text, since a vocabulary has keys such as "U.S.".
AFFILIATES = collection(
    "affiliates", Affiliate, schema=SCHEMA, text=["definition"], indexes=[["revision"]]
)
QUESTIONS = collection(
    "questions", Question, schema=SCHEMA, text=["definition"], indexes=[["revision"]]
)
DELIVERIES = collection(
    "deliveries", Delivery, schema=SCHEMA, indexes=[["tenant", "announced.affiliate"]]
)
REQUESTS = collection("requests", Request, schema=SCHEMA, indexes=[["tenant", "answered_at"]])
VERSIONS = collection("versions", Version, schema=SCHEMA, indexes=[["of", "number"]])

ROWS = View(
    LEADS.name,
    Row,
    ("reference", "upload.outcome", "is_sent"),
    lambda row: Row(row["reference"], row["upload"]["outcome"], row["is_sent"]),
)
COLLECTIONS: Sequence[Collection[Any]] = (
    AFFILIATES,
    QUESTIONS,
    LEADS,
    TRIES,
    CONTACTS,
    DELIVERIES,
    REQUESTS,
    VERSIONS,
)


def memory(lookup: Lookup) -> Catalogues:
    return Catalogues(
        Catalogue(AFFILIATES, lookup.affiliates.apply),
        Catalogue(QUESTIONS, lookup.questions.apply),
    )
