"""The catalogues in memory, as a decision asks them."""

from dataclasses import dataclass

from services.intake.catalogue import affiliates
from services.intake.catalogue.affiliates import Affiliate, AffiliateIndex
from services.intake.catalogue.questions import Question, QuestionIndex
from services.intake.leads.leads import Lead
from shared.loop.working_set import WorkingSet, ref_by_name


@dataclass(frozen=True, slots=True)
class Lookup:
    """What was put in this very batch is in the state, and not yet in the index."""

    affiliates: AffiliateIndex
    questions: QuestionIndex

    def affiliate(self, state: WorkingSet, tenant: str, name: str) -> Affiliate | None:
        ref = ref_by_name(Affiliate, tenant, name)
        return state.peek(ref) or self.affiliates.get(ref.id)

    def question(self, state: WorkingSet, tenant: str, symbol: str) -> Question | None:
        ref = ref_by_name(Question, tenant, symbol)
        return state.peek(ref) or self.questions.get(ref.id)

    def source(self, state: WorkingSet, lead: Lead) -> Affiliate:
        """What the lead's record is read with: today's mapping of its affiliate."""
        if lead.affiliate is None:
            return affiliates.ORGANIC_SOURCE
        affiliate = self.affiliate(state, lead.tenant, lead.affiliate)
        assert affiliate is not None, "an affiliate that uploaded something is never gone"
        return affiliate
