"""Plain builders of valid things, for tests that change the one field they are about."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.intake.catalogue.affiliates import Affiliate
from services.routing.fit.catalogue import Catalogues
from services.routing.orders import lists, policy
from services.routing.orders.campaigns import Campaign
from services.routing.orders.lists import CompanyList, Content, ListPart
from services.routing.orders.policy import Account, Rules
from shared.contracts.affiliates import PutAffiliate
from shared.contracts.campaigns import PutCampaign
from shared.contracts.intake import LeadAccepted, SubmitLead
from shared.contracts.lead_fields import Company, Person, Place, Size, TitleClass
from shared.contracts.lists import PutRules
from shared.loop.decision import Cause, Context, Input, Message
from shared.loop.working_set import ref_by_name

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECRET = "a secret of the tests"


OWN_FIELDS = {
    "email": "Mail",
    "first_name": "First",
    "last_name": "Last",
    "phone": "Tel",
    "job_title": "Title",
    "company_name": "Firm",
    "company_domain": "Site",
    "company_size": "Staff",
    "industry": "Branch",
    "country": "Land",
    "subdivision": "State",
    "category": "Cat",
    "lead_code": "Code",
    "consent": "Consent",
    "captured_at": "When",
}


def put_affiliate(**changes: Any) -> PutAffiliate:
    mapping = {"fields": OWN_FIELDS, "answers": {"q_budget": "Budget"}, "date_order": "mdy"}
    whole = {
        "id": "acme",
        "name": "Acme Media",
        "contacts": [{"name": "Mo Ito", "email": "mo@acme.example", "roles": ["main"]}],
        "mapping": mapping | changes.pop("mapping", {}),
        "lead_codes": ["INT-AAA-BBB-1"],
        "categories": ["101", "205"],
    }
    return PutAffiliate.model_validate(whole | changes)


def affiliate(**changes: Any) -> Affiliate:
    ref = ref_by_name(Affiliate, "main", "acme")
    return Affiliate(ref.id, 0, "main", 1, put_affiliate(**changes), NOW, "ops")


def record(**changes: Any) -> dict[str, Any]:
    return {
        "Mail": "dana@northgrid.example",
        "First": "Dana",
        "Last": "Okafor",
        "Tel": "+44 20 7946 0018",
        "Title": "Head of IT",
        "Firm": "Northgrid",
        "Site": "northgrid.example",
        "Staff": "51-200",
        "Branch": "4",
        "Land": "US",
        "State": "NY",
        "Cat": "101",
        "Code": "INT-AAA-BBB-1",
        "Consent": "c-1",
        "When": "2026-03-01T10:00:00Z",
        "Budget": "10k",
    } | changes


def submit(**changes: Any) -> SubmitLead:
    whole = {"affiliate": "acme", "reference": "R-1", "record": record()}
    return SubmitLead.model_validate(whole | changes)


def put_campaign(**changes: Any) -> PutCampaign:
    whole = {
        "id": "north",
        "customer": "northgrid",
        "programme": "standard",
        "lead_codes": ["INT-AAA-BBB-1"],
        "categories": [{"id": "101"}],
        "send": {"mode": "webhook", "url": "http://127.0.0.1:9/north", "secret": "north"},
    }
    return PutCampaign.model_validate(whole | changes)


def campaign(*, number: int = 1, **changes: Any) -> Campaign:
    definition = put_campaign(**changes)
    ref = ref_by_name(Campaign, "main", definition.id)
    return Campaign(ref.id, 0, "main", number, definition, NOW, "ops")


def rules(**changes: Any) -> Rules:
    made, _ = policy.put_rules(PutRules(**changes), None, context()).save
    assert isinstance(made, Rules)
    return made


def catalogues(
    *known: Campaign,
    policy_rules: Rules | None = None,
    entries: Mapping[str, Sequence[str]] | None = None,
    suspended: Sequence[str] = (),
) -> Catalogues:
    """What every replica has in memory; `entries` are those of lists."""
    made = Catalogues()
    made.apply_campaigns(known)
    made.apply_rules([policy_rules] if policy_rules else [])
    made.accounts.apply(
        [
            Account(f"main/{name}", 1, "main", name, "x", NOW, "ops", {"operator": "unpaid"})
            for name in suspended
        ]
    )
    for name, held in (entries or {}).items():
        list_ = CompanyList(f"main/{name}", 1, "main", name, 1, Content(), None, None, NOW, "ops")
        made.apply_lists([list_])
        made.fill_list(list_.id, [ListPart("part", 1, lists.read(held)[0])])
    return made


def lead(**changes: Any) -> LeadAccepted:
    whole = {
        "lead": "lead-1",
        "source": "affiliate",
        "affiliate": "acme",
        "lead_code": "INT-AAA-BBB-1",
        "reference": "R-1",
        "category": "101",
        "place": Place("US", "US-NY"),
        "company": Company("Northgrid", "northgrid.example", Size(51, 200), "4"),
        "title_class": TitleClass("director", "information_technology", "head of"),
        "mapping_version": 1,
        "person_id": "person-1",
        "person": Person("dana@northgrid.example", "Dana", "Okafor", None, "Head of IT"),
    }
    return LeadAccepted.model_validate(whole | changes)


def cause(**changes: Any) -> Cause:
    whole: Mapping[str, Any] = {
        "id": "command-1",
        "source": "tests",
        "key": "key",
        "time": NOW,
        "actor": "ops",
        "role": "operator",
        "trace": "00-trace",
    }
    return Cause(**{**whole, **changes})


def context(**changes: Any) -> Context:
    return Context(cause(**changes), NOW)


def input_of(event: Message, **changes: Any) -> Input:
    return Input(event, context(**changes))


def later(input_: Input, by: timedelta) -> Input:
    """The same, decided so much later."""
    return replace(input_, context=replace(input_.context, now=input_.context.now + by))
