"""What intake does with each event; all of it is called inside one transaction of the loop."""

from dataclasses import dataclass, replace

from services.intake.catalogue import affiliates, questions
from services.intake.catalogue.affiliates import Affiliate, AffiliateIndex
from services.intake.catalogue.questions import HeldPage, Question, QuestionIndex
from services.intake.catalogue.versions import with_versions
from services.intake.deliveries import deliveries, requests
from services.intake.deliveries.deliveries import Delivery
from services.intake.deliveries.requests import Request
from services.intake.leads import outcomes, replacing, uploads
from services.intake.leads.contacts import Contact, identity
from services.intake.leads.leads import HELD, WAITING, Change, Lead, conflict_id, lead_id
from services.intake.leads.normalizing import normalize
from services.intake.leads.outcomes import Submission
from services.intake.leads.replacing import Contacts, Known
from services.intake.leads.uploads import Raw
from shared.contracts.affiliates import AnnounceDelivery, AnswerRequest, OpenRequest, PutAffiliate
from shared.contracts.intake import (
    ConvertLead,
    LeadToRecheck,
    QuestionChanged,
    ReleaseLead,
    SubmitLead,
)
from shared.contracts.questions import AddAlias, PutQuestion
from shared.contracts.routing import LeadSent, WithdrawalAnswered
from shared.contracts.values import OpenQuestion
from shared.ids import pseudonym
from shared.loop.decision import (
    Accepted,
    Cause,
    Decision,
    DueReached,
    Handlers,
    Input,
    Publish,
    Refused,
)
from shared.loop.working_set import WorkingSet


