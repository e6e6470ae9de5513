"""One story's own corner of a platform: an affiliate, lead codes, campaigns, people.

What a story makes carries its name, so those that share a stack don't disturb each other.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.command import Answer, Asker, Command
from tests.scenes.platform import OPERATOR, Platform, command

FIELDS = {
    "email": "Mail",
    "country": "Land",
    "subdivision": "State",
    "category": "Topic",
    "job_title": "Title",
    "company_name": "Firm",
    "company_domain": "Site",
    "company_size": "Staff",
    "industry": "Branch",
}
CATEGORIES = [str(number) for number in range(101, 109)]
ASKING, ASKING_OTHERS = "107", "108"
"""The categories whose leads are asked something: the budget, and something else."""
BUDGETS = ["under 10k", "10k-50k", "over 50k"]
SOLD = ("ranks", "sold")
"""The scenes that sell exclusively."""


class Scene:
    """Leads are known by their references; campaigns by what follows the scene's name."""

    def __init__(self, platform: Platform, name: str) -> None:
        self.platform, self.name = platform, name
        self.leads: dict[str, str] = {}
        """By reference, the lead's id."""
        whole = {
            "id": name,
            "name": name,
            "contacts": [{"name": "Mo Ito", "email": f"mo@{name}.example", "roles": ["main"]}],
            "mapping": {"fields": FIELDS, "answers": {"q_budget": "Budget"}},
            "lead_codes": [self.code(), self.code("other"), self.code("sold")],
            "categories": CATEGORIES,
        }
        assert platform.ask("intake.affiliate.put", name, whole).accepted

    def code(self, which: str = "one") -> str:
        return f"TST-{self.name}-{which}"

    def id(self, campaign: str) -> str:
        return f"{self.name}-{campaign}"

    # What is asked.

    def definition(self, campaign: str, **changed: Any) -> dict[str, Any]:
        url = f"{self.platform.customer_url}/{self.id(campaign)}"
        whole = {
            "id": self.id(campaign),
            "customer": self.name,
            "programme": "standard",
            "lead_codes": [self.code()],
            "send": {"mode": "webhook", "url": url, "secret": "default"},
        }
        return whole | changed

    def campaign(self, campaign: str, **changed: Any) -> Command:
        whole = self.definition(campaign, **changed)
        return command("routing.campaign.put", whole["id"], whole)

    def put(self, **campaigns: Mapping[str, Any]) -> None:
        """Campaigns by name, each with what it has different from one that takes all."""
        self.put_all(campaigns)

    def put_all(self, campaigns: Mapping[str, Mapping[str, Any]]) -> None:
        commands = (self.campaign(name, **changed) for name, changed in campaigns.items())
        answers = self.platform.publish(*commands)
        assert all(answer.accepted for answer in answers), answers

    def submission(self, reference: str, **changed: Any) -> Command:
        data: dict[str, Any] = {"affiliate": self.name, "reference": reference}
        given = {"Mail": f"{reference}@{self.name}.example", "Land": "US", "Topic": "101"}
        placed = {name: changed.pop(name) for name in ("lead_code", "delivery") if name in changed}
        data |= {"lead_code": self.code(), "record": given | changed} | placed
        return command("intake.lead.submit", f"{self.name}:{reference}", data)

    def upload(self, *references: str, **changed: Any) -> None:
        """Leads that are all alike but for who they are; they are accepted, and then decided."""
        self.upload_each(dict.fromkeys(references, changed))

    def upload_each(self, rows: Mapping[str, Mapping[str, Any]], *, settle: bool = True) -> None:
        commands = (self.submission(reference, **row) for reference, row in rows.items())
        answers = self.platform.publish(*commands)
        assert {"accepted"} == {answer.details.get("outcome") for answer in answers}, answers
        found = zip(rows, answers, strict=True)
        self.leads |= {reference: answer.details["lead"] for reference, answer in found}
        if settle:
            self.platform.rest()

    def by_hand(self, reference: str, campaign: str, asker: Asker = OPERATOR) -> Answer:
        lead = self.leads[reference]
        person = self.platform.get("routing", f"/leads/{lead}")["person_id"]
        data = {"lead": lead, "person_id": person, "campaign": self.id(campaign), "reason": "test"}
        return self.platform.ask("routing.lead.send", person, data, asker)

    def behave(self, campaign: str, mode: str, **how: Any) -> None:
        self.platform.behave(self.id(campaign), mode, **how)

    # What came of it.

    def rows(self, campaign: str, reference: str | None = None) -> list[dict[str, Any]]:
        """What the campaign's customer received, each time that it was asked."""
        lead = None if reference is None else self.leads[reference]
        return [
            row
            for row in self.platform.received()
            if row["campaign"] == self.id(campaign) and lead in (None, row["lead"])
        ]

    def got(self, campaign: str) -> list[str]:
        """The references of the leads that the customer took, as often as it took them."""
        names = {lead: reference for reference, lead in self.leads.items()}
        taken = [row["lead"] for row in self.rows(campaign) if row["status"] == 200]
        return sorted(names[lead] for lead in taken)

    def explain(self, reference: str, campaign: str) -> dict[str, Any]:
        path = f"/explain/{self.leads[reference]}"
        (found,) = self.platform.get("routing", path, campaign=self.id(campaign))["campaigns"]
        return dict(found)

    def why(self, reference: str, campaign: str) -> list[str]:
        """The checks that keep the lead from the campaign."""
        return [failing["code"] for failing in self.explain(reference, campaign)["failing"]]

    def about(self, campaign: str) -> dict[str, Any]:
        return dict(self.platform.get("routing", f"/campaigns/{self.id(campaign)}"))

    def sends(self, campaign: str) -> dict[str, dict[str, Any]]:
        """The campaign's sends, by the reference of the lead."""
        path = f"/campaigns/{self.id(campaign)}/sends"
        found = self.platform.get("routing", path, limit=1000)["sends"]
        names = {lead: reference for reference, lead in self.leads.items()}
        return {names[send["lead"]]: send for send in found}

    def attempts(self, campaign: str, reference: str) -> list[str]:
        """What came of each attempt, as people are told."""
        send = self.sends(campaign)[reference]
        over = [entry["text"] for entry in send["history"] if entry["what"] == "attempt"]
        return over or [
            f"{one['number']}: {one['verdict']}: {one['text']}" for one in send["tried"]
        ]


def questions() -> Iterator[Command]:
    for name, category in (("q_budget", ASKING), ("q_other", ASKING_OTHERS)):
        whole = {"id": name, "text": "?", "answers": BUDGETS, "categories": [category]}
        yield command("intake.question.put", name, whole)


def policy(**changed: Any) -> Command:
    """The policy: categories, suppressed titles, and the scenes that sell exclusively."""
    whole = {
        "categories": CATEGORIES,
        "suppressed_titles": {"phrases": ["marketing intern"], "functions": ["legal"]},
        "exclusive_lead_codes": [f"TST-{name}-sold" for name in SOLD],
    }
    return command("routing.rules.put", "house", whole | changed)
