"""How long steps, stages and attempts take, as histograms; a trace stands beside a bucket as its
exemplar, for whoever is told in the format of OpenMetrics.

No label is taken from a record: a stage and a verdict are closed words.
"""

from collections.abc import Iterator, Sequence

from prometheus_client import Histogram
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from shared.contracts import trace_context
from shared.loop.decision import Verdict
from shared.loop.item import Decidable, Internal, Item, Received
from shared.store import Document

NANOSECONDS = 1e9
STEP_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
STEP_INPUTS = (1, 2, 5, 10, 25, 50, 100, 250, 500)
STAGE_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400)
"""To a day: what waits for its send day or behind a dead endpoint takes as long."""
ATTEMPT_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Durations(Collector):
    def __init__(self, service: str) -> None:
        self._service = service
        self._steps = Histogram(
            "leadops_step_seconds",
            "How long a step took until what it says was published",
            ["service"],
            buckets=STEP_SECONDS,
            registry=None,
        )
        self._inputs = Histogram(
            "leadops_step_inputs",
            "How many inputs a step took",
            ["service"],
            buckets=STEP_INPUTS,
            registry=None,
        )
        self._stages = Histogram(
            "leadops_stage_seconds",
            "From the time of an upload, or of its acceptance, until the end of a stage",
            ["service", "stage"],
            buckets=STAGE_SECONDS,
            registry=None,
        )
        self._attempts = Histogram(
            "leadops_attempt_seconds",
            "How long attempts at endpoints took, by what came of them",
            ["service", "verdict"],
            buckets=ATTEMPT_SECONDS,
            registry=None,
        )
        self._steps.labels(service)
        self._inputs.labels(service)

    def collect(self) -> Iterator[Metric]:
        for histogram in (self._steps, self._inputs, self._stages, self._attempts):
            yield from histogram.collect()

    def step(self, items: Sequence[Item], started: int, ended: int) -> None:
        """`started` and `ended` are nanoseconds since the epoch."""
        decided = [item for item in items if isinstance(item, Received | Internal)]
        contexts = (item.cause.trace for item in decided)
        exemplar = next((found for each in contexts if (found := _exemplar(each))), None)
        seconds = (ended - started) / NANOSECONDS
        self._steps.labels(self._service).observe(seconds, exemplar)
        self._inputs.labels(self._service).observe(len(items), exemplar)
        for item in decided:
            self._stages_of(item)

    def _stages_of(self, item: Decidable) -> None:
        for took in item.decision.took if item.decision is not None else ():
            stage = self._stages.labels(self._service, took.stage)
            stage.observe(max(0.0, took.span.total_seconds()), _exemplar(item.cause.trace))

    def attempt(self, row: Document, verdict: Verdict, started: int, ended: int) -> None:
        seconds = (ended - started) / NANOSECONDS
        attempts = self._attempts.labels(self._service, verdict.value)
        attempts.observe(seconds, _exemplar(row["cause"]["trace"]))


def _exemplar(context: str | None) -> dict[str, str] | None:
    """A trace that is kept: another one nobody could look at."""
    found = trace_context.ids(context)
    return {"trace_id": found[0]} if found and found[2] & trace_context.SAMPLED else None
