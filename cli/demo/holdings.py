"""What the services hold, as their read APIs tell it: evidence for who may not look into their
stores."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from cli.api import Api
from cli.dead_letter_commands import Item, pages_of
from cli.lead_commands import pages
from cli.oracle.evidence import Campaign, DeadLetter, Entry, Held, Lead, Policy, Send, fold

ALL = 100_000
DEAD_LETTERS_MAX = 1_000

Row = dict[str, Any]


def held_leads(api: Api) -> list[Row]:
    return pages(api, "/held", {}, ALL)


def leads(api: Api) -> list[Lead]:
    held = {row["id"]: row["held"] for row in held_leads(api)}
    return [lead_of(row, held.get(row["id"], ())) for row in pages(api, "/leads", {}, ALL)]


def lead_of(row: Row, held: Iterable[Row]) -> Lead:
    return Lead(
        id=row["id"],
        affiliate=row["affiliate"],
        reference=row["reference"],
        lead_code=row["lead_code"],
        source=row["source"],
        outcome=row["outcome"],
        reasons=[reason["code"] for reason in row["reasons"]],
        uploaded_at=datetime.fromisoformat(row["uploaded_at"]),
        person=row["person_id"],
        sent_to=row["sent_to"],
        held=[Held(one["question"], fold(one["given"])) for one in held],
    )


def questions(api: Api) -> dict[str, set[str]]:
    """By tenant and name, what may be answered."""
    found = api.get("intake", "/questions")["questions"]
    return {f"main/{question['id']}": allowed_answers(question) for question in found}


def allowed_answers(question: Row) -> set[str]:
    aliases = (alias["given"] for alias in question["aliases"])
    return set(map(fold, (*question["answers"], *aliases)))


def campaigns(api: Api) -> list[Campaign]:
    names = [row["id"] for row in api.get("routing", "/campaigns")["campaigns"]]
    return [campaign_of(api.get("routing", f"/campaigns/{name}")) for name in names]


def campaign_of(whole: Row) -> Campaign:
    versions = {version["version"]: version for version in whole["versions"]}
    return Campaign(name=whole["id"], versions=versions, **whole["capacity"])


def sends(api: Api, names: Iterable[str]) -> list[Send]:
    paths = [f"/campaigns/{name}/sends" for name in names]
    return [
        send_of(row)
        for path in paths
        for row in pages(api, path, {}, ALL, service="routing", rows="sends")
    ]


def send_of(row: Row) -> Send:
    history = [
        Entry(datetime.fromisoformat(entry["at"]), entry["what"], entry["text"])
        for entry in row["history"]
    ]
    names = ("key", "lead", "campaign", "status")
    return Send(**{name: row[name] for name in names}, history=history)


def dead_letters(api: Api) -> list[DeadLetter]:
    found = pages_of(api, (), DEAD_LETTERS_MAX).values()
    return [dead_letter_of(item) for page in found for item in page["items"]]


def dead_letter_of(item: Item) -> DeadLetter:
    names = ("service", "id", "code", "text", "state", "blocks_key")
    place = (item["topic"], item["partition"], item["offset"]) if item["topic"] else None
    return DeadLetter(**{name: item[name] for name in names}, place=place)


def policy(rules: Mapping[str, Any]) -> Policy:
    """No read API tells it: as it was put, before anything else came."""
    return Policy(
        exclusive_lead_codes=rules["exclusive_lead_codes"],
        suppressed_titles=rules["suppressed_titles"],
        since=datetime.min.replace(tzinfo=UTC),
    )
