"""What was asked of services, and what came of it."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from cli.oracle.evidence import Document, Evidence, Seen
from cli.oracle.streams import OPEN, CommandId, answer_records, command_id

BY_CUSTOMERS = ("customer", "representative", "agent")
"""What these ask is of the time at which it was decided, unless a trusted entry dates it."""


class Asked(NamedTuple):
    id: CommandId
    type: str
    """Without the service and the version: `meeting.book`."""
    data: Document
    at: datetime
    """The time that counts for it."""
    role: str
    actor: str
    is_accepted: bool
    code: str
    details: Document


def asked_of(evidence: Evidence, service: str) -> list[Asked]:
    """All commands that were answered, by their first answer."""
    answers: dict[CommandId, tuple[str, Seen]] = {}
    for kind, id_, answer in answer_records(evidence, service):
        answers.setdefault(id_, (kind, answer))
    return list(_pairs(evidence, service, answers))


def _pairs(
    evidence: Evidence, service: str, answers: dict[CommandId, tuple[str, Seen]]
) -> Iterator[Asked]:
    seen: set[CommandId] = set()
    for record in evidence.topics.get(f"{service}{OPEN}", ()):
        id_ = command_id(record)
        if id_ in seen or id_ not in answers:
            continue
        seen.add(id_)
        kind, answer = answers[id_]
        told = answer.data()
        yield Asked(
            id=id_,
            type=record.type.removeprefix(f"leadops.{service}.").rpartition(".")[0],
            data=record.data(),
            at=_time(evidence, record, answer),
            role=record.text("ce_role"),
            actor=record.text("ce_actor"),
            is_accepted=kind == "accepted",
            code=told["code"],
            details=told["details"],
        )


def _time(evidence: Evidence, record: Seen, answer: Seen) -> datetime:
    dated, decided = (datetime.fromisoformat(each.text("ce_time")) for each in (record, answer))
    is_trusted = record.text("ce_source") in evidence.trusted_sources
    if record.text("ce_role") in BY_CUSTOMERS and not is_trusted:
        return decided
    return min(dated, decided)
