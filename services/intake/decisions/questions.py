"""What a changed question may free is checked again."""

from services.intake.leads.leads import held_leads
from shared.contracts.intake import LeadToRecheck, QuestionChanged
from shared.loop.decision import Context, Decision, Publish
from shared.loop.working_set import Reads, WorkingSet


def held_reads(_state: WorkingSet, changed: QuestionChanged, context: Context) -> Reads:
    yield [held_leads(changed, context.tenant)]


def recheck_held(state: WorkingSet, changed: QuestionChanged, context: Context) -> Decision:
    """Sends what is held for the question on to its shards, so many at once."""
    found = state.page(held_leads(changed, context.tenant))
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
