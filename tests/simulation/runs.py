"""One seed, one judgement: what the processes of `python -m tests.simulation` execute."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from cli.oracle.evidence import Violation
from cli.oracle.oracle import violations
from shared.testing import virtual_time
from tests.component.agency import ROWS
from tests.manifests import topics_beside
from tests.simulation import appointments, states, tallies
from tests.simulation.defects import DEFECTS
from tests.simulation.lead_path import simulate

STEPS = 300
DEFECT_SEEDS_MAX = 120


@dataclass(frozen=True, slots=True)
class Run:
    seed: int
    steps: int
    found: Sequence[Violation]
    injected: Counter[str]


def _say_nothing(_logger: Any, _method: str, _event: Any) -> Any:
    raise structlog.DropEvent


def one(seed: int, steps: int, defect: str | None = None) -> Run:
    """One seed, judged. A defect stays planted in this process."""
    structlog.configure(processors=[_say_nothing])
    if defect:
        DEFECTS[defect]()
    evidence, world = virtual_time.run(simulate(seed, steps))
    found = [Violation("I11", text) for text in world.defects] or [
        *violations(evidence),
        *tallies.violations(world),
    ]
    with topics_beside(states.MANIFEST):
        others, dials = virtual_time.run(states.simulate(seed))
    with topics_beside(ROWS):
        wrong, agency = virtual_time.run(appointments.simulate(seed))
    worlds = (world, dials, agency)
    injected = sum((each.injected for each in worlds), Counter[str]())
    return Run(seed, sum(each.steps for each in worlds), [*found, *others, *wrong], injected)


def first_catch(name: str) -> tuple[str, Violation | None, int]:
    """How many seeds it takes until a planted defect breaks an invariant."""
    for seed in range(1, DEFECT_SEEDS_MAX + 1):
        found = one(seed, STEPS, name if seed == 1 else None).found
        if found:
            return name, found[0], seed
    return name, None, DEFECT_SEEDS_MAX


_PLANTED: set[str] = set()


def planted(seed: int, steps: int, defect: str | None) -> Run:
    new = defect if defect not in _PLANTED else None
    if defect:
        _PLANTED.add(defect)
    return one(seed, steps, new)
