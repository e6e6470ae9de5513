"""Publishes commands to Kafka and waits for their answers, a few or tens of thousands.

Listening starts at the end of the answers' topic before the first command is published, so that no
answer can be missed; publishing pauses while too many answers are outstanding.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from cli.command import Answer, Asker, Awaited, Command, check_service, record_of
from cli.output import CHECK_FAILED, UNREACHABLE, WRONG_USAGE, CliError
from cli.readable import check_readable
from cli.roots import roots_of
from cli.turns import NONE, Turns
from deploy.local import stack
from shared.clock import clock
from shared.contracts.event import events_topic
from shared.errors import Infrastructure
from shared.loop.log import Log, Outgoing
from shared.topics import manifest

CHUNK = 500
OUTSTANDING_MAX = 5000
PATIENCE_SECONDS = 60.0
REQUEST_MILLISECONDS = 10_000

IDS_UNKNOWN = frozenset(
    f"{what}_unknown"
    for what in (
        "affiliate",
        "campaign",
        "lead",
        "list",
        "question",
        "request",
        "send",
        "dead_letter",
    )
)
"""An id that was typed and names nothing is wrong input, whether the command line notices it or the
service."""
# An answer waits for the fetch that is under way, if its partition is not part of that.
FETCH_WAIT_MILLISECONDS = 50

T = TypeVar("T")
Report = Callable[[int], None]
"""Told how many answers have come so far."""


def ask(
    commands: Sequence[Command],
    asker: Asker,
    *,
    report: Report = lambda count: None,
    turns: Turns = NONE,
) -> dict[str, Answer]:
    """The answers by the commands' ids. Raises if none comes for a while."""
    check_services(commands)
    return run(_ask(commands, asker, report, turns)) if commands else {}


def check_services(commands: Iterable[Command]) -> None:
    for command in commands:
        check_service(command)


def demand(command: Command, asker: Asker) -> Answer:
    """The answer to one command, which must be that it was accepted."""
    check_readable(command, asker)
    answer = ask([command], asker)[command.id]
    if not answer.accepted:
        code = WRONG_USAGE if answer.code in IDS_UNKNOWN else CHECK_FAILED
        raise CliError(answer.code, f"refused: {answer.text}", code, answer.details)
    return answer


def publish(commands: Sequence[Command], asker: Asker) -> None:
    """Returns once all are in the log, whatever will be answered."""
    check_services(commands)
    run(_publish(stack.stack(), commands, asker))


def put_in_log(records: Sequence[Outgoing]) -> None:
    """Records as they are, also broken ones."""
    run(_put(stack.stack(), records))


def run(work: Coroutine[Any, Any, T]) -> T:
    """A broker or a store that fails is one line and exit code 3."""
    # What goes wrong is raised; the client's own log would only say it many times.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        return asyncio.run(work)
    except (KafkaError, Infrastructure, OSError) as error:
        why = str(error) or type(error).__name__
        text = f"broker or store can't be reached ({why}); see `leadops status`"
        raise CliError("unreachable", text, UNREACHABLE) from error


async def _put(found: Mapping[str, Any], records: Sequence[Outgoing]) -> None:
    async with _producer_log(found) as log:
        await log.publish(records)


async def _publish(found: Mapping[str, Any], commands: Sequence[Command], asker: Asker) -> None:
    async with _producer_log(found) as log:
        await _publish_all(log, found, commands, asker, Awaited([]), NONE)


async def _ask(
    commands: Sequence[Command], asker: Asker, report: Report, turns: Turns
) -> dict[str, Answer]:
    async with asking(stack.stack(), {command.service for command in commands}) as connection:
        return await connection.ask(commands, asker, report, turns)


@dataclass(frozen=True, slots=True)
class Connection:
    """An open publisher and an open reader of answers. One at a time may ask."""

    found: Mapping[str, Any]
    consumer: Any
    log: Log

    async def ask(
        self,
        commands: Sequence[Command],
        asker: Asker,
        report: Report = lambda count: None,
        turns: Turns = NONE,
    ) -> dict[str, Answer]:
        awaited = Awaited(commands)
        publishing = asyncio.create_task(
            _publish_all(self.log, self.found, commands, asker, awaited, turns)
        )
        try:
            await _collect(self.consumer, awaited, publishing, report)
        finally:
            publishing.cancel()
        return awaited.found


@asynccontextmanager
async def asking(found: Mapping[str, Any], services: Iterable[str]) -> AsyncIterator[Connection]:
    """Asks these services, as often as wanted."""
    async with _consumer(found, services) as consumer, _producer_log(found) as log:
        yield Connection(found, consumer, log)


async def _publish_all(
    log: Log,
    found: Mapping[str, Any],
    commands: Sequence[Command],
    asker: Asker,
    awaited: Awaited,
    turns: Turns,
) -> None:
    """The time of a command is that of its chunk, not that of the file's first row."""
    stack_clock = clock(Path(found["clock_file"]))
    waiting, published = list(commands), 0
    while waiting:
        chunk, waiting = turns.ready(waiting, awaited.found, CHUNK)
        if chunk:
            now = stack_clock.now()
            with roots_of(found).sending(chunk) as traces:
                sent = [
                    record_of(command, asker, now, trace)
                    for command, trace in zip(chunk, traces, strict=True)
                ]
                await log.publish(sent)
            published += len(chunk)
        else:
            await asyncio.sleep(0.02)
        while awaited.missing and published - len(awaited.found) > OUTSTANDING_MAX:
            await asyncio.sleep(0.02)


async def _collect(
    consumer: Any,
    awaited: Awaited,
    publishing: "asyncio.Task[None]",
    report: Report,
    patience: float = PATIENCE_SECONDS,
) -> None:
    """Patience is for silence: each answer renews it."""
    heard = time.monotonic()
    while awaited.missing or not publishing.done():
        fetched = await consumer.getmany(timeout_ms=100)
        if publishing.done():
            publishing.result()
        if _take(awaited, fetched.values()):
            heard = time.monotonic()
            report(len(awaited.found))
        elif time.monotonic() - heard > patience:
            raise unanswered_error(awaited, patience)


def _take(awaited: Awaited, batches: Iterable[Iterable[Any]]) -> int:
    return sum(awaited.take(record.headers, record.value) for batch in batches for record in batch)


def unanswered_error(awaited: Awaited, patience: float) -> CliError:
    missing = len(awaited.missing)
    text = (
        f"answers that are missing: {missing} of {missing + len(awaited.found)}; none came for "
        f"{patience:.0f} s; what is in the log will still be decided: see `leadops status`"
    )
    return CliError("unanswered", text, UNREACHABLE)


@asynccontextmanager
async def _producer_log(found: Mapping[str, Any]) -> AsyncIterator[Log]:
    # Imported late: it takes half a second, which commands that only read need not spend.
    from shared.loop.kafka import KafkaLog

    log = KafkaLog(found["kafka"])
    try:
        yield log
    finally:
        await log.close()


@asynccontextmanager
async def _consumer(found: Mapping[str, Any], services: Iterable[str]) -> AsyncIterator[Any]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=found["kafka"],
        enable_auto_commit=False,
        auto_offset_reset="none",
        fetch_max_wait_ms=FETCH_WAIT_MILLISECONDS,
        request_timeout_ms=REQUEST_MILLISECONDS,
    )
    places = [
        TopicPartition(events_topic(service), number)
        for service in services
        for number in range(manifest().partitions)
    ]
    try:
        await consumer.start()
        consumer.assign(places)
        for place, end in (await consumer.end_offsets(places)).items():
            consumer.seek(place, end)
        yield consumer
    finally:
        await consumer.stop()
