"""One test's own corner of a stack that it shares: an affiliate, lead codes, campaigns, people.

What a test makes carries its name, so tests don't disturb each other, in any order.
"""

import base64
import contextlib
import io
import json
import os
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cli.command import Answer, Asker, Command
from cli.main import run
from deploy.local import clock, quiet
from tests.integration.platform import (
    OPERATOR,
    asked,
    command,
    get,
    tell,
)

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
TURNING = ["whsec_" + base64.b64encode(os.urandom(32)).decode() for _ in range(2)]
"""The two secrets of a customer who changes them; campaigns name both as `turning`."""
WAIT_SECONDS = 60


class Scene:
    """Leads are known by their references; campaigns by what follows the scene's name."""

    def __init__(self, running: Mapping[str, Any], name: str) -> None:
        self.running, self.name = running, name
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
        assert asked("intake.affiliate.put", name, whole).accepted

    def code(self, which: str = "one") -> str:
        return f"TST-{self.name}-{which}"

    def id(self, campaign: str) -> str:
        return f"{self.name}-{campaign}"

    # What is asked.

    def definition(self, campaign: str, **changed: Any) -> dict[str, Any]:
        url = f"{self.running['receiver']}/campaigns/{self.id(campaign)}"
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
        answers = tell(*(self.campaign(name, **changed) for name, changed in campaigns.items()))
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
        answers = tell(*(self.submission(reference, **row) for reference, row in rows.items()))
        assert {"accepted"} == {answer.details.get("outcome") for answer in answers}, answers
        found = zip(rows, answers, strict=True)
        self.leads |= {reference: answer.details["lead"] for reference, answer in found}
        if settle:
            quiet.wait_quiet(WAIT_SECONDS)

    def by_hand(self, reference: str, campaign: str, asker: Asker = OPERATOR) -> Answer:
        lead = self.leads[reference]
        person = get("routing", f"/leads/{lead}")["person_id"]
        data = {"lead": lead, "person_id": person, "campaign": self.id(campaign), "reason": "test"}
        return asked("routing.lead.send", person, data, asker)

    def behave(self, campaign: str, mode: str, **how: Any) -> None:
        behaviour = {"campaign": self.id(campaign), "mode": mode} | how
        request = urllib.request.Request(
            f"{self.running['receiver']}/behaviour",
            json.dumps(behaviour).encode(),
            {"content-type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=5).close()

    # What came of it.

    def rows(self, campaign: str, reference: str | None = None) -> list[dict[str, Any]]:
        """What the campaign's customer received, each time that it was asked."""
        lines = (Path(self.running["var"]) / "received.jsonl").read_text().splitlines()
        lead = None if reference is None else self.leads[reference]
        return [
            row
            for row in map(json.loads, lines)
            if row["campaign"] == self.id(campaign) and lead in (None, row["lead"])
        ]

    def got(self, campaign: str) -> list[str]:
        """The references of the leads that the customer took, as often as it took them."""
        names = {lead: reference for reference, lead in self.leads.items()}
        taken = [row["lead"] for row in self.rows(campaign) if row["status"] == 200]
        return sorted(names[lead] for lead in taken)

    def told(self, reference: str, campaign: str) -> dict[str, Any]:
        (found,) = get("routing", f"/explain/{self.leads[reference]}", campaign=self.id(campaign))[
            "campaigns"
        ]
        return dict(found)

    def why(self, reference: str, campaign: str) -> list[str]:
        """The checks that keep the lead from the campaign."""
        return [failing["code"] for failing in self.told(reference, campaign)["failing"]]

    def about(self, campaign: str) -> dict[str, Any]:
        return dict(get("routing", f"/campaigns/{self.id(campaign)}"))

    def sends(self, campaign: str) -> dict[str, dict[str, Any]]:
        """The campaign's sends, by the reference of the lead."""
        found = get("routing", f"/campaigns/{self.id(campaign)}/sends", limit=1000)["sends"]
        names = {lead: reference for reference, lead in self.leads.items()}
        return {names[send["lead"]]: send for send in found}

    def attempts(self, campaign: str, reference: str) -> list[str]:
        """What came of each attempt, as people are told."""
        send = self.sends(campaign)[reference]
        over = [entry["text"] for entry in send["history"] if entry["what"] == "attempt"]
        return over or [
            f"{one['number']}: {one['verdict']}: {one['text']}" for one in send["tried"]
        ]


def wait_until(holds: Callable[[], bool]) -> None:
    """For what goes on by itself, such as attempts, so that it never becomes quiet."""
    limit = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.2)


def jump_to(running: Mapping[str, Any], moment: datetime) -> None:
    """From a quiet moment. All that is due by then is done, late, as after a standstill."""
    clock.jump_to(Path(running["clock_file"]), moment)
    quiet.wait_quiet(WAIT_SECONDS)


def leadops(*arguments: str) -> tuple[int, Any]:
    """The exit code of the command line, and what it says as JSON."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = run([*arguments, "--json"])
    return code, json.loads(printed.getvalue())


def questions() -> Iterator[Command]:
    for name, category in (("q_budget", ASKING), ("q_other", ASKING_OTHERS)):
        whole = {"id": name, "text": "?", "answers": BUDGETS, "categories": [category]}
        yield command("intake.question.put", name, whole)


def house(*sold: str, **changed: Any) -> Command:
    """The house's rules: categories, suppressed titles, and the scenes that sell exclusively."""
    whole = {
        "categories": CATEGORIES,
        "suppressed_titles": {"phrases": ["marketing intern"], "functions": ["legal"]},
        "exclusive_lead_codes": [f"TST-{name}-sold" for name in sold],
    }
    return command("routing.rules.put", "house", whole | changed)
