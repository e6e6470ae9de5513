"""What becomes of each input of a step, one after the other, on the state that was loaded for all.

Every input ends in exactly one disposition. Commands pass a gate first: known before, of a known
type, not from the future, from a role that may ask, with data as their type asks for; and every one
of them is answered.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import structlog
from pydantic_core import to_json

from shared.contracts.answers import CommandAnswer, accepted_type, refused_type
from shared.contracts.bounds import KEY_BYTES_MAX, VALUE_BYTES_MAX
from shared.contracts.envelope import Envelope
from shared.contracts.event import Command, Event, events_topic
from shared.contracts.operations import ReplayDeadLetter, SkipDeadLetter
from shared.contracts.parsing import Invalid
from shared.errors import Poison
from shared.ids import derived_id
from shared.loop import dead_letters, deadlines, effects, inbox
from shared.loop.batch import Batch
from shared.loop.counts import OTHER
from shared.loop.decision import (
    Accepted,
    Cause,
    Context,
    Count,
    Decision,
    Input,
    Publish,
    Refused,
)
from shared.loop.item import Decidable, Disposition, Internal, Item, Lane, Received, span_of
from shared.loop.kept_record import is_whole
from shared.store import Document, Insert
from shared.topics import manifest

log = structlog.get_logger(__name__)

Answer = Accepted | Refused

ANSWER_TEXT_MAX = 2000


def handle(batch: Batch, item: Item) -> None:
    """Brings one item to its disposition; whatever follows from it is gathered in the step."""
    if item.disposition in (Disposition.HANDLED, Disposition.DEAD_LETTERED) and is_blocked(
        batch, item
    ):
        item.disposition = Disposition.WAITING
    try:
        if item.disposition is Disposition.HANDLED:
            _decide(batch, item)
    except Poison as poison:
        item.dead_letter(poison)
    if item.disposition is Disposition.MISROUTED and isinstance(item, Received):
        batch.publish(item, batch.setup.writer.again(item.record))
    elif item.disposition in (Disposition.DEAD_LETTERED, Disposition.WAITING):
        _keep(batch, item)


def _decide(batch: Batch, item: Item) -> None:
    match item:
        case Received() if item.record.topic == batch.setup.reader.commands:
            _decide_command(batch, item)
        case Received() | Internal():
            apply(batch, item, decision_on(batch, item))


def decision_on(batch: Batch, item: Decidable) -> Decision:
    return batch.setup.service.table.decide(batch.state, input_of(batch, item))


def input_of(batch: Batch, item: Decidable) -> Input:
    # What nobody knows, and what is not as its type asks for, is refused, ignored or dead-lettered.
    assert item.event is not None and not isinstance(item.event, Invalid)
    return Input(item.event, Context(item.cause, batch.now))


def _decide_command(batch: Batch, item: Received) -> None:
    known = batch.known.get(inbox.key_of(item.envelope))
    if known is not None:
        _answer_again(batch, item, known)
        return
    refused = _gate(batch, item)
    if refused is None and isinstance(item.event, ReplayDeadLetter | SkipDeadLetter):
        answer: Answer = _resolve(batch, item, item.event)
    elif refused is None:
        decision = decision_on(batch, item)
        assert decision.answer is not None, f"{item.envelope.type} was not answered"
        apply(batch, item, decision)
        answer = decision.answer
    else:
        answer = refused
    batch.counted[_count_of(item, answer)] += 1
    entry = inbox.entry(item.envelope, item.key, answer, batch.now)
    batch.known[entry["_id"]] = entry
    batch.write(inbox.COLLECTION, Insert(entry))
    publish_answer(batch, item, answer)


def _count_of(item: Received, answer: Answer) -> Count:
    """Of a command, by its answer. A type that nobody knows is a stranger's text."""
    known = item.envelope.type if item.event is not None else OTHER
    return Count("commands", (("type", known), ("code", answer.code)))


def _gate(batch: Batch, item: Received) -> Refused | None:
    """What can be refused before the service looks at the command. Who may not ask it is told
    nothing of its data."""
    command = item.event
    kind = command.kind if isinstance(command, Invalid) else type(command)
    if not issubclass(kind, Command):
        return Refused("unknown_command", f"{item.envelope.type} is not a command of this service")
    dated = time_of(batch, item)
    if isinstance(dated, Refused):
        return dated
    if item.envelope.role not in kind.ROLES:
        role = item.envelope.role[:40]
        log.warning("command not permitted", type=item.envelope.type, role=role, **span_of(item))
        return Refused("not_permitted", "this role may not ask this")
    if isinstance(command, Invalid):
        code = command.code
        log.warning("command not valid", type=item.envelope.type, code=code, **span_of(item))
        return Refused(command.code, command.text, command.details)
    return None


