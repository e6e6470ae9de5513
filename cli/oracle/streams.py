"""What the oracle asks of topics and shards: nothing lost, doubled, overtaken or told."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator

from cli.oracle.evidence import Document, Evidence, Seen, Violation

ORDERED = ("routing.claims.v1", "routing.answers.v1")
"""Topics in which a record that can't be processed holds up the later ones of its key."""
OPEN = ".commands.v1"
"""Topics that anybody may write to, where a stream's numbers mean nothing."""


def streams_are_dense(evidence: Evidence) -> Iterator[Violation]:
    """I6: per partition and stream, first appearances count 1, 2, 3 … and a number never changes
    its record."""
    last: Counter[tuple[str, int, str]] = Counter()
    forged = _forged(evidence)
    content: dict[tuple[str, int, str, int], tuple[str, str]] = {}
    for record in evidence.records:
        at = (record.topic, record.partition, record.offset)
        if not _is_named_by(evidence, record) or record.topic.endswith(OPEN) or at in forged:
            continue
        stream = (record.topic, record.partition, record.stream)
        numbered = (*stream, record.number)
        identity = (record.text("ce_id"), hashlib.sha256(record.value or b"").hexdigest())
        if content.setdefault(numbered, identity) != identity:
            yield Violation("I6", f"{numbered} was published with two contents")
        if record.number == last[stream] + 1:
            last[stream] += 1
    highest: Counter[tuple[str, int, str]] = Counter()
    for topic, partition, stream_, number in content:
        place = (topic, partition, stream_)
        highest[place] = max(highest[place], number)
    for place, number in highest.items():
        if last[place] != number:
            yield Violation("I6", f"{place} has a gap after {last[place]}, of {number}")


def events_are_published_once(evidence: Evidence) -> Iterator[Violation]:
    """I6: one event has one number; only answers are published again when a command is repeated."""
    numbers: dict[tuple[str, str], set[tuple[str, int]]] = defaultdict(set)
    for record in evidence.records:
        if record.stream.split("/")[0] == record.text("ce_source").removeprefix("leadops/"):
            numbers[record.topic, record.text("ce_id")].add((record.stream, record.number))
    answers = {record.text("ce_id") for record in evidence.records if ".command." in record.type}
    for (topic, id_), several in numbers.items():
        if len(several) > 1 and id_ not in answers:
            yield Violation("I6", f"event {id_} on {topic} was published under {sorted(several)}")


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
    """I5: each command record was answered or dead-lettered, whatever stream it claims to be of.
    What only stands for an end of a transaction is neither."""
    for service in evidence.stores:
        topic = f"{service}.commands.v1"
        answers = _answers(evidence, service)
        aside = _dead_lettered(evidence, service)
        for command, codes in answers.items():
            final = {code for code in codes if code[1] not in ("dead_letter", "id_reused")}
            if len(final) > 1:
                yield Violation("I5", f"command {command} was answered {sorted(final)}")
        for record in evidence.topics[topic]:
            place = (record.topic, record.partition, record.offset)
            is_marker = any(name.startswith("\ud800control") for name in record.headers)
            if place not in aside and _id(record) not in answers and not is_marker:
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


def _is_named_by(evidence: Evidence, record: Seen) -> bool:
    """A service's streams begin with its name. On a topic that no service reads, nobody else sets
    aside what strangers numbered in their own way."""
    return record.stream.partition("/")[0] in evidence.stores


def _forged(evidence: Evidence) -> set[tuple[str, int, int]]:
    """Where records stand whose numbers no service gave: these are in no stream."""
    found = (_dead_lettered(evidence, name, code="stream_unknown") for name in evidence.stores)
    return set().union(*found)


def _dead_lettered(evidence: Evidence, service: str, code: str = "") -> set[tuple[str, int, int]]:
    """Where the records stood, of all or of those with one code."""
    records = [
        row["record"]
        for row in evidence.rows(service, "dead_letters")
        if row["record"] and code in ("", row["code"])
    ]
    return {(record["topic"], record["partition"], record["offset"]) for record in records}


def blocked_keys_wait(evidence: Evidence) -> Iterator[Violation]:
    """I5: behind a record that was dead-lettered, later records of its key wait."""
    rows = [row for row in evidence.unresolved if row["record"]]
    raw = [row["record"] for row in rows]
    aside = {(one["topic"], one["partition"], one["offset"]) for one in raw}
    aside |= _forged(evidence)
    for head in (row["record"] for row in rows if row["state"] != "waiting" and row["blocks_key"]):
        assert head["topic"] in ORDERED
        for (stream, number), offsets in _behind(evidence, head).items():
            places = {(head["topic"], head["partition"], offset) for offset in offsets}
            if min(offsets) > head["offset"] and not places & aside:
                place = f"{head['topic']}/{head['partition']}/{head['offset']}"
                yield Violation("I5", f"{number} of {stream} overtook {place} of the same key")


def _behind(evidence: Evidence, head: Document) -> dict[tuple[str, int], list[int]]:
    """Where each record of the head's key stands in its partition; some came repeatedly."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for record in evidence.topics[head["topic"]]:
        is_there = record.offset < evidence.ends[record.topic, record.partition]
        is_mine = record.partition == head["partition"] and record.key == head["key"]
        if is_there and is_mine and record.stream:
            found[record.stream, record.number].append(record.offset)
    return found


def nothing_was_unexpected(evidence: Evidence) -> Iterator[Violation]:
    """I5: what is dead-lettered is broken by itself; no decision fails of its own."""
    for service in evidence.stores:
        for row in evidence.rows(service, "dead_letters"):
            if row["code"] == "unexpected":
                yield Violation("I5", f"{service}: {row['_id']} failed: {row['text']}")


def no_personal_data_outside(evidence: Evidence) -> Iterator[Violation]:
    """I10: planted personal data stands in no key, header or dead-letter text."""
    needles = [text.lower() for text in evidence.personal]
    for record in evidence.records:
        places = [record.key or b"", *(value or b"" for value in record.headers.values())]
        text = b"\n".join(places).decode(errors="replace").lower()
        if record.stream and any(needle in text for needle in needles):
            yield Violation("I10", f"{record.topic}/{record.partition}/{record.offset}")
    for service in evidence.stores:
        for row in evidence.rows(service, "dead_letters"):
            if any(needle in row["text"].lower() for needle in needles):
                yield Violation("I10", f"{service}: dead-letter text of {row['_id']}")
