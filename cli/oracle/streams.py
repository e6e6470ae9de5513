"""What the oracle asks of topics and shards: nothing lost, doubled, overtaken or told."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from cli.oracle.evidence import DeadLetter, Evidence, Place, Seen

ORDERED = (
    "routing.claims.v1",
    "routing.answers.v1",
    "appointments.facts.v1",
    "appointments.counts.v1",
)
"""Topics in which a record that can't be processed holds up the later ones of its key."""
OPEN = ".commands.v1"
"""Topics that anybody may write to, where a stream's numbers mean nothing."""


class CommandId(NamedTuple):
    """What makes a command itself: the same id of another source is another command."""

    tenant: str
    source: str
    id: str


def streams_are_dense(evidence: Evidence) -> Iterator[str]:
    """Per partition and stream, first appearances count 1, 2, 3 … and a number never changes its
    record."""
    last: Counter[tuple[str, int, str]] = Counter()
    highest: Counter[tuple[str, int, str]] = Counter()
    content: dict[tuple[str, int, str, int], tuple[str, str]] = {}
    for record in _numbered_records(evidence):
        stream = (record.topic, record.partition, record.stream)
        numbered = (*stream, record.number)
        identity = (record.text("ce_id"), hashlib.sha256(record.value or b"").hexdigest())
        if content.setdefault(numbered, identity) != identity:
            yield f"{numbered} was published with two contents"
        if record.number == last[stream] + 1:
            last[stream] += 1
        highest[stream] = max(highest[stream], record.number)
    for stream, number in highest.items():
        if last[stream] != number:
            yield f"{stream} has a gap after {last[stream]}, of {number}"


def _numbered_records(evidence: Evidence) -> Iterator[Seen]:
    """Records whose numbers a service gave. A service's streams begin with its name: on a topic
    that no service reads, nobody else dead-letters what strangers numbered in their own way."""
    forged = evidence.dead_places("stream_unknown")
    for record in evidence.records:
        is_named = record.service in evidence.services and not record.topic.endswith(OPEN)
        if is_named and record.place not in forged:
            yield record


def events_are_published_once(evidence: Evidence) -> Iterator[str]:
    """One event has one number; only answers are published again when a command is repeated."""
    numbers: dict[tuple[str, str], set[tuple[str, int]]] = defaultdict(set)
    for record in evidence.records:
        if record.service == record.text("ce_source").removeprefix("leadops/"):
            numbers[record.topic, record.text("ce_id")].add((record.stream, record.number))
    answers = {record.text("ce_id") for record in evidence.records if ".command." in record.type}
    for (topic, id_), several in numbers.items():
        if len(several) > 1 and id_ not in answers:
            yield f"event {id_} on {topic} was published under {sorted(several)}"


def nothing_is_pending(evidence: Evidence) -> Iterator[str]:
    yield from (f"pending: {name} {count}" for name, count in evidence.pending.items() if count)


def everything_was_read(evidence: Evidence) -> Iterator[str]:
    """Every shard stands at the end of each topic that it reads."""
    ends: Counter[tuple[str, int]] = Counter()
    for record in evidence.records:
        place = (record.topic, record.partition)
        ends[place] = max(ends[place], record.offset + 1)
    positions = evidence.inside.positions if evidence.inside else {}
    for (service, topic, partition), offset in positions.items():
        end = ends[topic, partition]
        if offset != end:
            yield f"{service} read {topic}/{partition} up to {offset} of {end}"


def every_command_has_one_outcome(evidence: Evidence) -> Iterator[str]:
    """Each command record was answered or dead-lettered, whatever stream it claims to be of. What
    only stands for an end of a transaction is neither."""
    for service in evidence.services:
        answers = _answers(evidence, service)
        dead = evidence.dead_places(service=service)
        for command, codes in answers.items():
            final = {code for code in codes if code[1] not in ("dead_letter", "id_reused")}
            if len(final) > 1:
                yield f"command {command.id} was answered {sorted(final)}"
        for record in evidence.topics.get(f"{service}{OPEN}", ()):
            is_marker = any(name.startswith("\ud800control") for name in record.headers)
            if record.place not in dead and command_id(record) not in answers and not is_marker:
                yield f"{record.place} has no outcome"


def commands_are_refused_for_their_data(evidence: Evidence) -> Iterator[str]:
    """Whatever stands in a command that can be read is for its sender to mend, not for an
    operator."""
    for letter in evidence.dead_letters:
        if letter.code == "invalid" and letter.place and letter.place[0].endswith(OPEN):
            yield f"{letter.place} was dead-lettered for its data: {letter.text}"


