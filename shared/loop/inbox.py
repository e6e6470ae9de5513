"""Commands are known by source and id: a known one gets its stored answer, never a second effect.

The entry is written in the transaction of the effect, never before or apart from it. The same id
with another payload is a mistake of the sender: refused as `id_reused` and dead-lettered.

The entries are the audit, too: who asked, in which role, about what, and what was answered, also
where it was not permitted. Of the command's data there is a hash alone.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from shared.contracts.envelope import Envelope
from shared.loop.decision import Accepted, Refused
from shared.store import Document, Index, Transaction

COLLECTION = "inbox"
KNOWN_DAYS = 90
"""Longer than any topic keeps its records, so a command that can be read again is still known."""
INDEXES = [
    Index(COLLECTION, ("at",), expires_days=KNOWN_DAYS),
    Index(COLLECTION, ("tenant", "at", "_id")),
    Index(COLLECTION, ("tenant", "key", "at", "_id")),
    Index(COLLECTION, ("key", "at"), is_former=True),
]
ESCAPES = str.maketrans({"|": r"\|", "\\": r"\\"})

Answer = Accepted | Refused


def key_of(envelope: Envelope) -> str:
    """A bar inside tenant or source is written as such, so that no two commands share a key."""
    tenant, source = (part.translate(ESCAPES) for part in (envelope.tenant, envelope.source))
    return f"{tenant}|{source}|{envelope.id}"


def payload_hash(envelope: Envelope) -> str:
    digest = hashlib.blake2b(envelope.type.encode(), digest_size=16)
    digest.update(envelope.data)
    return digest.hexdigest()


async def load(transaction: Transaction, envelopes: Iterable[Envelope]) -> dict[str, Document]:
    keys = [key_of(envelope) for envelope in envelopes]
    if not keys:
        return {}
    rows = await transaction.find(COLLECTION, {"_id": {"$in": keys}})
    return {row["_id"]: row for row in rows}


def entry(envelope: Envelope, key: str, answer: Answer, now: datetime) -> Document:
    return {
        "_id": key_of(envelope),
        "hash": payload_hash(envelope),
        "tenant": envelope.tenant,
        "source": envelope.source,
        "command": envelope.id,
        "type": envelope.type,
        "key": key,
        "actor": envelope.actor,
        "role": envelope.role,
        "trace": envelope.trace,
        "at": now,
        "accepted": isinstance(answer, Accepted),
        "code": answer.code,
        "text": answer.text,
        "details": dict(answer.details),
    }


def answer_of(document: Document) -> Answer:
    kind: Any = Accepted if document["accepted"] else Refused
    answer: Answer = kind(document["code"], document["text"], document["details"])
    return answer
