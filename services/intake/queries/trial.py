"""What would become of records if they were submitted now, without publishing or storing anything.

They are decided by the handler that decides submitted ones, one after the other on what is stored,
so both come to the same. Catalogues are its own: those of the loop belong to the step under way.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field
from pydantic_core import to_json

from services.intake.catalogue.affiliates import AffiliateIndex
from services.intake.catalogue.questions import QuestionIndex
from services.intake.decisions.leads import Leads
from services.intake.decisions.lookup import Lookup
from services.intake.leads import uploads
from services.intake.leads.leads import Lead
from services.intake.queries import field_view
from services.intake.queries.field_view import FieldView
from services.intake.service import service_with
from shared.clock import Clock
from shared.committed import Committed
from shared.contracts import envelope as envelopes
from shared.contracts.envelope import Envelope
from shared.contracts.intake import LeadAccepted, SubmitLead
from shared.contracts.values import Id, Part, Reason
from shared.errors import Poison
from shared.loop import inbox
from shared.loop.decide import message_of
from shared.loop.decision import Accepted, Cause, Context, Decision, Input, Refused
from shared.loop.working_set import Ref, WorkingSet
from shared.store import Document, Store

SUBMISSIONS_MAX = 200
"""At once: one query a collection asks for what so many may need."""
EARLIER_MAX = 3 * SUBMISSIONS_MAX

Answer = Accepted | Refused


class Submitted(Part):
    """A command as it would be published; one that was published before is known by its id."""

    id: Id
    data: SubmitLead


class Submissions(Part):
    """Of one source, in the order in which they would be submitted."""

    source: Id
    submissions: tuple[Submitted, ...] = Field(min_length=1, max_length=SUBMISSIONS_MAX)
    earlier: tuple[Submitted, ...] = Field(default=(), max_length=EARLIER_MAX)
    """Those before them that were accepted, and are of the same people or references."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What would become of one record."""

    id: str
    reference: str
    answer: Answer
    reasons: tuple[Reason, ...]
    lead: Lead | None
    """As it would stand then; none where the command is refused without one."""
    is_new: bool
    """Whether this upload would be that lead's; else it stays what it is."""
    unchanged: bool
    """The same command was answered before, and is answered the same again."""
    fields: Sequence[FieldView]
    accepted: LeadAccepted | None
    """What would be published of it."""


class Trying:
    def __init__(self, store: Store, secret: str, clock: Clock) -> None:
        self._committed = Committed(store)
        self._leads = Leads(Lookup(AffiliateIndex(), QuestionIndex()), secret)
        self._service = service_with(self._leads)
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def submissions(self, page: Submissions, tenant: str) -> list[Tried]:
        """INT-03: what deciding them in this order, now, would come to."""
        every = [*page.earlier, *page.submissions]
        inputs = [self._input(each, page.source, tenant) for each in every]
        known = await inbox.load(self._committed, map(_envelope, inputs))
        tried = []
        # To the end: another page would refresh the catalogues, and a mapping that came with it
        # reads people that this one has not loaded.
        async with self._one_at_a_time:
            state = await self._service.load(self._committed, inputs)
            for each in inputs:
                tried.append(self._try(state, each, known.get(_known_by(each))))
                # A page of them takes a tenth of a second, in which the loop would wait.
                await asyncio.sleep(0)
        return tried[len(page.earlier) :]

    def _input(self, submitted: Submitted, source: str, tenant: str) -> Input:
        command, now = submitted.data, self._clock.now()
        key = f"{command.affiliate}:{command.reference}"
        cause = Cause(submitted.id, source, key, now, tenant, "try", "operator")
        return Input(command, Context(cause, now))

    def _try(self, state: WorkingSet, upload: Input, known: Document | None) -> Tried:
        command = upload.event
        assert isinstance(command, SubmitLead)
        decision = _known_answer(known) if known else self._decide(state, upload)
        assert decision.answer is not None
        state.put(decision.save)
        lead = state.peek(Ref(Lead, str(decision.answer.details.get("lead"))))
        events = [each.event for each in decision.publish]
        return Tried(
            upload.context.cause.id,
            command.reference,
            decision.answer,
            lead.upload.reasons if lead else (),
            lead,
            lead is not None and _is_of(lead, decision, upload),
            known is not None,
            self._fields(state, command, upload),
            next((event for event in events if isinstance(event, LeadAccepted)), None),
        )

    def _decide(self, state: WorkingSet, upload: Input) -> Decision:
        """As the loop does it: what can't be published is dead-lettered."""
        try:
            envelopes.check_size(to_json(upload.event))
            decision = self._service.table.decide(state, upload)
            for number, publish in enumerate(decision.publish):
                message_of(upload.context.cause, number, publish)
        except Poison as poison:
            return Decision(answer=Refused("dead_letter", f"{poison.code}: {poison.text}"))
        return decision

    def _fields(self, state: WorkingSet, command: SubmitLead, upload: Input) -> list[FieldView]:
        """As the mapping of today reads them."""
        cause = upload.context.cause
        affiliate = self._leads.lookup.affiliate(state, cause.tenant, command.affiliate)
        if affiliate is None:
            return []
        raw = uploads.raw_submission(command, cause)
        return field_view.view(self._leads.read(state, raw, affiliate), affiliate)


def _envelope(upload: Input) -> Envelope:
    cause, data = upload.context.cause, b""
    return Envelope(cause.id, cause.source, SubmitLead.TYPE, cause.time, data, tenant=cause.tenant)


def _known_by(upload: Input) -> str:
    return inbox.key_of(_envelope(upload))


def _known_answer(known: Document) -> Decision:
    return Decision(answer=inbox.answer_of(known))


def _is_of(lead: Lead, decision: Decision, upload: Input) -> bool:
    """Whether the lead is saved as what this upload makes of it."""
    saved = any(each.id == lead.id for each in decision.save)
    return saved and lead.upload.command == upload.context.cause.id
