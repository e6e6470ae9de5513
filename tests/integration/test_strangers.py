"""Attacks on a real stack with two replicas of each service: afterwards every honest lead was
decided, each bad record is listed, all replicas are ready, and memory is where it was."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from cli.command import record_of
from cli.oracle import streams
from deploy.local import quiet, stack
from deploy.local.plan import services_here
from deploy.local.process import StackError, wait_for
from shared.contracts import bounds
from shared.loop.log import Outgoing
from shared.topics import manifest, shard_of
from tests.chaos.evidence import documents, gather
from tests.fuzz.wire import hostile
from tests.integration import attacks
from tests.integration.platform import WAIT_SECONDS, RealStack, stack_of_its_own
from tests.scenes.platform import OPERATOR
from tests.scenes.scene import Scene, policy, questions

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400), pytest.mark.xdist_group("strangers")]

SLOW = pytest.mark.slow
"""Run by name, or with `-m slow`: single parts of what is run always."""
COMMAND_TOPICS = ["intake.commands.v1", "routing.commands.v1"]
TOPICS = [*COMMAND_TOPICS, "intake.events.v1", "routing.claims.v1"]
PARTITIONS = manifest().partitions
MEGABYTE = 1_000_000
MEMORY_GROWS_BY_AT_MOST = 200 * MEGABYTE


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    replicas = {"intake": 2, "routing": 2}
    with stack_of_its_own(tmp_path_factory.mktemp("var"), replicas) as found:
        platform = RealStack(found)
        answers = platform.publish(policy(), *questions())
        assert all(answer.accepted for answer in answers), answers
        scene = Scene(platform, "honest")
        scene.put(all={})
        scene.upload("warm-1", "warm-2")
        yield scene


def template(scene: Scene, reference: str) -> Outgoing:
    """An honest lead's record."""
    return record_of(scene.submission(reference), OPERATOR, quiet.now())


def everywhere(scene: Scene, name: str) -> list[Outgoing]:
    """The record once on every partition of commands, events and claims."""
    return [
        replace(template(scene, f"{name}-{number}"), topic=topic, partition=number)
        for topic in TOPICS
        for number in range(PARTITIONS)
    ]


def with_headers(record: Outgoing, **changed: bytes) -> Outgoing:
    names = {name.replace("_", "ce_", 1): text for name, text in changed.items()}
    headers = [header for header in record.headers if header[0] not in names]
    return replace(record, headers=[*headers, *names.items()])


def memory() -> dict[int, int]:
    """Resident bytes of each process of the services."""
    return {
        row["pid"]: int(Path(f"/proc/{row['pid']}/statm").read_text().split()[1]) * 4096
        for row in stack.stack()["processes"]
    }


def grown_since(was: Mapping[int, int]) -> dict[int, int]:
    """By how many bytes the processes grew that now hold more than such an attack may leave."""
    grown = {pid: now - was.get(pid, now) for pid, now in memory().items()}
    return {pid: more for pid, more in grown.items() if more > MEMORY_GROWS_BY_AT_MOST}


def codes() -> Counter[str]:
    url = stack.stack()["mongo"]
    rows = [
        row
        for service in services_here()
        for row in documents(url, service, ["dead_letters"])["dead_letters"]
    ]
    return Counter(row["code"] for row in rows)


def not_sent(scene: Scene, references: Sequence[str]) -> list[str]:
    """Those of these leads that the customer has not taken."""
    taken = {row["lead"] for row in scene.rows("all") if row["status"] == 200}
    return [reference for reference in references if scene.leads[reference] not in taken]


def wait_sent(scene: Scene, references: Sequence[str]) -> None:
    """An attempt that a busy machine did not answer is made again after ten seconds, and quiet does
    not wait for that."""
    with suppress(StackError):
        what = "every honest lead to be sent"
        wait_for(what, WAIT_SECONDS, lambda: [] == not_sent(scene, references), every=1.0)
    assert [] == not_sent(scene, references)


def wait_ready() -> None:
    """One that was killed takes its time to come up; none stays away."""
    wait_for("all to be ready", 30, lambda: all(map(stack.is_ready, stack.stack()["processes"])))