def time_of(batch: Batch, item: Received) -> datetime | Refused:
    """The time on which a command is decided. One that was dead-lettered had come when it came."""
    came = item.document["at"] if item.document else batch.now
    return batch.setup.dating.of(item.envelope, came)


def _answer_again(batch: Batch, item: Received, known: dict[str, object]) -> None:
    """A command that was decided before: its first answer, or, with another payload, a refusal."""
    if known["hash"] != inbox.payload_hash(item.envelope):
        raise Poison("id_reused", "this command id was used with another payload")
    batch.counters["commands_repeated"] += 1
    answer = inbox.answer_of(known)
    publish_answer(batch, item, replace(answer, details={**answer.details, "repeated": True}))


def publish_answer(batch: Batch, item: Received, answer: Answer) -> None:
    name = batch.setup.service.name
    kind = accepted_type(name) if isinstance(answer, Accepted) else refused_type(name)
    data = _answer_data(item.envelope, answer)
    cause = item.envelope.tenant, item.envelope.source, item.envelope.id
    id = derived_id(*cause, kind, answer.code)
    item.refused = answer.code if isinstance(answer, Refused) else None
    _publish(batch, item, Message(id, kind, events_topic(name), item.key, data))


def _answer_data(command: Envelope, answer: Answer) -> bytes:
    """A command is answered, whatever it takes: details that no record can hold are left out."""
    text = answer.text[:ANSWER_TEXT_MAX]
    event = CommandAnswer(
        command=command.id,
        source=command.source,
        code=answer.code,
        text=text,
        details=dict(answer.details),
    )
    data = to_json(event)
    if len(data) <= VALUE_BYTES_MAX:
        return data
    return to_json(event.model_copy(update={"details": {"left_out_bytes": len(data)}}))


def apply(batch: Batch, item: Decidable, decision: Decision) -> None:
    """Gathers what a decision wants; later items of the batch see what it saves."""
    item.decision = decision
    messages = [message_of(item.cause, *numbered) for numbered in enumerate(decision.publish)]
    batch.state.put(decision.save, item.shard)
    for message in messages:
        _publish(batch, item, message)
    for effect in decision.effects:
        batch.effect(
            effects.new_row(
                effect, item.shard, item.cause, batch.now, begin=batch.has_room(effect.endpoint)
            )
        )
    for due in decision.due:
        batch.due[due.id] = deadlines.row_of(due, item.shard, item.cause)
    batch.due |= dict.fromkeys(decision.cancel)
    batch.counted.update(decision.count)


class Message(NamedTuple):
    """One event as it will be published."""

    id: str
    type: str
    topic: str
    key: str
    data: bytes
    trace: str | None = None


def message_of(cause: Cause, number: int, publish: Publish) -> Message:
    """Raises `Poison` for what no reader would take: a shard that tried to publish it could never
    go on."""
    event: Event = publish.event
    data = event.__pydantic_serializer__.to_json(event)
    if len(data) > VALUE_BYTES_MAX:
        raise Poison("event_too_large", f"{event.TYPE} would have {len(data)} bytes")
    if manifest().is_compacted(event.TOPIC) and not publish.key.startswith(f"{cause.tenant}/"):
        raise ValueError(f"{event.TYPE} has the key {publish.key!r}: it must begin with the tenant")
    if len(publish.key.encode()) > KEY_BYTES_MAX:
        raise Poison("event_too_large", f"{event.TYPE} would have a key of over {KEY_BYTES_MAX}")
    id = derived_id(cause.tenant, cause.source, cause.id, event.TYPE, str(number))
    return Message(id, event.TYPE, event.TOPIC, publish.key, data, publish.trace)


def _publish(batch: Batch, item: Decidable, message: Message) -> None:
    row, cause = batch.rows[item.shard], item.cause
    cause = replace(cause, trace=message.trace) if message.trace else cause
    id, kind, topic, key, data, _ = message
    batch.publish(item, batch.setup.writer.event(row, cause, id, kind, topic, key, data))


def is_blocked(batch: Batch, item: Item) -> bool:
    if not isinstance(item, Received):
        return False
    return item.in_order and item.lane in batch.blocked[item.shard]