@dataclass(frozen=True, slots=True)
class Intake:
    """What every decision may look things up in: the catalogues in memory, and the key of the
    pseudonyms."""

    affiliates: AffiliateIndex
    questions: QuestionIndex
    secret: str

    def handlers(self) -> Handlers:
        return {
            SubmitLead: self.submit_lead,
            ConvertLead: self.convert_lead,
            ReleaseLead: self.release_lead,
            LeadToRecheck: self.recheck_lead,
            outcomes.RECHECK: self.recheck_lead,
            WithdrawalAnswered: self.replace_lead,
            LeadSent: note_sent,
            PutAffiliate: put_affiliate,
            PutQuestion: put_question,
            AddAlias: add_alias,
            QuestionChanged: recheck_held,
            AnnounceDelivery: self.announce_delivery,
            deliveries.RECONCILE: self.reconcile_delivery,
            OpenRequest: self.open_request,
            AnswerRequest: answer_request,
            requests.REMIND: remind,
        }

    def submit_lead(self, state: WorkingSet, given: Input) -> Decision:
        command, cause = given.event, given.cause
        assert isinstance(command, SubmitLead)
        if not outcomes.may_submit(command, cause):
            return _refused("not_permitted", "an affiliate submits its own leads only")
        affiliate = self.affiliate(state, cause, command.affiliate)
        if affiliate is None:
            return Decision(answer=Refused.unknown("affiliate", command.affiliate))
        raw = uploads.submitted(command, cause)
        before = state.get(Lead, raw.id)
        submission = self.read(state, raw, affiliate)
        if before is not None and before.is_final:
            return self.repeat(state, before, submission)
        contact = self.contact(state, submission.person_id)
        if command.replaces is None:
            return outcomes.take_in(submission, before, contact)
        other = state.get(Lead, self.replaced(raw))
        return replacing.take_in(submission, Known(before, other, contact), given.now)

    def convert_lead(self, state: WorkingSet, given: Input) -> Decision:
        command = given.event
        assert isinstance(command, ConvertLead)
        raw = uploads.converted(command, given.cause)
        before = state.get(Lead, raw.id)
        submission = self.read(state, raw, affiliates.ORGANIC_SOURCE)
        if before is not None and before.is_final:
            return self.repeat(state, before, submission)
        return outcomes.take_in(submission, before, self.contact(state, submission.person_id))

    def repeat(self, state: WorkingSet, before: Lead, submission: Submission) -> Decision:
        """INT-05: that lead forever, unless it is about another person."""
        if not outcomes.is_anothers(before, submission):
            return outcomes.repeat(before, submission.raw)
        assert submission.person_id is not None
        own = state.get(Lead, conflict_id(before.id, submission.person_id))
        contact = self.contact(state, submission.person_id)
        return outcomes.conflict(before, submission, own, contact)

    def release_lead(self, state: WorkingSet, given: Input) -> Decision:
        command, cause = given.event, given.cause
        assert isinstance(command, ReleaseLead)
        id = lead_id(cause.tenant, command.affiliate, command.reference)  # noqa: A001
        lead = state.get(Lead, id)
        if lead is None or lead.outcome != HELD:
            return _refused("not_held", "no lead is held under this reference")
        affiliate = self.source(state, lead, cause)
        if refused := self._not_releasing(state, lead, command, cause):
            return refused
        lead = outcomes.with_answers(lead, affiliate, command.answers)
        submission = self._read_stored(state, lead, cause)
        decision = self.again(state, lead, submission, given, "released")
        (after,) = [entity for entity in decision.save if isinstance(entity, Lead)]
        answer = Accepted(after.outcome, details={"lead": id, "outcome": after.outcome})
        return replace(decision, answer=answer)

    def _not_releasing(
        self, state: WorkingSet, lead: Lead, command: ReleaseLead, cause: Cause
    ) -> Decision | None:
        for symbol, answer in command.answers.items():
            asked = [held.question for held in lead.held]
            if symbol not in asked:
                text = f"the lead is not held for {symbol}, but for {', '.join(asked)}"
                return _refused("answer_not_held", text)
            question = self.question(state, cause, symbol)
            if question is None:
                return _refused("answer_not_allowed", f"{symbol} allows no answer any more")
            if questions.fold(answer) not in question.passing:
                return _refused("answer_not_allowed", questions.allowed_by(question))
        return None

    def recheck_lead(self, state: WorkingSet, given: Input) -> Decision:
        """INT-07: if all its answers pass now, it is checked again; else it stays as it is."""
        event = given.event
        assert isinstance(event, LeadToRecheck | DueReached)
        lead = state.get(Lead, event.lead if isinstance(event, LeadToRecheck) else _lead_of(event))
        if lead is None or lead.outcome != HELD:
            return Decision()
        submission = self._read_stored(state, lead, given.cause)
        if submission.judged.held:
            return Decision()
        return self.again(state, lead, submission, given, "rechecked")

    def replace_lead(self, state: WorkingSet, given: Input) -> Decision:
        answer = given.event
        assert isinstance(answer, WithdrawalAnswered)
        lead = state.get(Lead, answer.replacement)
        if lead is None or lead.outcome != WAITING:
            return Decision()
        if answer.outcome == "already_sent":
            return replacing.already_sent(lead, given.now)
        submission = self._read_stored(state, lead, given.cause)
        other = state.get(Lead, answer.lead)
        contacts = Contacts(
            self.contact(state, submission.person_id),
            self.contact(state, other.person_id if other else None),
        )
        return replacing.withdrawn(lead, other, submission, contacts, given.now)

    def again(
        self, state: WorkingSet, lead: Lead, submission: Submission, given: Input, what: str
    ) -> Decision:
        contact = self.contact(state, submission.person_id)
        change = Change(given.now, given.cause.actor or "intake", what)
        return outcomes.decide_again(lead, submission, contact, change)

    def _read_stored(self, state: WorkingSet, lead: Lead, cause: Cause) -> Submission:
        raw = uploads.stored(lead, cause)
        return self.read(state, raw, self.source(state, lead, cause))

    def read(self, state: WorkingSet, raw: Raw, affiliate: Affiliate) -> Submission:
        cause = raw.cause
        read = normalize(raw.record, affiliate, raw.lead_code)
        categories = raw.categories or (read.category,)
        judged = questions.judge(
            raw.record, affiliate, categories, lambda symbol: self.question(state, cause, symbol)
        )
        person = read.person and identity(read.person.email, read.person.phone)
        person_id = pseudonym(self.secret, cause.tenant, person.value) if person else None
        unanswered = tuple(
            OpenQuestion(category, symbol)
            for category in categories
            for symbol in sorted(self.questions.asked_in(cause.tenant, category))
            if symbol not in judged.answers
        )
        return outcomes.submission(raw, affiliate, read, judged, person_id, unanswered)

    def affiliate(self, state: WorkingSet, cause: Cause, name: str) -> Affiliate | None:
        """One that was put in this very batch is in the state, and not yet in the index."""
        id = affiliates.stored_id(cause.tenant, name)  # noqa: A001
        return state.peek(Affiliate, id) or self.affiliates.get(id)

    def source(self, state: WorkingSet, lead: Lead, cause: Cause) -> Affiliate:
        """What the lead's record is read with: today's mapping of its affiliate."""
        if lead.affiliate is None:
            return affiliates.ORGANIC_SOURCE
        affiliate = self.affiliate(state, cause, lead.affiliate)
        assert affiliate is not None, "an affiliate that uploaded something is never gone"
        return affiliate

    def question(self, state: WorkingSet, cause: Cause, symbol: str) -> Question | None:
        """As `affiliate`: this batch's, or the index's."""
        id = questions.stored_id(cause.tenant, symbol)  # noqa: A001
        return state.peek(Question, id) or self.questions.get(id)

    def contact(self, state: WorkingSet, person_id: str | None) -> Contact | None:
        return state.get(Contact, person_id) if person_id else None

    def replaced(self, raw: Raw) -> str:
        assert raw.affiliate is not None and raw.replaces is not None
        return lead_id(raw.cause.tenant, raw.affiliate, raw.replaces)

    def announce_delivery(self, state: WorkingSet, given: Input) -> Decision:
        command, cause = given.event, given.cause
        assert isinstance(command, AnnounceDelivery)
        id = deliveries.stored_id(cause.tenant, command.affiliate, command.id)  # noqa: A001
        affiliate = self.affiliate(state, cause, command.affiliate)
        return deliveries.announce(command, state.get(Delivery, id), affiliate, cause)

    def reconcile_delivery(self, state: WorkingSet, given: Input) -> Decision:
        reached, cause = given.event, given.cause
        assert isinstance(reached, DueReached)
        delivery = state.get(Delivery, reached.data["delivery"])
        if delivery is None:
            return Decision()
        announced = delivery.announced
        came = state.get(deliveries.Came, delivery.id)
        assert came is not None
        affiliate = self.affiliate(state, cause, announced.affiliate)
        return deliveries.reconcile(delivery, came.rows, affiliate, cause, given.now)

    def open_request(self, state: WorkingSet, given: Input) -> Decision:
        command, cause = given.event, given.cause
        assert isinstance(command, OpenRequest)
        id = requests.stored_id(cause.tenant, command.affiliate, command.id)  # noqa: A001
        affiliate = self.affiliate(state, cause, command.affiliate)
        before = state.get(Request, id)
        return requests.open_(command, before, affiliate, cause, given.now)


