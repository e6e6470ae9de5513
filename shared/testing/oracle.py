"""Judges a finished run from the outside: topics, stored documents and what the endpoints received.

It imports nothing of the services or of the loop, only their wire formats and collections, so a
mistake there can't hide itself here. Every violation names the invariant that it breaks.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

Document = dict[str, Any]

ORDERED = ("routing.claims.v1", "routing.answers.v1")
"""Topics in which a record that can't be processed holds up the later ones of its key."""

RULE_TAKES_HOLD = timedelta(seconds=5)


class Violation(NamedTuple):
    invariant: str
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as it stands in a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes | None]

    def text(self, name: str) -> str:
        return (self.headers.get(name) or b"").decode(errors="replace")

    @property
    def stream(self) -> str:
        return self.text("ce_stream")

    @property
    def number(self) -> int:
        return int(self.text("ce_number") or 0)

    @property
    def type(self) -> str:
        return self.text("ce_type")

    def data(self) -> Document:
        parsed: Document = json.loads(self.value or b"{}")
        return parsed


@dataclass(frozen=True, slots=True)
class Received:
    """A request that an endpoint got; `taken` if it acted on it, whatever it answered."""

    key: str
    lead: str
    campaign: str
    person: str
    body_sha256: str
    taken: bool


@dataclass(slots=True)
class Evidence:
    records: list[Seen]
    stores: Mapping[str, Mapping[str, Sequence[Document]]]
    received: Sequence[Received]
    drained: str = ""
    """Empty if everything came to rest; else what was left."""
    personal: Sequence[str] = ()
    """Planted personal data, which may stand in values and nowhere else."""
    unresolved: Sequence[Document] = ()
    """What was set aside when all had come to rest and no operator resolved any more of it."""
    ends: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """How far the topics went at that moment."""
    topics: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for record in self.records:
            self.topics[record.topic].append(record)

    def rows(self, service: str, collection: str) -> Sequence[Document]:
        return self.stores[service].get(collection, ())

    def events(self, kind: str) -> dict[str, Seen]:
        """The events of a type, each once, by id."""
        topic = f"{kind.split('.')[1]}.events.v1"
        found: dict[str, Seen] = {}
        for record in self.topics[topic]:
            if record.type == kind:
                found.setdefault(record.text("ce_id"), record)
        return found


def violations(evidence: Evidence) -> list[Violation]:
    """All that does not hold; an empty answer is what every run must end with."""
    if evidence.drained:
        return [Violation("I11", f"did not come to rest: {evidence.drained}")]
    return [found for check in CHECKS for found in check(evidence)]


def streams_are_dense(evidence: Evidence) -> Iterator[Violation]:
    """I6: per partition and stream, first appearances count 1, 2, 3 … and a number never changes
    its record."""
    last: Counter[tuple[str, int, str]] = Counter()
    content: dict[tuple[str, int, str, int], tuple[str, str]] = {}
    for record in evidence.records:
        if not record.stream:
            continue
        stream = (record.topic, record.partition, record.stream)
        numbered = (*stream, record.number)
        identity = (record.text("ce_id"), hashlib.sha256(record.value or b"").hexdigest())
        if content.setdefault(numbered, identity) != identity:
            yield Violation("I6", f"{numbered} was said with two contents")
        if record.number == last[stream] + 1:
            last[stream] += 1
    highest: Counter[tuple[str, int, str]] = Counter()
    for topic, partition, stream_, number in content:
        place = (topic, partition, stream_)
        highest[place] = max(highest[place], number)
    for place, number in highest.items():
        if last[place] != number:
            yield Violation("I6", f"{place} has a gap after {last[place]}, of {number}")


def events_are_said_once(evidence: Evidence) -> Iterator[Violation]:
    """I6: one event has one number; only answers are said again when a command is repeated."""
    numbers: dict[tuple[str, str], set[tuple[str, int]]] = defaultdict(set)
    for record in evidence.records:
        if record.stream.split("/")[0] == record.text("ce_source").removeprefix("leadops/"):
            numbers[record.topic, record.text("ce_id")].add((record.stream, record.number))
    answers = {record.text("ce_id") for record in evidence.records if ".command." in record.type}
    for (topic, id_), said in numbers.items():
        if len(said) > 1 and id_ not in answers:
            yield Violation("I6", f"event {id_} on {topic} was said under {sorted(said)}")


def outboxes_are_empty(evidence: Evidence) -> Iterator[Violation]:
    for service in evidence.stores:
        for row in evidence.rows(service, "outbox"):
            yield Violation("I6", f"{service} still has outbox document {row['_id']}")


