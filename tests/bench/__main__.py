"""`make bench`: every figure with what it is measured against, on a broker and a store of its own.

Names given as arguments choose among: processes, normalizing, reading, titles, matcher, stage,
telemetry, intake, path, clock, growth, search. The last two fill a store with a million leads each,
which takes minutes.
"""

import argparse
import asyncio
import gc
import logging
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import structlog

from deploy import topics
from deploy.files import var_dir
from deploy.local import backends
from deploy.local.process import free_ports
from deploy.sample import generate
from services.intake.catalogue.affiliates import Affiliate
from services.intake.leads.normalizing import normalize
from shared.loop.kafka import KafkaLog
from shared.loop.log import Outgoing
from shared.tracing import Tracing
from tests.bench import (
    advancing,
    bare,
    beside,
    common_normalizing,
    intake_path,
    matching,
    per_message,
    processes,
    reading,
    routing_growth,
    searching,
    stage,
    titles,
    uploads,
    whole_path,
)
from tests.bench.measuring import Row, Run, Stopwatch, alternate, at_most, faster, medians, report
from tests.bench.stage import Backends

ROUNDS = 5
RECORDS = 5000
RECORDS_PER_MESSAGE = 150
ROWS_NORMALIZED = 20_000
ROWS_NORMALIZED_COMMONLY = 2000
SAMPLED_ONE_IN = 100


class Bench:
    """Everything runs from the main thread: backends die with the thread that started them."""

    def __init__(self, found: Backends, state: Path) -> None:
        self.found = found
        self.state = state

    def stage(self) -> list[Row]:
        """The service on its loop against the bare loop, and against one record at a time."""
        batches = asyncio.run(self._prepared(uploads.dirty(RECORDS, 1)))
        ours, floor, single = asyncio.run(
            alternate(
                ROUNDS,
                lambda: stage.run(self.found, RECORDS),
                lambda: bare.run(self.found, batches),
                lambda: per_message.run(self.found, RECORDS_PER_MESSAGE),
            )
        )
        against_single = faster("durable stage vs per message", ours, single, 15)
        against_floor = faster("durable stage vs bare loop", ours, floor, 0.6)
        against_floor.note = None if against_floor.met else why_not_bare(ours, floor)
        return [against_single, against_floor]

    async def _prepared(self, records: Sequence[Outgoing]) -> list[bare.Batch]:
        await fill(self.found, records)
        return await bare.record(self.found, len(records))

    def telemetry(self) -> list[Row]:
        """On a broker of its own, since the topic must hold the sampled records alone."""
        records = uploads.sampled(uploads.dirty(RECORDS, 1), SAMPLED_ONE_IN)
        with ExitStack() as parts:
            broker = parts.enter_context(backends.broker(self.state / "telemetry"))
            found = Backends(broker.address, self.found.mongo, self.found.name)
            asyncio.run(topics.ensure(found.kafka))
            asyncio.run(fill(found, records))
            env = {
                "LEADOPS_VAR": str(self.state),
                "LEADOPS_WEBHOOK_SECRET": processes.WEBHOOK_SECRET,
            }
            (port,) = free_ports(1)
            env["LEADOPS_HTTP_PORT"] = str(port)
            sink = processes.python("receiver", ["-m", "deploy.receiver"], self.state, env, port)
            parts.enter_context(backends.running("receiver", sink))
            traced, plain = asyncio.run(
                alternate(
                    ROUNDS,
                    lambda: with_traces(found, sink.address),
                    lambda: stage.run(found, RECORDS),
                )
            )
        return [observability(traced, plain)]

    def normalizing(self) -> list[Row]:
        """Nearly every row has a phone number that was never seen before."""
        uploaded, affiliate = generate.rows(ROWS_NORMALIZED, 1), uploads.affiliate()
        few = uploaded[:ROWS_NORMALIZED_COMMONLY]
        ours, common = asyncio.run(
            alternate(
                ROUNDS,
                lambda: normalized(uploaded, affiliate),
                lambda: common_normalizing.run(few, affiliate.definition),
            )
        )
        return [
            at_most("normalizing a lead", [run.cpu_micros for run in ours], "µs", 30),
            against_common(ours, common),
        ]

    def processes(self) -> list[Row]:
        return processes.rows(self.found, self.state, ROUNDS)

    def reading(self) -> list[Row]:
        return reading.rows(ROUNDS)

    def titles(self) -> list[Row]:
        return titles.rows()

    def matcher(self) -> list[Row]:
        return matching.rows()

    def growth(self) -> list[Row]:
        return routing_growth.rows(self.found)

    def search(self) -> list[Row]:
        return searching.rows(self.found)

    def intake(self) -> list[Row]:
        return intake_path.rows(self.state / "intake", ROUNDS)

    def path(self) -> list[Row]:
        return whole_path.rows(self.state / "path", ROUNDS)

    def clock(self) -> list[Row]:
        return advancing.rows(self.state / "clock", ROUNDS)


