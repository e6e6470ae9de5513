"""What deciding a batch needs to know, gathered from its inputs before anything is read."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.intake.catalogue import affiliates, questions
from services.intake.catalogue.affiliates import ORGANIC
from services.intake.deliveries import deliveries, requests
from services.intake.leads import outcomes
from services.intake.leads.leads import lead_id
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
from shared.loop.decision import DueReached, Input


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A record of this batch, under the lead that its reference names."""

    tenant: str
    affiliate: str | None
    lead: str
    record: Mapping[str, Any]


class Wanted:
    """What deciding a batch needs, by collection, in the order of the batch."""

    def __init__(self) -> None:
        self.affiliates: list[str] = []
        self.questions: list[str] = []
        self.deliveries: list[str] = []
        self.requests: list[str] = []
        self.leads: list[str] = []
        self.again: list[str] = []
        """Leads whose stored upload may be decided again."""
        self.uploads: list[Uploaded] = []
        self.changed: list[tuple[str, QuestionChanged]] = []
        self.reconciled: list[str] = []

    def add(self, given: Input) -> None:
        tenant = given.cause.tenant
        match given.event:
            case SubmitLead() as command:
                if command.replaces is not None:
                    self._lead(tenant, command.affiliate, command.replaces)
                self._upload(tenant, command.affiliate, command.reference, command.record)
            case ConvertLead() as command:
                self._upload(tenant, None, command.reference, command.record)
            case ReleaseLead() as command:
                self._again(lead_id(tenant, command.affiliate, command.reference))
            case LeadToRecheck() as recheck:
                self._again(recheck.lead)
            case WithdrawalAnswered() as answered:
                self._again(answered.replacement)
                self._again(answered.lead)
            case LeadSent() as sent:
                self.leads.append(sent.lead)
            case PutAffiliate() as command:
                self.affiliates.append(affiliates.stored_id(tenant, command.id))
            case PutQuestion() as command:
                self.questions.append(questions.stored_id(tenant, command.id))
            case AddAlias() as command:
                self.questions.append(questions.stored_id(tenant, command.question))
            case QuestionChanged() as changed:
                self.changed.append((tenant, changed))
            case AnnounceDelivery() as command:
                self.deliveries.append(deliveries.stored_id(tenant, command.affiliate, command.id))
            case OpenRequest() | AnswerRequest() as command:
                self.requests.append(requests.stored_id(tenant, command.affiliate, command.id))
            case DueReached() as reached:
                self._due(reached)

    def _due(self, reached: DueReached) -> None:
        if reached.kind == outcomes.RECHECK:
            self._again(reached.data["lead"])
        elif reached.kind == deliveries.RECONCILE:
            self.deliveries.append(reached.data["delivery"])
            self.reconciled.append(reached.data["delivery"])
        elif reached.kind == requests.REMIND:
            self.requests.append(reached.data["request"])

    def _upload(
        self, tenant: str, affiliate: str | None, reference: str, record: Mapping[str, Any]
    ) -> None:
        lead = lead_id(tenant, affiliate or ORGANIC, reference)
        self.leads.append(lead)
        self.uploads.append(Uploaded(tenant, affiliate, lead, record))

    def repeated(self) -> Iterable[Uploaded]:
        """Uploads of this batch under a reference that stands in it more than once."""
        times = Counter(upload.lead for upload in self.uploads)
        return (upload for upload in self.uploads if times[upload.lead] > 1)

    def _lead(self, tenant: str, affiliate: str, reference: str) -> None:
        self.leads.append(lead_id(tenant, affiliate, reference))

    def _again(self, id: str) -> None:  # noqa: A002
        self.leads.append(id)
        self.again.append(id)