def everything_was_read(evidence: Evidence) -> Iterator[Violation]:
    """I8: every shard stands at the end of each topic that it reads."""
    ends: Counter[tuple[str, int]] = Counter()
    for record in evidence.records:
        place = (record.topic, record.partition)
        ends[place] = max(ends[place], record.offset + 1)
    for service in evidence.stores:
        for row in evidence.rows(service, "shards"):
            for topic, offset in row["next"]:
                if offset != ends[topic, row["_id"]]:
                    text = f"{service} read {topic}/{row['_id']} up to {offset}"
                    yield Violation("I8", f"{text} of {ends[topic, row['_id']]}")


def every_command_has_one_outcome(evidence: Evidence) -> Iterator[Violation]:
    """I5: each command record was answered, set aside, or said again to its own partition."""
    for service in evidence.stores:
        topic = f"{service}.commands.v1"
        answers = _answers(evidence, service)
        aside = _set_aside(evidence, service)
        for command, codes in answers.items():
            final = {code for code in codes if code[1] not in ("set_aside", "id_reused")}
            if len(final) > 1:
                yield Violation("I5", f"command {command} was answered {sorted(final)}")
        said_again = {record.text("ce_id") for record in evidence.topics[topic] if record.stream}
        for record in evidence.topics[topic]:
            place = (record.topic, record.partition, record.offset)
            known = place in aside or _id(record) in answers or _id(record) in said_again
            if not known:
                yield Violation("I5", f"{place} has no outcome")


def _id(record: Seen) -> str:
    if record.text("content-type").startswith("application/cloudevents"):
        try:
            return str(record.data().get("id"))
        except ValueError:
            return ""
    return record.text("ce_id")


def _answers(evidence: Evidence, service: str) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for kind in ("accepted", "refused"):
        for record in evidence.events(f"leadops.{service}.command.{kind}.v1").values():
            data = record.data()
            found[data["command"]].add((kind, data["code"]))
    return found


def _set_aside(evidence: Evidence, service: str) -> set[tuple[str, int, int]]:
    rows = [row["record"] for row in evidence.rows(service, "set_aside") if row["record"]]
    return {(row["topic"], row["partition"], row["offset"]) for row in rows}


def parked_keys_wait(evidence: Evidence) -> Iterator[Violation]:
    """I5: behind a record that was set aside, later records of its key were parked."""
    raw = [(row["code"], row["record"]) for row in evidence.unresolved if row["record"]]
    aside = {(head["topic"], head["partition"], head["offset"]) for _, head in raw}
    for code, head in raw:
        if code == "parked" or head["topic"] not in ORDERED:
            continue
        for (stream, number), offsets in _behind(evidence, head).items():
            places = {(head["topic"], head["partition"], offset) for offset in offsets}
            if min(offsets) > head["offset"] and not places & aside:
                place = f"{head['topic']}/{head['partition']}/{head['offset']}"
                yield Violation("I5", f"{number} of {stream} overtook {place} of the same key")


def _behind(evidence: Evidence, head: Document) -> dict[tuple[str, int], list[int]]:
    """Where each record of the head's key stands in its partition; some were said repeatedly."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for record in evidence.topics[head["topic"]]:
        is_there = record.offset < evidence.ends[record.topic, record.partition]
        is_mine = record.partition == head["partition"] and record.key == head["key"]
        if is_there and is_mine and record.stream:
            found[record.stream, record.number].append(record.offset)
    return found


def leads_add_up(evidence: Evidence) -> Iterator[Violation]:
    """I8: each stored outcome was said once, and each accepted lead reached routing."""
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
            " ".join(held["given"].casefold().split())
            in allowed.get(f"{row['tenant']}/{held['question']}", set())
            for held in row["held"]
        ]
        if row["upload"]["outcome"] == "held" and all(passes):
            yield Violation("I8", f"lead {row['_id']} is held though all its answers pass")


def _allowed(question: Document) -> set[str]:
    given = [*json.loads(question["definition"])["answers"]]
    given += [alias["given"] for alias in question["aliases"]]
    return {" ".join(one.casefold().split()) for one in given}


def sent_leads_are_known(evidence: Evidence) -> Iterator[Violation]:
    """I7: what routing said of a lead, intake knows: it is how leads are found."""
    known = {row["_id"]: set(row["sent_to"]) for row in evidence.rows("intake", "leads")}
    for event in evidence.events("leadops.routing.lead.sent.v1").values():
        data = event.data()
        if data["campaign"] not in known.get(data["lead"], set()):
            yield Violation("I7", f"intake does not know that {data['lead']} was sent")


def every_claim_ended(evidence: Evidence) -> Iterator[Violation]:
    """I8: a campaign has answered, unless it will do so on its send day."""
    runs = _send_days(evidence)
    for row in evidence.rows("routing", "leads"):
        for asked in row["asked"]:
            waits = asked["state"] == "waiting" and _name(row, asked) in runs
            if asked["state"] in ("asked", "granted", "waiting") and not waits:
                text = f"lead {row['_id']}, {asked['campaign']}: still {asked['state']}"
                yield Violation("I8", text)


def _name(lead: Document, asked: Document) -> str:
    return f"{lead['tenant']}/{asked['campaign']}"


def _send_days(evidence: Evidence) -> set[str]:
    """The campaigns that will send what waits for their day."""
    due = evidence.rows("routing", "due")
    return {row["data"]["campaign"] for row in due if row["kind"] == "weekly_send"}


def weekly_sends_keep_their_day(evidence: Evidence) -> Iterator[Violation]:
    """I8: a send that waited is reserved on its day at the earliest, unless by hand."""
    for row in evidence.rows("routing", "sends"):
        until: datetime | None = None
        for entry in row["history"]:
            if entry["what"] == "waiting":
                until = datetime.fromisoformat(entry["text"].removeprefix("until "))
            is_early = until is not None and entry["at"] < until
            if entry["what"] == "reserved" and is_early and "by hand" not in entry["text"]:
                yield Violation("I8", f"send {row['_id']} did not wait for its day")


def exclusive_leads_have_one_holder(evidence: Evidence) -> Iterator[Violation]:
    """I3: at most one campaign's endpoint acted on a lead that is sold once. Those count that came
    when the house's rule was there for some seconds."""
    since = {
        code: row["changed_at"] + RULE_TAKES_HOLD
        for row in evidence.rows("routing", "rules")
        for code in row["exclusive_lead_codes"]
    }
    sold = {
        row["_id"]
        for row in evidence.rows("routing", "leads")
        if row["lead_code"] in since and row["accepted_at"] > since[row["lead_code"]]
    }
    holders: dict[str, set[str]] = defaultdict(set)
    for one in evidence.received:
        if one.taken and one.lead in sold:
            holders[one.lead].add(one.campaign)
    for lead, campaigns in holders.items():
        if len(campaigns) > 1:
            yield Violation("I3", f"lead {lead} is sold once and has {len(campaigns)} holders")


