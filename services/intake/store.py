"""Intake's own collections; the only file that knows their shape.

Whatever deciding a batch may need is loaded with one query per collection.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic_core import from_json

from services.intake.catalogue import affiliates
from services.intake.catalogue.affiliates import ORGANIC, ORGANIC_SOURCE, Affiliate, AffiliateIndex
from services.intake.catalogue.questions import HeldPage, Question, QuestionIndex, page_id
from services.intake.catalogue.versions import Version
from services.intake.deliveries.deliveries import Came, Delivery, Row
from services.intake.deliveries.requests import Request
from services.intake.leads.contacts import Contact
from services.intake.leads.leads import Lead, Try, conflict_id
from services.intake.leads.normalizing import identity_of
from services.intake.wanted import Wanted
from shared.contracts.affiliates import PutAffiliate
from shared.contracts.intake import QuestionChanged
from shared.ids import pseudonym
from shared.loop.catalogue import REVISIONS, Catalogue, refresh
from shared.loop.collection import Collection, collection
from shared.loop.decision import Input
from shared.loop.working_set import WorkingSet
from shared.store import Document, Filter, Index, Transaction

SCHEMA = 1
HELD_AT_ONCE = 500
"""So many held leads one step sends on to their shards; the next step takes the next ones."""
READ_FIELDS = ("mapping_version", "blank", "unread")
ROW_FIELDS = ("reference", "upload.outcome", "is_sent")

Put = Mapping[str, Sequence[Affiliate]]
"""By id, the affiliates as a batch puts them."""

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
        # For what is counted by affiliate, and for what is held.
        ["tenant", "affiliate", "upload.outcome"],
        ["tenant", "affiliate", "reason_codes"],
        ["tenant", "affiliate", "delivery"],
        ["tenant", "held_for", "_id"],
    ],
)
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

CATALOGUES: Sequence[Collection[Any]] = (AFFILIATES, QUESTIONS)
SAVED: Sequence[Collection[Any]] = (LEADS, TRIES, CONTACTS, DELIVERIES, REQUESTS, VERSIONS)
"""Beside the catalogues, which save themselves."""
COLLECTIONS = (*CATALOGUES, *SAVED)
INDEXES = [index for kept in COLLECTIONS for index in kept.indexes] + [Index(REVISIONS, ())]


def held_for(tenant: str, changed: QuestionChanged) -> Filter:
    return {"tenant": tenant, "held_for": changed.question, "_id": {"$gt": changed.after}}


def of_delivery(delivery: Delivery) -> Filter:
    announced = delivery.announced
    return {
        "tenant": delivery.tenant,
        "affiliate": announced.affiliate,
        "delivery": announced.id,
    }


def row_of(row: Document) -> Row:
    """Of a lead's document, or of what `ROW_FIELDS` names of it."""
    return Row(row["reference"], row["upload"]["outcome"], row["is_sent"])


class IntakeStore:
    def __init__(self, secret: str) -> None:
        self.affiliates = AffiliateIndex()
        self.questions = QuestionIndex()
        self._catalogues = (
            Catalogue(AFFILIATES, self.affiliates.apply),
            Catalogue(QUESTIONS, self.questions.apply),
        )
        self._secret = secret

    async def load_many(self, transaction: Transaction, inputs: Sequence[Input]) -> WorkingSet:
        await refresh(transaction, *self._catalogues)
        wanted = Wanted()
        for given in inputs:
            wanted.add(given)
        state = WorkingSet()
        await state.load(transaction, AFFILIATES, wanted.affiliates)
        await state.load(transaction, QUESTIONS, wanted.questions)
        await state.load(transaction, DELIVERIES, wanted.deliveries)
        await state.load(transaction, REQUESTS, wanted.requests)
        await state.load(transaction, LEADS, wanted.leads)
        for tenant, changed in wanted.changed:
            where = held_for(tenant, changed)
            found = await state.find(
                transaction, LEADS, where, sort=[("_id", 1)], limit=HELD_AT_ONCE
            )
            id = page_id(tenant, changed)  # noqa: A001
            state.know(HeldPage(id, 0, tuple(found), is_last=len(found) < HELD_AT_ONCE))
        for id in wanted.reconciled:  # noqa: A001
            if delivery := state.get(Delivery, id):
                rows = await transaction.find(LEADS.name, of_delivery(delivery), fields=ROW_FIELDS)
                state.know(Came(id, 0, tuple(map(row_of, rows))))
        put = _put_in_batch(inputs)
        await state.load(transaction, LEADS, self._conflicts(wanted, state, put))
        await state.load(transaction, CONTACTS, self._persons(wanted, state, put))
        return state

    async def save_many(self, transaction: Transaction, changed: WorkingSet) -> None:
        for catalogue in self._catalogues:
            await catalogue.save(transaction, changed)
        for kept in SAVED:
            await changed.save(transaction, kept)

    def _conflicts(self, wanted: Wanted, state: WorkingSet, put: Put) -> Iterable[str]:
        """INT-05: leads of other people under references that are taken, or will be."""
        stored = (each for each in wanted.uploads if state.get(Lead, each.lead) is not None)
        for each in (*stored, *wanted.repeated()):
            for person in self._person(each.tenant, each.affiliate, each.record, put):
                yield conflict_id(each.lead, person)

    def _persons(self, wanted: Wanted, state: WorkingSet, put: Put) -> Iterable[str]:
        """Whoever an upload of this batch may name, by every mapping it may be read with."""
        for each in wanted.uploads:
            yield from self._person(each.tenant, each.affiliate, each.record, put)
        for id in wanted.again:  # noqa: A001
            if (lead := state.get(Lead, id)) is not None:
                yield from [lead.person_id] if lead.person_id else []
                record = from_json(lead.upload.record) | lead.given
                yield from self._person(lead.tenant, lead.affiliate, record, put)

    def _person(
        self,
        tenant: str,
        affiliate: str | None,
        record: Mapping[str, Any],
        put: Put,
    ) -> Iterable[str]:
        id = affiliates.stored_id(tenant, affiliate or ORGANIC)  # noqa: A001
        known = self.affiliates.get(id) if affiliate else ORGANIC_SOURCE
        for source in (*put.get(id, ()), *([known] if known else ())):
            if person := identity_of(record, source):
                yield pseudonym(self._secret, tenant, person.value)


def _put_in_batch(inputs: Sequence[Input]) -> Put:
    """The affiliates as this batch may put them: a lead behind such a command is read with the new
    mapping, and its contact must be loaded, or it would be created a second time."""
    found: dict[str, list[Affiliate]] = {}
    for given in inputs:
        if isinstance(given.event, PutAffiliate):
            decided = affiliates.put(given.event, None, given.cause, given.now)
            for affiliate in decided.save:
                assert isinstance(affiliate, Affiliate)
                found.setdefault(affiliate.id, []).append(affiliate)
    return found