def _refused(code: str, text: str) -> Decision:
    return Decision(answer=Refused(code, text))


def _lead_of(reached: DueReached) -> str:
    return str(reached.data["lead"])


def note_sent(state: WorkingSet, given: Input) -> Decision:
    sent = given.event
    assert isinstance(sent, LeadSent)
    return outcomes.note_sent(state.get(Lead, sent.lead), sent.campaign)


def _versioned(decision: Decision) -> Decision:
    return replace(decision, save=with_versions(decision.save))


def put_affiliate(state: WorkingSet, given: Input) -> Decision:
    command = given.event
    assert isinstance(command, PutAffiliate)
    before = state.get(Affiliate, affiliates.stored_id(given.cause.tenant, command.id))
    return _versioned(affiliates.put(command, before, given.cause, given.now))


def put_question(state: WorkingSet, given: Input) -> Decision:
    command = given.event
    assert isinstance(command, PutQuestion)
    before = state.get(Question, questions.stored_id(given.cause.tenant, command.id))
    return _versioned(questions.put(command, before, given.cause, given.now))


def add_alias(state: WorkingSet, given: Input) -> Decision:
    command = given.event
    assert isinstance(command, AddAlias)
    before = state.get(Question, questions.stored_id(given.cause.tenant, command.question))
    return _versioned(questions.add_alias(command, before, given.cause, given.now))


def recheck_held(state: WorkingSet, given: Input) -> Decision:
    """Sends what is held for the question on to its shards, so many at once."""
    changed = given.event
    assert isinstance(changed, QuestionChanged)
    tenant = given.cause.tenant
    page = state.get(HeldPage, questions.page_id(tenant, changed))
    assert page is not None
    leads = [lead for id in page.leads if (lead := state.get(Lead, id)) is not None]
    publish = [
        Publish(LeadToRecheck(lead=lead.id), lead.key)
        for lead in leads
        if changed.question in {held.question for held in lead.held}
    ]
    if not page.is_last:
        after = QuestionChanged(question=changed.question, after=page.leads[-1])
        publish.append(Publish(after, changed.question))
    return Decision(publish=publish)


def answer_request(state: WorkingSet, given: Input) -> Decision:
    command, cause = given.event, given.cause
    assert isinstance(command, AnswerRequest)
    id = requests.stored_id(cause.tenant, command.affiliate, command.id)  # noqa: A001
    return requests.answer(command, state.get(Request, id), cause)


def remind(state: WorkingSet, given: Input) -> Decision:
    reached = given.event
    assert isinstance(reached, DueReached)
    request = state.get(Request, reached.data["request"])
    return requests.remind(request, given.cause, given.now)