def holds(scene: Scene, name: str, expected: Mapping[str, int], before: Counter[str]) -> None:
    """What must hold after each attack."""
    honest = [f"{name}-after-{number}" for number in range(2 * PARTITIONS)]
    scene.upload(*honest)
    quiet.wait_quiet(WAIT_SECONDS)
    wait_sent(scene, honest)
    wait_ready()
    assert dict(expected) == dict(codes() - before)


ALL = PARTITIONS * len(TOPICS)


def test_numbers_of_strangers(scene: Scene) -> None:
    """On command topics they mean nothing, elsewhere they are dead-lettered; no honest lead is
    lost."""
    before = codes()
    for number in (b"7", b"0"):
        forged = [
            with_headers(record, _stream=b"upstream/1", _number=number)
            for record in everywhere(scene, f"forged{number.decode()}")
        ]
        asyncio.run(attacks.write(stack.stack()["kafka"], forged))
    holds(scene, "forged", {"stream_unknown": 4 * PARTITIONS}, before)


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("id", b"\x01" * 700_000, "headers_too_large"),
        pytest.param("id", b"\x01" * 200, "attribute_invalid", marks=SLOW),
        pytest.param("source", b"s" * 2_000, "attribute_too_large", marks=SLOW),
        pytest.param("traceparent", b"\xff", "header_not_utf8", marks=SLOW),
    ],
)
def test_attributes(scene: Scene, name: str, text: bytes, code: str) -> None:
    """One on every partition, of every topic."""
    before = codes()
    bad = [
        with_headers(one, **{f"_{name}": text}) for one in everywhere(scene, f"{name}{len(text)}")
    ]
    asyncio.run(attacks.write(stack.stack()["kafka"], bad))
    holds(scene, f"attribute-{name}-{len(text)}", {code: ALL}, before)


def test_header_names_that_are_not_utf8(scene: Scene) -> None:
    before = codes()
    asyncio.run(attacks.write_bad_names(stack.stack()["kafka"], everywhere(scene, "name")))
    holds(scene, "names", {"header_not_utf8": ALL}, before)


PARTS = {
    "key_too_large": lambda one, large: replace(one, key=large),
    "headers_too_large": lambda one, large: with_headers(one, _subject=large),
    "too_large": lambda one, large: replace(one, value=large),
}
SMALL_ENOUGH = {"intake.commands.v1": "not_json", "routing.commands.v1": ""}
"""What becomes of a value within the bounds that is no JSON: routing does not know the type, and
answers. Elsewhere no service gave it a number."""


@pytest.mark.parametrize("size", [2, 17, *(pytest.param(n, marks=SLOW) for n in (1, 3.9, 8))])
def test_large_records(scene: Scene, size: float) -> None:
    """At key, header and value; above what the broker takes only compressed, with each codec. Of
    what is too large a part is kept."""
    before, was = codes(), memory()
    large, expected = b"a" * int(size * MEGABYTE), Counter[str]()
    for number, (code, enlarged) in enumerate(PARTS.items()):
        records = everywhere(scene, f"large{size}-{number}")[number::9]
        for record, codec in zip(records, (None, *attacks.CODECS) * 2, strict=False):
            packed = codec if codec or len(large) < bounds.RECORD_BYTES_MAX else "zstd"
            one = enlarged(record, large)
            asyncio.run(attacks.write(stack.stack()["kafka"], [one], compression_type=packed))
            is_read = code == "too_large" and len(large) <= bounds.VALUE_BYTES_MAX
            expected[SMALL_ENOUGH.get(one.topic, "stream_unknown") if is_read else code] += 1
    del expected[""]
    holds(scene, f"large-{size}", expected, before)
    assert {} == grown_since(was)


def test_batches_that_open_to_too_much(scene: Scene) -> None:
    """Few bytes open to many; memory stays where it was. Of each codec one, on a topic of its own:
    all topics are read in the same way."""
    before, was = codes(), memory()
    for codec, topic in zip(attacks.CODECS, TOPICS, strict=True):
        # The broker takes four megabytes, and snappy packs no better than this.
        value = bytes((70 if codec == "snappy" else 200) * MEGABYTE)
        bomb = replace(template(scene, f"bomb-{codec}"), value=value)
        one = replace(bomb, topic=topic, partition=3)
        asyncio.run(attacks.write(stack.stack()["kafka"], [one], compression_type=codec))
    holds(scene, "bombs", {"batch_not_opened": len(attacks.CODECS)}, before)
    assert {} == grown_since(was)


