"""What a step publishes to shards that this process holds, it decides itself, before it commits.

It is published as ever, so every reader has it; here it comes back as an echo, since its number is
taken in the transaction of its effect. Only the next number of a stream on a topic is taken: of
that stream and topic nothing that was published before is overtaken. What is poison, or waits
behind a dead letter, is left to be read, and so is everything while a bad input is hunted: each
must fail by itself. A service's table says which events bear it.
"""

from shared.errors import Poison
from shared.loop.batch import Batch
from shared.loop.classify import early_item
from shared.loop.decide import apply, decision_on, is_blocked
from shared.loop.item import Received
from shared.loop.log import Outgoing


def take_published(batch: Batch) -> None:
    """Moves what was published since the last time to what is decided next, as far as it is ours
    and the step may take more."""
    published, batch.not_looked_at, batch.deciding_early = batch.not_looked_at, [], []
    if batch.bisection.is_hunting:
        return
    room = batch.bisection.limit - len(batch.decided_early)
    for record in filter(lambda record: _is_ours(batch, record), published):
        if len(batch.deciding_early) >= room:
            return
        try:
            batch.deciding_early.append(early_item(batch.setup.reader, record))
        except Poison:
            continue
        batch.join(record.partition)


def _is_ours(batch: Batch, record: Outgoing) -> bool:
    """Whether it is read in a shard of this process, and its row in the table bears it early."""
    is_here = record.partition in batch.shards and record.topic in batch.setup.service.topics
    return is_here and record.envelope is not None and record.envelope.type in batch.setup.early


def decide_early(batch: Batch, item: Received) -> None:
    topic, stream, number = item.numbered
    row = batch.rows[item.shard]
    if row.expected_number(topic, stream) != number or is_blocked(batch, item):
        return
    try:
        apply(batch, item, decision_on(batch, item))
    except Poison:
        return
    row.take(topic, stream, number)
    batch.decided_early.append(item)
