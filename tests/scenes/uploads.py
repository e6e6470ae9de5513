"""What affiliates do and what becomes of it, for rules of intake: each test has affiliates of its
own."""

from typing import Any, Generic, TypeVar

from cli.command import Answer, Asker, Command
from tests.scenes.platform import OPERATOR, Platform, command
from tests.scenes.scene import ASKING

CODE, OTHER_CODE = "TST-INTAKE-1", "TST-INTAKE-2"
FIELDS = {
    "email": "Mail",
    "first_name": "First",
    "country": "Land",
    "category": "Topic",
    "job_title": "Title",
    "company_size": "Staff",
    "captured_at": "When",
}
CONTACTS = [
    {"name": "Mo Ito", "email": "mo@rules.example", "roles": ["main"]},
    {"name": "Ty Ek", "email": "ty@rules.example", "roles": ["technical"]},
]


P = TypeVar("P", bound=Platform)


class Uploads(Generic[P]):
    def __init__(self, platform: P) -> None:
        self.platform = platform

    def put_campaign(self) -> None:
        """One for the leads of these tests, in the category that is asked for the budget."""
        url = f"{self.platform.customer_url}/all"
        send = {"mode": "webhook", "url": url, "secret": "default"}
        whole: dict[str, Any] = {"id": "all", "customer": "acme", "programme": "standard"}
        whole |= {"send": send, "lead_codes": [CODE], "categories": [{"id": ASKING}]}
        assert self.platform.ask("routing.campaign.put", "all", whole).accepted

    def put_affiliate(self, name: str, **changed: Any) -> Answer:
        mapping = {"fields": FIELDS, "answers": {"q_budget": "Budget"}, "date_order": "mdy"}
        whole = {
            "id": name,
            "name": name,
            "contacts": CONTACTS,
            "mapping": mapping | changed.pop("mapping", {}),
            "lead_codes": [CODE, OTHER_CODE],
            "categories": [ASKING, "102"],
        }
        return self.ask("affiliate.put", name, whole | changed)

    def submission(self, name: str, reference: str, **changed: Any) -> Command:
        record = {"Mail": f"{reference}@{name}.example", "Land": "US", "Topic": ASKING}
        data = {"affiliate": name, "reference": reference, "lead_code": CODE}
        data |= {"record": record | {"Budget": ""} | changed.pop("record", {})} | changed
        return command("intake.lead.submit", f"{name}:{reference}", data)

    def submit(self, name: str, reference: str, **changed: Any) -> Answer:
        (answer,) = self.platform.publish(self.submission(name, reference, **changed))
        return answer

    def ask(self, kind: str, key: str, data: Any, asker: Asker = OPERATOR) -> Answer:
        return self.platform.ask(f"intake.{kind}", key, data, asker)

    def get(self, path: str, **query: Any) -> Any:
        return self.platform.get("intake", path, **query)

    def outcome(self, name: str, reference: str, **changed: Any) -> str:
        return str(self.submit(name, reference, **changed).details["outcome"])

    def leads(self, **wanted: Any) -> dict[str, dict[str, Any]]:
        """By reference, what the search finds."""
        return {row["reference"]: row for row in self.get("/leads", **wanted)["leads"]}

    def lead(self, reference: str, **wanted: Any) -> dict[str, Any]:
        id = self.leads(**wanted)[reference]["id"]
        return dict(self.get(f"/leads/{id}"))


def codes(described: dict[str, Any]) -> list[str]:
    return sorted(reason["code"] for reason in described["reasons"])