def test_records_of_very_many_headers(scene: Scene) -> None:
    """Each header is nearly nothing, so few bytes open to millions of them. One record for each
    service: both read all their topics in the same way."""
    before, was = codes(), memory()
    bomb = replace(template(scene, "headers"), headers=[("", b"")] * 10_000_000)
    bombs = [replace(bomb, topic=topic, partition=5) for topic in COMMAND_TOPICS]
    asyncio.run(attacks.write(stack.stack()["kafka"], bombs, compression_type="gzip"))
    holds(scene, "headers", {"batch_not_opened": len(COMMAND_TOPICS)}, before)
    assert {} == grown_since(was)


def test_transactions_of_strangers(scene: Scene) -> None:
    """Their ends leave offsets without records: the end of the log is reached all the same."""
    before = codes()
    asyncio.run(attacks.write_in_transactions(stack.stack()["kafka"], everywhere(scene, "tx")))
    holds(scene, "transactions", {"stream_unknown": 2 * PARTITIONS}, before)


@pytest.mark.parametrize("length", [60, pytest.param(1000, marks=SLOW)])
def test_many_in_a_row(scene: Scene, length: int) -> None:
    """Of 60 kB on every partition of the commands; routing does not know their type."""
    before = codes()
    each = [
        replace(one, value=b"{" * 60_000)
        for one in everywhere(scene, f"row{length}")
        if one.topic.endswith("commands.v1")
    ]
    for _ in range(length // 20):
        asyncio.run(attacks.write(stack.stack()["kafka"], each * 20, linger_ms=0))
    quiet.wait_quiet(3 * WAIT_SECONDS)
    holds(scene, f"rows-{length}", {"not_json": length * PARTITIONS}, before)


def test_a_record_in_the_wrong_partition_is_decided_once(scene: Scene) -> None:
    """However it claims to be numbered."""
    record = with_headers(template(scene, "moved"), _stream=b"intake/1", _number=b"3")
    elsewhere = (shard_of(record.key or b"", PARTITIONS) + 1) % PARTITIONS
    asyncio.run(attacks.write(stack.stack()["kafka"], [replace(record, partition=elsewhere)]))
    quiet.wait_quiet(WAIT_SECONDS)
    id = dict(record.headers)["ce_id"] or b""  # noqa: A001
    answers = [event["command"] for event in scene.platform.events("intake.command.accepted")]
    assert 1 == answers.count(id.decode())


DRAWN = int(os.environ.get("LEADOPS_FUZZ_RECORDS", "400"))
KILLS = 4


def test_whatever_is_drawn_has_an_outcome(scene: Scene) -> None:
    """Drawn records on the real broker, while replicas are killed: what became of each is seen, no
    shard stays closed, and the honest go on. (`make fuzz RECORDS=…` draws more, in memory.)"""
    records = [one for one in drawn_apart() if can_be_written(one)]
    share = -(-len(records) // KILLS)
    for number in range(KILLS):
        victims = stack.stack()["processes"]
        with suppress(ProcessLookupError):
            os.kill(victims[number % len(victims)]["pid"], signal.SIGKILL)
        part = records[number * share : (number + 1) * share]
        asyncio.run(attacks.write_together(stack.stack()["kafka"], part))
    honest = [f"drawn-{number}" for number in range(2 * PARTITIONS)]
    scene.upload(*honest)
    quiet.wait_quiet(2 * WAIT_SECONDS)
    wait_sent(scene, honest)
    wait_ready()
    evidence = asyncio.run(gather(stack.stack()))
    checks = (streams.every_command_has_one_outcome, streams.everything_was_read)
    assert [] == [found for check in checks for found in check(evidence)][:3]
    assert 0 == codes()["unexpected"]


def drawn_apart() -> Sequence[Outgoing]:
    """In a process of its own: Hypothesis bears no other thread that draws numbers."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(hostile, DRAWN, 77, PARTITIONS).result()


def can_be_written(record: Outgoing) -> bool:
    """What only stands for a header name that can't be read is no name on a wire."""
    return not any("\ufffd" in name for name, _ in record.headers)
