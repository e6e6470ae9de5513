"""What operators do with single leads: ask why one was not sent, and send one by hand."""

import json
from collections.abc import Callable, Iterable, Iterator

from cli.api import Api
from cli.command import Asker, Command
from cli.demo.evidence import Row
from cli.lead_commands import pages
from cli.output import progress
from cli.publishing import ask
from shared.contracts.routing import SendLead
from shared.wording import quantity

ASKER = Asker("mira", "delivery")
LEADS_EXPLAINED_MAX = 60
REASON = "the customer asked for it before the send day"


def why_not() -> list[Row]:
    """Three answers, each of another kind, of leads that were sent to nobody."""
    with Api() as api:
        left = dict(KINDS)
        found: list[Row] = []
        for lead, answer in explanations(api):
            for kind, campaign in kinds_of_answer(left, answer):
                del left[kind]
                found.append({"kind": kind, "lead": lead, **campaign})
            if not left:
                break
    progress(f"asked of {quantity(len(found), 'lead')} why not sent")
    return sorted(found, key=lambda row: list(KINDS).index(row["kind"]))


def explanations(api: Api) -> Iterator[tuple[str, Row]]:
    filters = {"source": "affiliate", "outcome": "accepted", "sent": "false"}
    for lead in pages(api, "/leads", filters, LEADS_EXPLAINED_MAX):
        yield lead["id"], api.get("routing", f"/explain/{lead['id']}")


def kinds_of_answer(kinds: "Kinds", answer: Row) -> list[tuple[str, Row]]:
    """At most one answer of a lead, so that each kind is shown by another one."""
    chosen = ((kind, choose(answer)) for kind, choose in kinds.items())
    return [(kind, campaign) for kind, campaign in chosen if campaign is not None][:1]


def closest_miss(answer: Row) -> Row | None:
    """Of the lead itself, and of nothing else."""
    return with_one(answer["closest"], lambda failing: failing["code"].startswith("filter."))


def wrong_category(answer: Row) -> Row | None:
    """Either side may be wrong: what was ordered, or what was uploaded."""
    return with_one(answer["campaigns"], lambda failing: "the wrong category" in failing["text"])


def not_now(answer: Row) -> Row | None:
    codes = ("awaiting_send_day", "cap_reached")
    return with_one(answer["campaigns"], lambda failing: failing["code"] in codes)


def with_one(campaigns: Iterable[Row], is_meant: Callable[[Row], bool]) -> Row | None:
    """A campaign that one check alone keeps the lead from, so that the answer is a clear one."""
    alone = (campaign for campaign in campaigns if len(campaign["failing"]) == 1)
    return next((campaign for campaign in alone if is_meant(campaign["failing"][0])), None)


Kinds = dict[str, Callable[[Row], Row | None]]

KINDS: Kinds = {
    "closest miss": closest_miss,
    "wrong category": wrong_category,
    "waiting or capped": not_now,
}


def by_hand(weekly: str, why: list[Row]) -> list[Row]:
    """A lead that waits for the send day goes at once; one that a filter keeps away does not."""
    with Api() as api:
        waiting = api.get("routing", f"/campaigns/{weekly}/sends", status="waiting")["sends"]
        pairs = [(send["lead"], weekly) for send in waiting[:1]]
        pairs += [(row["lead"], row["campaign"]) for row in why if row["kind"] == "closest miss"]
        people = {lead: api.get("routing", f"/leads/{lead}")["person_id"] for lead, _ in pairs}
    commands = {pair: send(*pair, people[pair[0]]) for pair in pairs}
    answers = ask(list(commands.values()), ASKER)
    return [row(*pair, answers[command.id].code) for pair, command in commands.items()]


def send(lead: str, campaign: str, person: str) -> Command:
    data = {"lead": lead, "person_id": person, "campaign": campaign, "reason": REASON}
    return Command(SendLead.TYPE, json.dumps(data).encode(), person)


def row(lead: str, campaign: str, code: str) -> Row:
    progress(f"{lead} by hand to {campaign}: {code}")
    head = {"lead": lead, "campaign": campaign, "by": ASKER.actor, "reason": REASON}
    return head | {"code": code}