def limits_hold(evidence: Evidence) -> Iterator[Violation]:
    """I3: per day, per ordered category and per company domain no more than was ever allowed."""
    taken: Counter[tuple[str, str, str]] = Counter()
    for row in evidence.rows("routing", "sends"):
        if row["status"] not in ("reserved", "sent", "uncertain"):
            continue
        reserved = max(entry["at"] for entry in row["history"] if entry["what"] == "reserved")
        taken[row["campaign"], "day", reserved.date().isoformat()] += 1
        taken[row["campaign"], "category", row["category"]] += 1
        if row["domain"]:
            taken[row["campaign"], "domain", row["domain"]] += 1
    limits = _limits(evidence)
    for (campaign, kind, name), count in taken.items():
        limit = limits.get((campaign, kind, name), limits.get((campaign, kind, "")))
        if limit is not None and count > limit:
            yield Violation("I3", f"{campaign}: {count} of {kind} {name}, the limit is {limit}")


def _limits(evidence: Evidence) -> dict[tuple[str, str, str], int]:
    """The highest that any version allowed; one that was ever open has none."""
    found: dict[tuple[str, str, str], list[int | None]] = defaultdict(list)
    for row in evidence.rows("routing", "campaign_versions"):
        definition = json.loads(row["definition"])
        name, caps = definition["id"], definition["caps"]
        found[name, "day", ""].append(caps["day"] if definition["time_zone"] == "UTC" else None)
        found[name, "domain", ""].append(caps["per_domain"])
        for category in definition["categories"]:
            found[name, "category", category["id"]].append(category["amount"])
    return {
        which: max(limit for limit in limits if limit is not None)
        for which, limits in found.items()
        if None not in limits
    }


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
    for (command, code), said in ids.items():
        if len(said) > 1:
            yield Violation("I5", f"command {command}: {len(said)} answers {code}")


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
    emails = Counter(
        (row["tenant"], row["person"]["email"]) for row in evidence.rows("intake", "contacts")
    )
    for _, times in emails.items():
        if times > 1:
            yield Violation("I5", f"one person is {times} contacts")


def nobody_is_sent_twice(evidence: Evidence) -> Iterator[Violation]:
    """I3: one key, one body per lead and campaign; one lead per person and campaign."""
    yield from _single(evidence.received, lambda one: (one.lead, one.campaign), "key")
    yield from _single(evidence.received, lambda one: (one.key,), "body_sha256")
    yield from _single(evidence.received, lambda one: (one.person, one.campaign), "lead")


def _single(
    received: Iterable[Received], group: Callable[[Received], tuple[str, ...]], name: str
) -> Iterator[Violation]:
    found: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for one in received:
        found[group(one)].add(getattr(one, name))
    for values in found.values():
        if len(values) > 1:
            yield Violation("I3", f"an endpoint saw {len(values)} different {name} for one send")