def _keep(batch: Batch, item: Item) -> None:
    """Keeps the record whole. A readable command is told so; its final answer comes with the
    replay."""
    if dead_letters.id_of(item) in batch.known_dead_letters:
        item.disposition = Disposition.DUPLICATE
        return
    blocked = batch.blocked[item.shard]
    head = blocked.get(item.lane) if item.disposition is Disposition.WAITING else None
    document = dead_letters.new_document(item, batch.next_order(item.shard), batch.now, head)
    batch.write(dead_letters.COLLECTION, Insert(document))
    if head is not None and (waiting := batch.replays.get((item.shard, head))):
        waiting.behind.append(_waiting_item(item, document))
    if item.disposition is Disposition.DEAD_LETTERED and item.poison is not None:
        code = item.poison.code
        log.warning("record dead-lettered", id=document["_id"], code=code, **span_of(item))
        if dead_letters.blocks_key(item):
            blocked[item.lane] = document["_id"]
        if isinstance(item, Received):
            _tell_sender(batch, item, item.poison, document["_id"])


def _waiting_item(item: Item, document: Document) -> Item:
    """The waiting item as it will be replayed, should its key be freed later in this very batch."""
    disposition = Disposition.DEAD_LETTERED if item.poison else Disposition.HANDLED
    return replace(item, disposition=disposition, document=document)


def _tell_sender(batch: Batch, item: Received, poison: Poison, id: str) -> None:
    if item.record.topic == batch.setup.reader.commands:
        code = "id_reused" if poison.code == "id_reused" else "dead_letter"
        text = f"{poison.code}: {poison.text}"
        publish_answer(batch, item, Refused(code, text, {"dead_letter": id}))


def _resolve(batch: Batch, item: Received, event: ReplayDeadLetter | SkipDeadLetter) -> Answer:
    """Replays or skips a dead letter and then, in order, those of its key behind it."""
    if item.document is not None:
        return Refused("not_replayable", "a replay or skip is not replayed: publish it anew")
    waiting = batch.replays.get((item.shard, event.id))
    if waiting is None:
        return Refused(
            "dead_letter_unknown", "nothing is dead-lettered under this id in this shard"
        )
    head = waiting.heads[dead_letters.value_of(event)]
    assert head.document is not None
    if isinstance(event, ReplayDeadLetter) and not is_whole(head.document["record"], event.value):
        return Refused("not_kept_whole", _what_is_left(head.document))
    if isinstance(event, SkipDeadLetter):
        _mark_resolved(batch, head, dead_letters.SKIPPED, item.cause.actor, event.reason)
    elif poison := _replay(batch, head, item.cause.actor):
        return Refused("still_fails", f"{poison.code}: {poison.text}")
    del batch.replays[item.shard, event.id]
    if dead_letters.is_blocking(head.document):
        lane = dead_letters.lane_of(head.document)
        release(batch, item.shard, lane, waiting.behind, item.cause.actor)
    return Accepted(details={"followed": min(len(waiting.behind), batch.released_at_once)})


def _what_is_left(document: Document) -> str:
    """Only a value can be brought anew with a replay."""
    parts = set(document["record"]["cut"])
    what = f"only a part of its {' and its '.join(sorted(parts))} was kept: "
    skip = "skip it, and publish it anew"
    return what + (skip if parts - {"value"} else f"replay it with its whole value, or {skip}")


def release(batch: Batch, shard: int, lane: Lane, waiting: Sequence[Item], actor: str) -> None:
    """Decides what waits in a lane, so many a step, until one of them can't be decided: that
    one is the lane's new head. The lane is free when nothing is left in it."""
    lanes = batch.blocked[shard]
    for item in waiting[: batch.released_at_once]:
        if _replay(batch, item, actor):
            assert item.document is not None
            lanes[lane] = item.document["_id"]
            return
    if len(waiting) > batch.released_at_once:
        lanes[lane] = dead_letters.RELEASING
    else:
        lanes.pop(lane, None)


def _replay(batch: Batch, item: Item, actor: str) -> Poison | None:
    """Why it can't be decided still, if so."""
    assert item.document is not None
    batch.replaying = item
    try:
        if item.disposition is Disposition.HANDLED:
            _decide(batch, item)
    except Poison as poison:
        item.dead_letter(poison)
    batch.replaying = None
    if item.poison is not None:
        batch.rewrite(dead_letters.again(item.document, item.poison))
        return item.poison
    _mark_resolved(batch, item, dead_letters.REPLAYED, actor, "")
    batch.replayed.append(item)
    return None


def _mark_resolved(batch: Batch, item: Item, state: str, actor: str, reason: str) -> None:
    assert item.document is not None
    batch.rewrite(dead_letters.resolution_of(item.document, state, actor, reason, batch.now))
