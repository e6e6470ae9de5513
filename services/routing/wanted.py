"""What deciding a batch needs to know, gathered from its inputs before anything is read."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from services.routing.campaign import claims, sends
from services.routing.campaign.sends import Send
from services.routing.fit.catalogue import Catalogues
from services.routing.fit.criteria import company_domains
from services.routing.orders import campaigns, lists, policy
from services.routing.orders.campaigns import Campaign, CampaignVersion
from services.routing.orders.capacity import Capacity
from services.routing.orders.lists import CompanyList, ListPart
from services.routing.orders.policy import Account, Block, Rules
from services.routing.person import unsent
from services.routing.person.leads import EarlyWithdrawal, RoutedLead
from services.routing.person.unsent import UnsentDelivery
from shared.contracts.campaigns import PauseCampaign, PutCampaign, ResumeCampaign
from shared.contracts.intake import LeadAccepted, WithdrawalRequested
from shared.contracts.lists import (
    BlockPerson,
    EditList,
    PutList,
    PutListPart,
    PutRules,
    RestoreAccount,
    SuspendAccount,
    UnblockPerson,
)
from shared.contracts.routing import (
    CampaignWidened,
    Claim,
    ClaimGranted,
    ClaimRefused,
    ClaimWaiting,
    ClaimWithdrawn,
    LeadStillUnsent,
    LeadToRematch,
    ResolveSend,
    SendCompleted,
    SendLead,
)
from shared.loop.decision import DueReached, EffectFinished, Input


class Wanted:
    """Ids by kind, and what is found by something else."""

    def __init__(self, catalogues: Catalogues) -> None:
        self.ids: dict[type[Any], list[str]] = defaultdict(list)
        self.weekly: list[tuple[str, str, datetime]] = []
        """Tenant and campaign whose send day it is, and what has waited since before when."""
        self.domains: set[tuple[str, str, str]] = set()
        """Tenant, campaign and company domain, where the leads of one company are limited."""
        self.widened: list[tuple[str, CampaignWidened]] = []
        self._catalogues = catalogues
        self._limiting: set[str] = set()

    def add(self, given: Input) -> None:
        tenant = given.cause.tenant
        match given.event:
            case LeadAccepted() as lead:
                self._accepted(tenant, lead, given.cause.time)
            case WithdrawalRequested() as request:
                self.ids[RoutedLead].append(request.lead)
                self.ids[EarlyWithdrawal].append(request.lead)
            case ClaimGranted() | ClaimWaiting() | ClaimRefused() | SendCompleted() as answer:
                self.ids[RoutedLead].append(answer.lead)
            case LeadToRematch() as event:
                self.ids[RoutedLead].append(event.lead)
                self.ids[Capacity].append(campaigns.stored_id(tenant, event.campaign))
            case SendLead() as command:
                self.ids[RoutedLead].append(command.lead)
                self._person(tenant, command.person_id)
            case Claim() as claim:
                self._claim(tenant, claim)
            case ClaimWithdrawn() as back:
                self.ids[Send].append(sends.send_id(tenant, back.campaign, back.person_id))
            case EffectFinished() as finished:
                self.ids[Send].append(finished.id)
                self.ids[Capacity].append(finished.data["campaign"])
            case ResolveSend() as command:
                self.ids[Send].append(command.send)
                self._campaign(campaigns.stored_id(tenant, command.campaign))
            case PutCampaign() as command:
                self._campaign(campaigns.stored_id(tenant, command.id))
                if command.caps.per_domain is not None:
                    self._limiting.add(campaigns.stored_id(tenant, command.id))
            case PauseCampaign() | ResumeCampaign() as command:
                self._campaign(campaigns.stored_id(tenant, command.campaign))
            case CampaignWidened() as widened:
                campaign = campaigns.stored_id(tenant, widened.campaign)
                self._campaign(campaign)
                self.widened.append((tenant, widened))
                if widened.since is not None:
                    self.ids[CampaignVersion].append(campaigns.version_id(campaign, widened.since))
            case LeadStillUnsent() as still:
                self.ids[UnsentDelivery].append(unsent.stored_id(tenant, still))
            case DueReached() as reached:
                self._due(tenant, reached)
            case _:
                self._house(given)

    def _accepted(self, tenant: str, lead: LeadAccepted, at: datetime) -> None:
        self.ids[RoutedLead].append(lead.lead)
        self.ids[EarlyWithdrawal].append(lead.lead)
        self._person(tenant, lead.person_id)
        if self._catalogues.rules_of(tenant).is_exclusive(lead):
            matches = self._catalogues.matches(tenant, lead, at)
            self.ids[Capacity] += [each.campaign.id for each in matches if each.amount]

    def _claim(self, tenant: str, claim: Claim) -> None:
        self._campaign(campaigns.stored_id(tenant, claim.campaign))
        self._person(tenant, claim.lead.person_id)
        self.ids[Send].append(sends.send_id(tenant, claim.campaign, claim.lead.person_id))
        if self.limits_domains(tenant, claim.campaign):
            for domain in company_domains(claim.lead):
                self.domains.add((tenant, claim.campaign, domain))

    def _due(self, tenant: str, reached: DueReached) -> None:
        if reached.kind == unsent.WATCH:
            self.ids[RoutedLead].append(reached.data["lead"])
            self._person(tenant, reached.key)
        elif reached.kind == claims.WEEKLY:
            self._campaign(reached.data["campaign"])
            self.weekly.append((tenant, reached.key, reached.data["before"]))
        elif reached.kind == lists.EFFECTIVE:
            self.ids[CompanyList].append(reached.data["list"])

    def _house(self, given: Input) -> None:
        """What belongs to no single campaign."""
        tenant = given.cause.tenant
        match given.event:
            case PutRules() as command:
                self.ids[Rules].append(policy.stored_id(tenant, command.id))
            case SuspendAccount() | RestoreAccount() as command:
                self.ids[Account].append(policy.stored_id(tenant, command.customer))
            case BlockPerson() | UnblockPerson() as command:
                self._person(tenant, command.person_id)
            case PutListPart() as command:
                self._part(tenant, command.list, lists.digest_of(lists.read(command.entries)[0]))
            case PutList() as command:
                self.ids[CompanyList].append(lists.stored_id(tenant, command.id))
                for digest in command.parts:
                    self._part(tenant, command.id, digest)
            case EditList() as command:
                self.ids[CompanyList].append(lists.stored_id(tenant, command.list))

    def limits_domains(self, tenant: str, name: str) -> bool:
        id = campaigns.stored_id(tenant, name)  # noqa: A001
        campaign = self._catalogues.campaigns.get(id)
        limited = campaign is not None and campaign.definition.caps.per_domain is not None
        return limited or id in self._limiting

    def _campaign(self, id: str) -> None:  # noqa: A002
        self.ids[Campaign].append(id)
        self.ids[Capacity].append(id)

    def _person(self, tenant: str, person_id: str) -> None:
        self.ids[Block].append(policy.stored_id(tenant, person_id))

    def _part(self, tenant: str, list_name: str, digest: str) -> None:
        id = lists.stored_id(tenant, list_name)  # noqa: A001
        self.ids[ListPart].append(lists.part_id(id, digest))