async def normalized(uploaded: Sequence[dict[str, str]], affiliate: Affiliate) -> Run:
    uploads.forget_what_was_read()
    watch = Stopwatch()
    watch.start()
    for record in uploaded:
        normalize(record, affiliate)
    return watch.stop(len(uploaded))


def against_common(ours: Sequence[Run], common: Sequence[Run]) -> Row:
    """A comparison without a goal, since none was set before it was first measured."""
    row = faster("normalizing vs as commonly written", ours, common, 1)
    row.goal = row.met = None
    row.note = (
        "the common way here has no fuzzy matching and no library for email addresses, and"
        " knows fewer titles"
    )
    return row


def observability(traced: Sequence[Run], plain: Sequence[Run]) -> Row:
    (_, with_cpu), (_, without_cpu) = medians(traced), medians(plain)
    ratio = with_cpu / without_cpu
    return Row(
        f"observability on / off, one trace in {SAMPLED_ONE_IN} sampled",
        round(with_cpu),
        "µs/record",
        "<= 1.15 x",
        ratio <= 1.15,
        round(without_cpu),
        round(ratio, 2),
        cpu=f"{with_cpu:.0f} / {without_cpu:.0f}",
    )


async def with_traces(found: Backends, sink: str) -> Run:
    tracing = Tracing("intake", sink)
    try:
        return await stage.run(found, RECORDS, look=tracing.step)
    finally:
        tracing.close()


def why_not_bare(ours: Sequence[Run], floor: Sequence[Run]) -> str:
    (_, mine), (_, bare_cpu) = medians(ours), medians(floor)
    return (
        f"of {mine:.0f} µs of the processor per record {bare_cpu:.0f} are the bare loop's. The rest"
        " is what it leaves out: normalizing, parsing and validating, deciding, ids, headers and"
        " documents; while Python decides, the store and the broker wait, and the other way round"
    )


async def fill(found: Backends, records: Sequence[Outgoing]) -> None:
    log = KafkaLog(found.kafka)
    for start in range(0, len(records), 1000):
        await log.publish(records[start : start + 1000])
    await log.close()


def chosen(names: Sequence[str], bench: Bench) -> dict[str, Callable[[], list[Row]]]:
    # Processes first: at rest means that their topics are still empty.
    parts = {
        "processes": bench.processes,
        "normalizing": bench.normalizing,
        "reading": bench.reading,
        "titles": bench.titles,
        "matcher": bench.matcher,
        "stage": bench.stage,
        "telemetry": bench.telemetry,
        "intake": bench.intake,
        "path": bench.path,
        "clock": bench.clock,
        "growth": bench.growth,
        "search": bench.search,
    }
    return {name: part for name, part in parts.items() if not names or name in names}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--beside", metavar="COMMIT", help="the whole path, against this commit's")
    arguments = parser.parse_args()
    names = arguments.names
    quiet_logs()
    # Asked to stop, it stops its backends and removes their data, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if arguments.beside:
        compared = beside.rows(arguments.beside, ROUNDS)
        report(compared, var_dir() / "bench-beside.json")
        return 0
    path = var_dir() / "bench.json"
    rows: list[Row] = []
    with ExitStack() as parts:
        state = Path(parts.enter_context(tempfile.TemporaryDirectory(prefix="leadops-bench-")))
        broker = parts.enter_context(backends.broker(state))
        store = parts.enter_context(backends.store(state))
        found = Backends(broker.address, store.address, f"kafka {broker.name}, mongo {store.name}")
        asyncio.run(topics.ensure(found.kafka))
        gc.freeze()  # As every service process does.
        for name, part in chosen(names, Bench(found, state)).items():
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            for row in part():
                row.backend = found.name
                rows.append(row)
    report(rows, path)
    return 0


def quiet_logs() -> None:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    warnings_only = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=warnings_only)


if __name__ == "__main__":
    sys.exit(main())
