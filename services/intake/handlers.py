"""What intake does with each event: what is read for it, and what decides it."""

from collections.abc import Sequence

from services.intake.catalogue import affiliates, questions
from services.intake.catalogue.affiliates import Affiliate
from services.intake.catalogue.questions import Question
from services.intake.decisions import questions as held
from services.intake.decisions.deliveries import Deliveries, request_to_remind
from services.intake.decisions.leads import Leads, lead_sent
from services.intake.deliveries import requests
from services.intake.deliveries.deliveries import Reconcile
from services.intake.deliveries.requests import Remind, request_of
from services.intake.leads import outcomes
from services.intake.leads.outcomes import Recheck
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
from shared.loop.decision import Context
from shared.loop.table import Row, on, one
from shared.loop.working_set import Ref, ref_by_name


def rows(leads: Leads) -> Sequence[Row]:
    delivery = Deliveries(leads.lookup)
    return (
        # Leads, by their references.
        on(SubmitLead, leads.submit_lead, reads=leads.submission_reads),
        on(ConvertLead, leads.convert_lead, reads=leads.conversion_reads),
        on(ReleaseLead, leads.release_lead, reads=leads.release_reads),
        on(LeadToRecheck, leads.recheck_lead, reads=leads.recheck_reads),
        on(Recheck, leads.recheck_lead, reads=leads.recheck_reads),
        on(WithdrawalAnswered, leads.replace_lead, reads=leads.withdrawal_reads),
        one(LeadSent, lead_sent, outcomes.note_sent),
        # What operators put. A lead behind its affiliate is read with the mapping of now.
        one(PutAffiliate, _affiliate, affiliates.put, cuts=True),
        one(PutQuestion, _question, questions.put),
        one(AddAlias, _question_of, questions.add_alias),
        on(QuestionChanged, held.recheck_held, reads=held.held_reads),
        # What affiliates announce, and what is asked of them.
        on(AnnounceDelivery, delivery.announce, reads=delivery.announce_reads),
        on(Reconcile, delivery.reconcile, reads=delivery.reconcile_reads),
        on(OpenRequest, delivery.open_request, reads=delivery.open_reads),
        one(AnswerRequest, request_of, requests.answer),
        one(Remind, request_to_remind, requests.remind),
    )


def _affiliate(command: PutAffiliate, context: Context) -> Ref[Affiliate]:
    return ref_by_name(Affiliate, context.tenant, command.id)


def _question(command: PutQuestion, context: Context) -> Ref[Question]:
    return ref_by_name(Question, context.tenant, command.id)


def _question_of(command: AddAlias, context: Context) -> Ref[Question]:
    return ref_by_name(Question, context.tenant, command.question)
