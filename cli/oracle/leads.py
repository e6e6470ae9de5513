"""What the oracle asks of leads: one outcome each, known to everybody who has to know."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from cli.oracle.evidence import Document, Evidence, Violation, folded


def leads_add_up(evidence: Evidence) -> Iterator[Violation]:
    """I8: each stored outcome was published once, and each accepted lead reached routing."""
    stored = Counter(
        (row["_id"], row["upload"]["outcome"]) for row in evidence.rows("intake", "leads")
    )
    accepted = Counter(
        (row.data()["lead"], "accepted")
        for row in evidence.events("leadops.intake.lead.accepted.v1").values()
    )
    replaced = {(lead, "accepted") for lead in _replaced(evidence)}
    standing = {row for row in stored if row[1] == "accepted"}
    for lead, _ in (standing - set(accepted)) | (set(accepted) - standing - replaced):
        yield Violation("I7", f"lead {lead}: stored and published outcome differ")
    for (lead, _), times in accepted.items():
        if times > 1:
            yield Violation("I5", f"lead {lead} was accepted {times} times")
    routed = {row["_id"] for row in evidence.rows("routing", "leads")}
    for lead, _ in accepted:
        if lead not in routed:
            yield Violation("I8", f"lead {lead} was accepted and never routed")


def _replaced(evidence: Evidence) -> set[str]:
    return {
        row["_id"]
        for row in evidence.rows("intake", "leads")
        if "replaced" in {reason["code"] for reason in row["upload"]["reasons"]}
    }


def replaced_leads_are_not_sent(evidence: Evidence) -> Iterator[Violation]:
    """I3: a lead that routing gave back has no send; every upload that waited for one has ended."""
    sends = {row["lead"] for row in evidence.rows("routing", "sends") if row["status"] == "sent"}
    for lead in sorted(_replaced(evidence) & sends):
        yield Violation("I3", f"lead {lead} was replaced and sent")
    for row in evidence.rows("intake", "leads"):
        if row["upload"]["outcome"] == "waiting":
            yield Violation("I8", f"lead {row['_id']} still waits for the one that it replaces")


def nobody_is_accepted_twice(evidence: Evidence) -> Iterator[Violation]:
    """I5: under one lead code a person is accepted once in 90 days."""
    found: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for row in evidence.rows("intake", "leads"):
        if row["upload"]["outcome"] == "accepted" and row["lead_code"]:
            found[row["person_id"], row["lead_code"]].append(row["upload"]["uploaded_at"])
    for times in found.values():
        times.sort()
        if any(later - earlier < timedelta(days=90) for earlier, later in pairwise(times)):
            yield Violation("I5", f"a person was accepted {len(times)} times under one lead code")


def held_leads_need_a_person(evidence: Evidence) -> Iterator[Violation]:
    """I8: what an alias or a changed question allows is held no longer."""
    allowed = {row["_id"]: _allowed(row) for row in evidence.rows("intake", "questions")}
    for row in evidence.rows("intake", "leads"):
        passes = [
            folded(held["given"]) in allowed.get(f"{row['tenant']}/{held['question']}", set())
            for held in row["held"]
        ]
        if row["upload"]["outcome"] == "held" and all(passes):
            yield Violation("I8", f"lead {row['_id']} is held though all its answers pass")


def _allowed(question: Document) -> set[str]:
    given = [*json.loads(question["definition"])["answers"]]
    given += [alias["given"] for alias in question["aliases"]]
    return set(map(folded, given))


def sent_leads_are_known(evidence: Evidence) -> Iterator[Violation]:
    """I7: what routing published of a lead, intake knows: it is how leads are found."""
    known = {row["_id"]: set(row["sent_to"]) for row in evidence.rows("intake", "leads")}
    for event in evidence.events("leadops.routing.lead.sent.v1").values():
        data = event.data()
        if data["campaign"] not in known.get(data["lead"], set()):
            yield Violation("I7", f"intake does not know that {data['lead']} was sent")


def answers_are_true(evidence: Evidence) -> Iterator[Violation]:
    """I5: one answer has one id, and a lead that was promised is there."""
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    leads = {row["_id"] for row in evidence.rows("intake", "leads")}
    for record in evidence.topics["intake.events.v1"]:
        if ".command." in record.type:
            data = record.data()
            ids[data["command"], data["code"]].add(record.text("ce_id"))
            promised = data["details"].get("lead")
            if promised and promised not in leads:
                yield Violation("I5", f"command {data['command']}: its lead is nowhere")
            if record.type.endswith(".accepted.v1") and not data["details"]:
                yield Violation("I5", f"command {data['command']} was accepted without effect")
    for (command, code), answers in ids.items():
        if len(answers) > 1:
            yield Violation("I5", f"command {command}: {len(answers)} answers {code}")


def unsent_leads_are_raised(evidence: Evidence) -> Iterator[Violation]:
    """I5: long after the last upload each lead was sent, or is raised as unsent, once."""
    raised = Counter(
        event.data()["lead"] for event in evidence.events("leadops.routing.lead.unsent.v1").values()
    )
    waiting = {row["data"].get("lead") for row in evidence.rows("routing", "due")}
    for row in evidence.rows("routing", "leads"):
        times = raised[row["_id"]]
        if times > 1:
            yield Violation("I5", f"lead {row['_id']} was raised {times} times")
        if row["withdrawn"]:
            continue
        if row["state"] != "sent" and times == 0 and row["_id"] not in waiting:
            yield Violation("I5", f"lead {row['_id']} is unsent, not raised and not watched")


def contacts_are_unique(evidence: Evidence) -> Iterator[Violation]:
    """I5: one contact of an email, and of a phone one among those that have no email."""
    persons = [(row["tenant"], row["person"]) for row in evidence.rows("intake", "contacts")]
    known = Counter((tenant, one["email"] or one["phone"]) for tenant, one in persons)
    for times in known.values():
        if times > 1:
            yield Violation("I5", f"one person is {times} contacts")
