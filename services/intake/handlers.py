"""What intake does with each command; all of it is called inside one transaction of the loop."""

from functools import partial

from services.intake import affiliates, domain
from services.intake.affiliates import Affiliate, AffiliateIndex
from services.intake.domain import Contact, Lead, Submission
from services.intake.normalizing import normalize
from shared.contracts.intake import PutAffiliate, SubmitLead
from shared.ids import pseudonym
from shared.loop.decision import Decision, Handlers, Input, Refused
from shared.loop.working_set import WorkingSet


def handlers(index: AffiliateIndex, secret: str) -> Handlers:
    return {
        SubmitLead: partial(submit_lead, index, secret),
        PutAffiliate: put_affiliate,
    }


def put_affiliate(state: WorkingSet, given: Input) -> Decision:
    command = given.event
    assert isinstance(command, PutAffiliate)
    before = state.get(Affiliate, affiliates.stored_id(given.cause.tenant, command.id))
    return affiliates.put(command, before, given.cause, given.now)


def submit_lead(index: AffiliateIndex, secret: str, state: WorkingSet, given: Input) -> Decision:
    command, cause = given.event, given.cause
    assert isinstance(command, SubmitLead)
    if not domain.may_submit(command, cause):
        return _refused("not_permitted", "an affiliate submits its own leads only")
    id = affiliates.stored_id(cause.tenant, command.affiliate)  # noqa: A001
    # An affiliate put in this very batch is in the state, and not yet in the index.
    affiliate = state.get(Affiliate, id) or index.get(id)
    if affiliate is None:
        return _refused("affiliate_unknown", "there is no such affiliate")
    if command.replaces is not None:
        return _refused("replacing_unsupported", "a lead cannot be replaced yet")
    lead = domain.lead_id(cause.tenant, command.affiliate, command.reference)
    before = state.get(Lead, lead)
    if before is not None and before.outcome == domain.ACCEPTED:
        return domain.repeat(before, command, cause)
    read = normalize(command.record, affiliate, command.lead_code)
    person_id = pseudonym(secret, cause.tenant, read.person.email) if read.person else None
    contact = state.get(Contact, person_id) if person_id else None
    submission = Submission(lead, command, affiliate, read, person_id, cause)
    return domain.take_in(submission, before, contact)


def _refused(code: str, text: str) -> Decision:
    return Decision(answer=Refused(code, text))