def caps_hold(evidence: Evidence) -> Iterator[Violation]:
    """I3: no endpoint acted on more leads than its campaign's cap allows."""
    taken: dict[str, set[str]] = defaultdict(set)
    for one in evidence.received:
        if one.taken:
            taken[one.campaign].add(one.key)
    for campaign, cap in _caps(evidence).items():
        if len(taken[campaign]) > cap:
            yield Violation("I3", f"{campaign}: {len(taken[campaign])} sent, the cap is {cap}")


def _caps(evidence: Evidence) -> dict[str, int]:
    caps: dict[str, int] = {}
    for row in evidence.rows("routing", "campaign_versions"):
        definition = json.loads(row["definition"])
        total = definition["caps"]["total"]
        if total is not None:
            caps[definition["id"]] = max(total, caps.get(definition["id"], 0))
    return caps


def sends_equal_events(evidence: Evidence) -> Iterator[Violation]:
    """I7: the sends rebuilt from the published events equal the stored ones, and the endpoints'."""
    stored = {
        row["_id"]: row["status"]
        for row in evidence.rows("routing", "sends")
        if row["status"] not in ("waiting", "dropped")
    }
    taken = {one.key for one in evidence.received if one.taken}
    rebuilt: dict[str, str] = {}
    for event in evidence.events("leadops.routing.lead.uncertain.v1").values():
        rebuilt[event.data()["key"]] = "uncertain"
    for status, kind in (("sent", "sent"), ("refused", "not_sent")):
        for event in evidence.events(f"leadops.routing.lead.{kind}.v1").values():
            if rebuilt.get(event.data()["key"], "uncertain") not in ("uncertain", status):
                yield Violation("I7", f"send {event.data()['key']} ended in two ways")
            rebuilt[event.data()["key"]] = status
    if stored != rebuilt:
        different = {key for key in {*stored, *rebuilt} if stored.get(key) != rebuilt.get(key)}
        yield Violation("I7", f"{len(different)} sends differ between store and events")
    for key, status in stored.items():
        if (status == "sent" and key not in taken) or (status == "refused" and key in taken):
            yield Violation("I7", f"send {key} is {status}, the endpoint disagrees")
    for key in taken - set(stored):
        yield Violation("I7", f"an endpoint acted on {key}, which is no send")


def books_equal_sends(evidence: Evidence) -> Iterator[Violation]:
    """I7: a campaign's slots are its sends, counted."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for row in evidence.rows("routing", "sends"):
        counted[f"{row['tenant']}/{row['campaign']}"][row["status"]] += 1
    for book in evidence.rows("routing", "campaign_books"):
        sends = counted[book["_id"]]
        wanted = (sends["reserved"], sends["sent"], sends["uncertain"])
        if (book["reserved"], book["used"], book["uncertain"]) != wanted:
            yield Violation("I7", f"{book['_id']}: its slots are not its sends")


def nothing_was_unexpected(evidence: Evidence) -> Iterator[Violation]:
    """I5: what is set aside is broken by itself; no decision fails of its own."""
    for service in evidence.stores:
        for row in evidence.rows(service, "set_aside"):
            if row["code"] == "unexpected":
                yield Violation("I5", f"{service}: {row['_id']} failed: {row['text']}")


def no_personal_data_outside(evidence: Evidence) -> Iterator[Violation]:
    """I10: planted personal data stands in no key, header or set-aside text."""
    needles = [text.lower() for text in evidence.personal]
    for record in evidence.records:
        places = [record.key or b"", *(value or b"" for value in record.headers.values())]
        text = b"\n".join(places).decode(errors="replace").lower()
        if record.stream and any(needle in text for needle in needles):
            yield Violation("I10", f"{record.topic}/{record.partition}/{record.offset}")
    for service in evidence.stores:
        for row in evidence.rows(service, "set_aside"):
            if any(needle in row["text"].lower() for needle in needles):
                yield Violation("I10", f"{service}: set-aside text of {row['_id']}")


CHECKS: Sequence[Callable[[Evidence], Iterator[Violation]]] = (
    streams_are_dense,
    events_are_said_once,
    outboxes_are_empty,
    everything_was_read,
    every_command_has_one_outcome,
    parked_keys_wait,
    leads_add_up,
    replaced_leads_are_not_sent,
    nobody_is_accepted_twice,
    held_leads_need_a_person,
    sent_leads_are_known,
    every_claim_ended,
    weekly_sends_keep_their_day,
    exclusive_leads_have_one_holder,
    limits_hold,
    answers_are_true,
    unsent_leads_are_raised,
    contacts_are_unique,
    nobody_is_sent_twice,
    caps_hold,
    sends_equal_events,
    books_equal_sends,
    nothing_was_unexpected,
    no_personal_data_outside,
)
