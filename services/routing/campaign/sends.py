"""A send: the one of a person to a campaign, and what is delivered for it (RTE-08, RTE-15)."""

import email.policy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal
from urllib.parse import quote, urlsplit

from pydantic_core import to_json

from services.routing.filters.lists import company_domains
from services.routing.orders.campaigns import Campaign
from shared.contracts.campaigns import EmailMode, FileMode, WebhookMode
from shared.contracts.intake import LeadAccepted
from shared.contracts.routing import (
    Claim,
    LeadNotSent,
    LeadSent,
    LeadUncertain,
    SendEnded,
)
from shared.ids import derived_id
from shared.loop.decision import Attempt, Effect, Purpose, Request
from shared.loop.working_set import Page, Ref

BY_HAND_REFUSED = "refused by hand"
"""In the history of what waits on: an operator could not send it."""

SendStatus = Literal["waiting", "dropped", "reserved", "sent", "refused", "uncertain"]
"""Waiting for its day; dropped on that day, since something fails by then; the others as RTE-12
has them."""

HAPPENED: frozenset[SendStatus] = frozenset({"reserved", "sent", "refused", "uncertain"})
"""A request may have gone out: the person is not sent to the campaign again."""


class Delivery(Purpose, kind="send"):
    """The delivery of a send, by the campaign's id."""

    campaign: str


@dataclass(frozen=True, slots=True)
class SendEntry:
    at: datetime
    what: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Send:
    """Its id is the idempotency key. `counters` are what it counts under in the campaign's
    capacity."""

    id: str
    version: int
    tenant: str
    campaign: str
    customer: str
    campaign_version: int
    lead: str
    person_id: str
    affiliate: str | None
    lead_code: str | None
    category: str
    status: SendStatus
    history: tuple[SendEntry, ...]
    domains: tuple[str, ...] = ()
    """Of the lead's company."""
    counters: tuple[str, ...] = ()
    rank: int = 0
    claim: Claim | None = None
    """As long as it waits."""
    trace: str | None = None
    """The lead's own, for what is sent by a run of many."""

    def bars(self, lead: str) -> bool:
        """Whether no lead of this person is sent to the campaign any more, or another one waits."""
        return self.status in HAPPENED or (self.status == "waiting" and self.lead != lead)

    @property
    def waiting_since(self) -> datetime | None:
        if self.status != "waiting":
            return None
        return next(entry.at for entry in reversed(self.history) if entry.what == "waiting")

    def waits_for(self, day: datetime) -> bool:
        """Whether it goes on that send day; what came later goes on the next."""
        since = self.waiting_since
        return since is not None and since < day

    @property
    def takes_slot(self) -> bool:
        return self.status in ("reserved", "sent", "uncertain")

    def to(self, status: SendStatus, at: datetime, text: str = "") -> "Send":
        entry = SendEntry(at, status, text)
        return replace(self, status=status, history=(*self.history, entry), claim=None)

    def with_attempts(self, attempts: Sequence[Attempt]) -> "Send":
        """What came of each request."""
        entries = [
            SendEntry(each.at, "attempt", f"{each.number}: {each.verdict}: {each.text}")
            for each in attempts
        ]
        return replace(self, history=(*self.history, *entries))


def send_of(tenant: str, campaign: str, person_id: str) -> Ref[Send]:
    """There is one of a person to a campaign."""
    return Ref(Send, derived_id("send", tenant, campaign, person_id))


def waiting_before(campaign: Campaign, day: datetime, limit: int) -> Page[Send]:
    """What waits for a send day, in the order of sending."""
    where = {
        "tenant": campaign.tenant,
        "campaign": campaign.name,
        "status": "waiting",
        "waiting_since": {"$lt": day},
    }
    return Page(Send, where, (("rank", 1), ("waiting_since", 1), ("_id", 1)), limit)


def to_company(campaign: Campaign, domain: str) -> Page[Send]:
    """The sends of a campaign to people of one company."""
    tenant, name = campaign.tenant, campaign.name
    return Page(
        Send,
        {"tenant": tenant, "campaign": name, "domain": domain},
        also=lambda send: (send.tenant, send.campaign) == (tenant, name) and domain in send.domains,
    )


def new_send(claim: Claim, campaign: Campaign) -> Send:
    lead = claim.lead
    return Send(
        id=send_of(campaign.tenant, campaign.name, lead.person_id).id,
        version=0,
        tenant=campaign.tenant,
        campaign=campaign.name,
        customer=campaign.definition.customer,
        campaign_version=campaign.number,
        lead=lead.lead,
        person_id=lead.person_id,
        affiliate=lead.affiliate,
        lead_code=lead.lead_code,
        category=claim.category,
        status="waiting",
        history=(),
        domains=company_domains(lead),
        rank=claim.rank,
    )


def effect(send: Send, lead: LeadAccepted, campaign: Campaign, now: datetime) -> Effect:
    """The whole delivery, rendered. Campaigns of one host have each their own breaker: one dead
    hook must not hold up the others."""
    match campaign.definition.send:
        case WebhookMode(url=url, secret=secret):
            headers = {"content-type": "application/json"}
            request = Request(url, _body(send, lead), headers, secret)
            endpoint = urlsplit(url).netloc
        case EmailMode(to=to):
            request = Request(f"mailto:{quote(to, safe='@')}", _mail(send, lead, to, now))
            endpoint = to.rpartition("@")[2]
        case FileMode(folder=folder):
            request = Request(f"file:{folder}", _body(send, lead))
            endpoint = "files"
    purpose = Delivery(campaign=campaign.id)
    return Effect(send.id, purpose, f"{endpoint}/{campaign.id}", request)


def _body(send: Send, lead: LeadAccepted) -> bytes:
    return to_json(
        {
            "key": send.id,
            "lead": send.lead,
            "campaign": send.campaign,
            "campaign_version": send.campaign_version,
            "category": send.category,
            "person": lead.person,
            "company": lead.company,
            "place": lead.place,
            "title_class": lead.title_class,
            "answers": lead.answers,
            "consent": lead.consent,
            "captured_at": lead.captured_at,
        }
    )


def _mail(send: Send, lead: LeadAccepted, to: str, now: datetime) -> bytes:
    """For people to read, with the same JSON attached that an endpoint gets. The headers hold
    nothing of the person."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["To"] = to
    message["Subject"] = f"Lead {send.lead} for {send.campaign}"
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{send.id}@leadops>"
    message["X-Leadops-Key"] = send.id
    message["X-Leadops-Lead"] = send.lead
    message["X-Leadops-Campaign"] = send.campaign
    message.set_content(f"A lead for campaign {send.campaign} is attached.\n")
    name = f"{send.id}.json"
    message.add_attachment(_body(send, lead), maintype="application", subtype="json", filename=name)
    message.set_boundary(send.id)
    return message.as_bytes()


def end_event(send: Send, now: datetime) -> SendEnded:
    """What everybody is told of its end."""
    facts = {
        "lead": send.lead,
        "person_id": send.person_id,
        "campaign": send.campaign,
        "customer": send.customer,
        "campaign_version": send.campaign_version,
        "affiliate": send.affiliate,
        "lead_code": send.lead_code,
        "category": send.category,
        "key": send.id,
    }
    if send.status == "sent":
        return LeadSent.model_validate(facts | {"sent_at": now})
    if send.status == "refused":
        return LeadNotSent.model_validate(facts | {"refused_at": now})
    return LeadUncertain.model_validate(facts | {"given_up_at": now})
