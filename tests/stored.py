"""What services hold, as it stands in their stores, so that nobody has to trust what a service says
of itself.

The documents are read here as nobody but a test may, by their wire names and not by the services'
own collections.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.oracle.evidence import (
    Campaign,
    DeadLetter,
    Document,
    Entry,
    Evidence,
    Held,
    Inside,
    Lead,
    Policy,
    Received,
    Routed,
    Seen,
    Send,
    fold,
)

Stores = Mapping[str, Mapping[str, Sequence[Document]]]
"""By service and collection."""
SERVICES = ("intake", "routing")
COUNTED = ("reserved", "used", "uncertain")


def evidence(
    records: Sequence[Seen], stores: Stores, received: Sequence[Received], **others: Any
) -> Evidence:
    intake, routing = (
        defaultdict[str, Sequence[Document]](list, stores.get(name, {})) for name in SERVICES
    )
    due = routing["due"]
    return Evidence(
        services=list(stores),
        records=records,
        received=received,
        leads=list(map(_lead, intake["leads"])),
        questions={row["_id"]: _allowed(row) for row in intake["questions"]},
        sends=list(map(_send, routing["sends"])),
        campaigns=list(_campaigns(routing)),
        policy=next(map(_policy, routing["rules"]), None),
        dead_letters=[letter for name in stores for letter in dead_letters(name, stores[name])],
        pending={name: _unpublished(store) for name, store in stores.items()},
        sending_later={_campaign(row) for row in due if row["kind"] == "weekly_send"},
        inside=Inside(
            positions=dict(_positions(stores)),
            contacts=list(map(_contact, intake["contacts"])),
            routed=list(map(_routed, routing["leads"])),
            watched={row["data"].get("lead") for row in due},
        ),
        **others,
    )


def _campaign(due: Document) -> str:
    """Without its tenant."""
    return str(due["data"]["campaign"]).partition("/")[2]


def _lead(row: Document) -> Lead:
    upload = row["upload"]
    return Lead(
        id=row["_id"],
        affiliate=row["affiliate"],
        reference=row["reference"],
        lead_code=row["lead_code"],
        source=row["source"],
        outcome=upload["outcome"],
        reasons=[reason["code"] for reason in upload["reasons"]],
        uploaded_at=upload["uploaded_at"],
        person=row["person_id"],
        sent_to=row["sent_to"],
        held=[Held(held["question"], fold(held["given"])) for held in row["held"]],
        tenant=row["tenant"],
    )


def _allowed(question: Document) -> set[str]:
    given = [*json.loads(question["definition"])["answers"]]
    given += [alias["given"] for alias in question["aliases"]]
    return set(map(fold, given))


def _send(row: Document) -> Send:
    return Send(
        key=row["_id"],
        lead=row["lead"],
        campaign=row["campaign"],
        status=row["status"],
        history=[Entry(**entry) for entry in row["history"]],
        tenant=row["tenant"],
    )


def _campaigns(routing: Mapping[str, Sequence[Document]]) -> Iterator[Campaign]:
    versions: dict[str, dict[int, Document]] = defaultdict(dict)
    for row in sorted(routing["campaign_versions"], key=lambda row: int(row["number"])):
        versions[row["campaign"]][row["number"]] = json.loads(row["definition"])
    slots = {row["_id"]: row for row in routing["campaign_capacities"]}
    for id_, kept in versions.items():
        tenant, _, name = id_.partition("/")
        counted = {kind: slots.get(id_, {}).get(kind, 0) for kind in COUNTED}
        yield Campaign(name=name, versions=kept, tenant=tenant, **counted)


def _policy(row: Document) -> Policy:
    return Policy(
        exclusive_lead_codes=row["exclusive_lead_codes"],
        suppressed_titles=row["suppressed_titles"],
        since=row["changed_at"],
    )


def dead_letters(service: str, store: Mapping[str, Sequence[Document]]) -> list[DeadLetter]:
    return [_dead_letter(service, row) for row in store.get("dead_letters", ())]


def _dead_letter(service: str, row: Document) -> DeadLetter:
    record = row["record"]
    return DeadLetter(
        service=service,
        id=row["_id"],
        code=row["code"],
        text=row["text"],
        state=row["state"],
        blocks_key=row["blocks_key"],
        place=(record["topic"], record["partition"], record["offset"]) if record else None,
    )


def _unpublished(store: Mapping[str, Sequence[Document]]) -> int:
    """How many rows and documents hold what may not be published."""
    in_rows = [row for row in store.get("shards", ()) if row["outbox"]]
    return len(in_rows) + len(store.get("outbox", ()))


def _positions(stores: Stores) -> Iterator[tuple[tuple[str, str, int], int]]:
    for service, store in stores.items():
        for row in store.get("shards", ()):
            for topic, offset in row["next"]:
                yield (service, topic, row["_id"]), offset


def _contact(row: Document) -> tuple[str, str]:
    return row["tenant"], row["person"]["email"] or row["person"]["phone"]


def _routed(row: Document) -> Routed:
    claims = [(claim["campaign"], claim["state"]) for claim in row["claims"]]
    return Routed(row["_id"], row["accepted_at"], row["state"], row["withdrawn"], claims)