def command_id(record: Seen) -> CommandId:
    tenant = tenant_of(record)
    if record.text("content-type").startswith("application/cloudevents"):
        try:
            data = record.data()
        except ValueError:
            data = {}
        return CommandId(
            str(data.get("tenant", tenant)), str(data.get("source")), str(data.get("id"))
        )
    return CommandId(tenant, record.text("ce_source"), record.text("ce_id"))


def tenant_of(record: Seen) -> str:
    return record.text("ce_tenant") or "main"


def _answers(evidence: Evidence, service: str) -> dict[CommandId, set[tuple[str, str]]]:
    found: dict[CommandId, set[tuple[str, str]]] = defaultdict(set)
    for kind, asked, record in answer_records(evidence, service):
        found[asked].add((kind, record.data()["code"]))
    return found


def answer_records(evidence: Evidence, service: str) -> Iterator[tuple[str, CommandId, Seen]]:
    for kind in ("accepted", "refused"):
        for record in evidence.published.get(f"leadops.{service}.command.{kind}.v1", ()):
            data = record.data()
            yield kind, CommandId(tenant_of(record), data["source"], data["command"]), record


def answers_are_true(evidence: Evidence) -> Iterator[str]:
    """One answer has one id, and a lead that was promised is there."""
    ids: dict[tuple[CommandId, str], set[str]] = defaultdict(set)
    leads = {lead.id for lead in evidence.leads}
    for kind, asked, record in answer_records(evidence, "intake"):
        data = record.data()
        ids[asked, data["code"]].add(record.text("ce_id"))
        promised = data["details"].get("lead")
        if promised and promised not in leads:
            yield f"command {asked.id}: its lead is nowhere"
        if kind == "accepted" and not data["details"]:
            yield f"command {asked.id} was accepted without effect"
    for (asked, code), answers in ids.items():
        if len(answers) > 1:
            yield f"command {asked.id}: {len(answers)} answers {code}"


def blocked_keys_wait(evidence: Evidence) -> Iterator[str]:
    """Behind a record that was dead-lettered, what its key is told after that waits."""
    unresolved = evidence.unresolved
    if unresolved is None:
        return
    letters = unresolved.dead_letters
    dead = {letter.place for letter in letters} | evidence.dead_places("stream_unknown")
    for head in letters:
        if head.place is None or head.state == "waiting" or not head.blocks_key:
            continue
        topic, partition, offset = head.place
        assert topic in ORDERED
        noticed = unresolved.noticed.get(head.id, unresolved.ends[topic, partition])
        for (stream, number), places in _behind(evidence, head, head.place).items():
            if min(places)[2] >= noticed and not places & dead:
                text = f"overtook {topic}/{partition}/{offset} of the same key"
                yield f"{number} of {stream} {text}"


def _behind(evidence: Evidence, head: DeadLetter, at: Place) -> dict[tuple[str, int], set[Place]]:
    """Where each record of the head's key stands in its partition; some came repeatedly."""
    topic, partition, _ = at
    there = [record for record in evidence.topics[topic] if record.partition == partition]
    key = next(record.key for record in there if record.place == at)
    found: dict[tuple[str, int], set[Place]] = defaultdict(set)
    end = evidence.unresolved.ends[topic, partition] if evidence.unresolved else 0
    for record in there:
        if record.offset < end and record.key == key and record.stream:
            found[record.stream, record.number].add(record.place)
    return found


def nothing_was_unexpected(evidence: Evidence) -> Iterator[str]:
    """What is dead-lettered is broken by itself; no decision fails of its own."""
    for letter in evidence.dead_letters:
        if letter.code == "unexpected":
            yield f"{letter.service}: {letter.id} failed: {letter.text}"


def no_personal_data_outside(evidence: Evidence) -> Iterator[str]:
    """Planted personal data stands in no key, header or dead-letter text."""
    needles = [text.lower() for text in evidence.personal]
    for record in evidence.records:
        places = [record.key or b"", *(value or b"" for value in record.headers.values())]
        text = b"\n".join(places).decode(errors="replace").lower()
        if record.stream and any(needle in text for needle in needles):
            yield f"{record.topic}/{record.partition}/{record.offset}"
    for letter in evidence.dead_letters:
        if any(needle in letter.text.lower() for needle in needles):
            yield f"{letter.service}: dead-letter text of {letter.id}"
