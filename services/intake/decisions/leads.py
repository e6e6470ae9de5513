"""An upload is decided, or decided again from what was stored: held ones, and replaced ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue
from pydantic_core import from_json

from services.intake.catalogue import affiliates, questions
from services.intake.catalogue.affiliates import Affiliate
from services.intake.decisions.lookup import Lookup
from services.intake.leads import outcomes, replacing, uploads
from services.intake.leads.contacts import Contact, identity
from services.intake.leads.leads import HELD, WAITING, Change, Lead, conflict_id, lead_id
from services.intake.leads.normalizing import identity_of, normalize
from services.intake.leads.outcomes import Recheck, Submission
from services.intake.leads.replacing import Contacts, Known
from services.intake.leads.uploads import Raw
from shared.contracts.intake import ConvertLead, LeadToRecheck, ReleaseLead, SubmitLead
from shared.contracts.routing import LeadSent, WithdrawalAnswered
from shared.contracts.values import OpenQuestion
from shared.ids import pseudonym
from shared.loop.decision import Accepted, Cause, Context, Decision, Refused, Took
from shared.loop.working_set import Reads, Ref, WorkingSet

DECIDED = "upload_decided"


@dataclass(frozen=True, slots=True)
class Leads:
    lookup: Lookup
    secret: str
    """The key of the pseudonyms."""

    # A record is read twice: for whom it is about, and then whole.

    def submission_reads(self, state: WorkingSet, command: SubmitLead, context: Context) -> Reads:
        raw = uploads.raw_submission(command, context.cause)
        affiliate = self.lookup.affiliate(state, context.tenant, command.affiliate)
        other = [Ref(Lead, _replaced_id(raw))] if command.replaces is not None else []
        yield [*other, *self._upload_refs(raw, affiliate)]

    def conversion_reads(self, _state: WorkingSet, command: ConvertLead, context: Context) -> Reads:
        raw = uploads.raw_conversion(command, context.cause)
        yield list(self._upload_refs(raw, affiliates.ORGANIC_SOURCE))

    def _upload_refs(
        self, raw: Raw, affiliate: Affiliate | None
    ) -> Iterable[Ref[Lead] | Ref[Contact]]:
        """The lead of the reference, the person, and INT-05: another person's lead under it."""
        yield Ref(Lead, raw.id)
        person = self._person(raw.cause.tenant, raw.record, affiliate)
        if person is not None:
            yield Ref(Lead, conflict_id(raw.id, person))
            yield Ref(Contact, person)

    def _person(
        self, tenant: str, record: Mapping[str, JsonValue], affiliate: Affiliate | None
    ) -> str | None:
        person = identity_of(record, affiliate) if affiliate is not None else None
        return pseudonym(self.secret, tenant, person.value) if person else None

    def submit_lead(self, state: WorkingSet, command: SubmitLead, context: Context) -> Decision:
        return _with_time_taken(self._submit(state, command, context), context)

    def _submit(self, state: WorkingSet, command: SubmitLead, context: Context) -> Decision:
        if not outcomes.may_submit(command, context.cause):
            return _refuse("not_permitted", "an affiliate submits its own leads only")
        affiliate = self.lookup.affiliate(state, context.tenant, command.affiliate)
        if affiliate is None:
            return Decision(answer=Refused.unknown("affiliate", command.affiliate))
        raw = uploads.raw_submission(command, context.cause)
        before = state.get(Ref(Lead, raw.id))
        submission = self.read(state, raw, affiliate)
        if before is not None and before.is_final:
            return self._repeat(state, before, submission)
        contact = _contact(state, submission.person_id)
        if command.replaces is None:
            return outcomes.take_in(submission, before, contact)
        other = state.get(Ref(Lead, _replaced_id(raw)))
        return replacing.take_in(submission, Known(before, other, contact), context.now)

    def convert_lead(self, state: WorkingSet, command: ConvertLead, context: Context) -> Decision:
        return _with_time_taken(self._convert(state, command, context), context)

    def _convert(self, state: WorkingSet, command: ConvertLead, context: Context) -> Decision:
        raw = uploads.raw_conversion(command, context.cause)
        before = state.get(Ref(Lead, raw.id))
        submission = self.read(state, raw, affiliates.ORGANIC_SOURCE)
        if before is not None and before.is_final:
            return self._repeat(state, before, submission)
        return outcomes.take_in(submission, before, _contact(state, submission.person_id))

    def _repeat(self, state: WorkingSet, before: Lead, submission: Submission) -> Decision:
        """INT-05: that lead forever, unless it is about another person."""
        if not outcomes.is_anothers(before, submission):
            return outcomes.repeat(before, submission.raw)
        assert submission.person_id is not None
        own = state.get(Ref(Lead, conflict_id(before.id, submission.person_id)))
        return outcomes.conflict(before, submission, own, _contact(state, submission.person_id))

    # What is stored, decided again.

    def release_reads(self, state: WorkingSet, command: ReleaseLead, context: Context) -> Reads:
        ref = _lead_to_release(command, context)
        yield [ref]
        if lead := state.get(ref):
            affiliate = self.lookup.source(state, lead)
            answered = outcomes.with_answers(lead, affiliate, command.answers)
            yield self._contact_refs(state, answered)

    def release_lead(self, state: WorkingSet, command: ReleaseLead, context: Context) -> Decision:
        lead = state.get(_lead_to_release(command, context))
        if lead is None or lead.outcome != HELD:
            return _refuse("not_held", "no lead is held under this reference")
        affiliate = self.lookup.source(state, lead)
        if refused := self._not_releasing(state, lead, command, context.tenant):
            return refused
        lead = outcomes.with_answers(lead, affiliate, command.answers)
        submission = self._read_stored(state, lead, context.cause)
        decision = self._again(state, lead, submission, context, "released")
        (after,) = [entity for entity in decision.save if isinstance(entity, Lead)]
        answer = Accepted(after.outcome, details={"lead": lead.id, "outcome": after.outcome})
        return replace(decision, answer=answer)

    def _not_releasing(
        self, state: WorkingSet, lead: Lead, command: ReleaseLead, tenant: str
    ) -> Decision | None:
        for symbol, answer in command.answers.items():
            held_for = [held.question for held in lead.held]
            if symbol not in held_for:
                text = f"the lead is not held for {symbol}, but for {', '.join(held_for)}"
                return _refuse("answer_not_held", text)
            question = self.lookup.question(state, tenant, symbol)
            if question is None:
                return _refuse("answer_not_allowed", f"{symbol} allows no answer any more")
            if questions.fold(answer) not in question.passing:
                return _refuse("answer_not_allowed", questions.allowed_by(question))
        return None

    def recheck_reads(
        self, state: WorkingSet, event: LeadToRecheck | Recheck, _context: Context
    ) -> Reads:
        yield [Ref(Lead, event.lead)]
        yield self._contact_refs(state, state.get(Ref(Lead, event.lead)))

    def recheck_lead(
        self, state: WorkingSet, event: LeadToRecheck | Recheck, context: Context
    ) -> Decision:
        """INT-07: if all its answers pass now, it is checked again; else it stays as it is."""
        lead = state.get(Ref(Lead, event.lead))
        if lead is None or lead.outcome != HELD:
            return Decision()
        submission = self._read_stored(state, lead, context.cause)
        if submission.judged.held:
            return Decision()
        return self._again(state, lead, submission, context, "rechecked")

    def withdrawal_reads(
        self, state: WorkingSet, answer: WithdrawalAnswered, _context: Context
    ) -> Reads:
        both = [Ref(Lead, answer.replacement), Ref(Lead, answer.lead)]
        yield both
        yield self._contact_refs(state, *map(state.get, both))

    def replace_lead(
        self, state: WorkingSet, answer: WithdrawalAnswered, context: Context
    ) -> Decision:
        lead = state.get(Ref(Lead, answer.replacement))
        if lead is None or lead.outcome != WAITING:
            return Decision()
        if answer.outcome == "already_sent":
            return replacing.omit_too_late(lead, context.now)
        submission = self._read_stored(state, lead, context.cause)
        other = state.get(Ref(Lead, answer.lead))
        contacts = Contacts(
            _contact(state, submission.person_id),
            _contact(state, other.person_id if other else None),
        )
        return replacing.take_place_of_withdrawn(lead, other, submission, contacts, context.now)

    def _contact_refs(self, state: WorkingSet, *leads: Lead | None) -> list[Ref[Contact]]:
        """Of whom they were about, and are about as they are read today."""
        people: list[str | None] = []
        for lead in filter(None, leads):
            record = from_json(lead.upload.record) | lead.given
            source = self.lookup.source(state, lead)
            people += [lead.person_id, self._person(lead.tenant, record, source)]
        return [Ref(Contact, person) for person in people if person is not None]

    def _again(
        self, state: WorkingSet, lead: Lead, submission: Submission, context: Context, what: str
    ) -> Decision:
        contact = _contact(state, submission.person_id)
        change = Change(context.now, context.cause.actor or "intake", what)
        return outcomes.decide_again(lead, submission, contact, change)

    def _read_stored(self, state: WorkingSet, lead: Lead, cause: Cause) -> Submission:
        return self.read(state, uploads.raw_again(lead, cause), self.lookup.source(state, lead))

    def read(self, state: WorkingSet, raw: Raw, affiliate: Affiliate) -> Submission:
        tenant = raw.cause.tenant
        read = normalize(raw.record, affiliate, raw.lead_code)
        categories = raw.categories or (read.category,)
        judged = questions.judge(
            raw.record,
            affiliate,
            categories,
            lambda symbol: self.lookup.question(state, tenant, symbol),
        )
        person = read.person and identity(read.person.email, read.person.phone)
        person_id = pseudonym(self.secret, tenant, person.value) if person else None
        unanswered = tuple(
            OpenQuestion(category, symbol)
            for category in categories
            for symbol in sorted(self.lookup.questions.symbols_in(tenant, category))
            if symbol not in judged.answers
        )
        return outcomes.submission_of(raw, affiliate, read, judged, person_id, unanswered)


def _with_time_taken(decision: Decision, context: Context) -> Decision:
    """With how long ago the upload was, where it led to anything."""
    if not decision.save:
        return decision
    return replace(decision, took=[Took(DECIDED, context.now - context.cause.time)])


def _refuse(code: str, text: str) -> Decision:
    return Decision(answer=Refused(code, text))


def _contact(state: WorkingSet, person_id: str | None) -> Contact | None:
    return state.get(Ref(Contact, person_id)) if person_id else None


def _lead_to_release(command: ReleaseLead, context: Context) -> Ref[Lead]:
    return Ref(Lead, lead_id(context.tenant, command.affiliate, command.reference))


def _replaced_id(raw: Raw) -> str:
    assert raw.affiliate is not None and raw.replaces is not None
    return lead_id(raw.cause.tenant, raw.affiliate, raw.replaces)


def lead_sent(event: LeadSent, _context: Context) -> Ref[Lead]:
    return Ref(Lead, event.lead)
