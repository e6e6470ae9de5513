"""Affiliates and questions are put, and what a changed question may free is checked again."""

from dataclasses import replace

from services.intake.catalogue import affiliates, questions
from services.intake.catalogue.affiliates import Affiliate
from services.intake.catalogue.questions import Question
from services.intake.catalogue.versions import with_versions
from services.intake.leads.leads import held_for
from shared.contracts.affiliates import PutAffiliate
from shared.contracts.intake import LeadToRecheck, QuestionChanged
from shared.contracts.questions import AddAlias, PutQuestion
from shared.loop.decision import Context, Decision, Publish
from shared.loop.working_set import Reads, WorkingSet


def _versioned(decision: Decision) -> Decision:
    return replace(decision, save=with_versions(decision.save))


def put_affiliate(command: PutAffiliate, before: Affiliate | None, context: Context) -> Decision:
    return _versioned(affiliates.put(command, before, context.cause, context.now))


def put_question(command: PutQuestion, before: Question | None, context: Context) -> Decision:
    return _versioned(questions.put(command, before, context.cause, context.now))


def add_alias(command: AddAlias, before: Question | None, context: Context) -> Decision:
    return _versioned(questions.add_alias(command, before, context.cause, context.now))


def held_reads(_state: WorkingSet, changed: QuestionChanged, context: Context) -> Reads:
    yield [held_for(changed, context.tenant)]


def recheck_held(state: WorkingSet, changed: QuestionChanged, context: Context) -> Decision:
    """Sends what is held for the question on to its shards, so many at once."""
    found = state.page(held_for(changed, context.tenant))
    publish = [
        Publish(LeadToRecheck(lead=lead.id), lead.key)
        for lead in found.rows
        if changed.question in {held.question for held in lead.held}
    ]
    if not found.is_last:
        after = found.rows[-1].id if found.rows else changed.after
        publish.append(
            Publish(QuestionChanged(question=changed.question, after=after), changed.question)
        )
    return Decision(publish=publish)
