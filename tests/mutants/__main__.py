"""`make mutants`: as many mutants as are asked for, each against the tests that run its lines.

Exits 1 if one survives that nobody has judged to be no mistake.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, zip_longest
from pathlib import Path

from shared.store import Document
from tests.mutants import trying
from tests.mutants.choosing import Traced, trace
from tests.mutants.generate import ROOT, Mutant, modules, mutants
from tests.mutants.judged import Key, judged
from tests.mutants.trying import Attempt, Result

MOST = 600
AT_ONCE = 2
PAUSE_SECONDS = 0.05
TRIED = "tried.jsonl"


@dataclass(frozen=True, slots=True)
class Tried:
    mutant: Mutant
    result: Result
    tests: int
    seconds: float

    @property
    def is_left(self) -> bool:
        return self.result in (Result.SURVIVED, Result.NOT_RUN)


def main() -> int:
    arguments = _arguments()
    began = time.monotonic()
    every = [
        mutant
        for path in modules()
        for mutant in mutants(str(path.relative_to(ROOT)), path.read_text())
        if arguments.only in mutant.path
    ]
    drawn = draw(every, arguments.seed, arguments.most)
    print(f"{len(every)} mutants, {len(drawn)} drawn with seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        trying.scratch(Path(directory))
        kept = arguments.keep or Path(directory)
        traced = trace(kept)
        print(f"tests traced after {time.monotonic() - began:.0f} s", flush=True)
        earlier = before(kept / TRIED, drawn)
        done = {one.mutant.key for one in earlier}
        left = [mutant for mutant in drawn if mutant.key not in done]
        now = noted(_tried(left, traced, arguments.at_once), kept / TRIED)
        tried = list(_shown(chain(earlier, now)))
    report = _report(arguments, len(every), tried, time.monotonic() - began)
    counts = {name: value for name, value in report.items() if isinstance(value, int)}
    print(json.dumps(counts, indent=1))
    return int(report["unjudged"] > 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which mutants are drawn")
    parser.add_argument("--most", type=int, default=MOST, help="how many")
    parser.add_argument("--only", default="", help="of modules with this in their path")
    parser.add_argument("--keep", type=Path, help="note all there, and go on from what is noted")
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "mutants.json")
    return parser.parse_args()


def draw(every: Sequence[Mutant], seed: int, most: int) -> list[Mutant]:
    """Of each family in turn, as long as it has any.

    A mutant's turn depends on the seed and on itself, so that a change of one function changes
    which of its own mutants are drawn, and hardly any of another's.
    """
    families: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in sorted(every, key=lambda mutant: _turn(mutant, seed)):
        families[mutant.family].append(mutant)
    rounds = zip_longest(*(families[name] for name in sorted(families)))
    return [mutant for one in rounds for mutant in one if mutant is not None][:most]


def _turn(mutant: Mutant, seed: int) -> bytes:
    return sha256(repr((seed, mutant.key)).encode()).digest()


def _tried(drawn: Sequence[Mutant], traced: Traced, at_once: int) -> Iterator[Tried]:
    trying.load(traced.modules)
    waiting = [(mutant, traced.chosen(mutant)) for mutant in drawn]
    counts = {mutant.key: chosen for mutant, chosen in waiting}
    running: dict[int, tuple[Attempt, float]] = {}
    while waiting or running:
        while waiting and len(running) < at_once:
            mutant, chosen = waiting.pop(0)
            if not chosen.tests:
                yield Tried(mutant, Result.NOT_RUN, 0, 0.0)
                continue
            attempt = trying.begin(mutant, chosen)
            running[attempt.process] = attempt, time.monotonic()
        for process, (attempt, began) in list(running.items()):
            if (result := trying.ended(attempt)) is not None:
                del running[process]
                tests = len(counts[attempt.mutant.key].tests)
                yield Tried(attempt.mutant, result, tests, time.monotonic() - began)
        time.sleep(PAUSE_SECONDS)


def noted(tried: Iterable[Tried], file: Path) -> Iterator[Tried]:
    """A whole run takes long, and may be ended before."""
    for one in tried:
        with file.open("a") as lines:
            noted = [*one.mutant.key, one.result.value, one.tests, one.seconds]
            lines.write(json.dumps(noted) + "\n")
        yield one


def before(file: Path, drawn: Iterable[Mutant]) -> list[Tried]:
    """What a run that was ended has noted, of each mutant the last. What survived is tried again,
    since tests may have been written for it, unless it was judged."""
    known = judged()
    of = {mutant.key: mutant for mutant in drawn}
    found: dict[Key, Tried] = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        *key, result, tests, seconds = json.loads(line)
        if mutant := of.get(tuple(key)):
            found[mutant.key] = Tried(mutant, Result(result), tests, seconds)
    return [one for key, one in found.items() if not one.is_left or key in known]


def _shown(tried: Iterable[Tried]) -> Iterator[Tried]:
    """Prints what nobody has judged as soon as it is known, since a whole run takes long."""
    known = judged()
    for number, one in enumerate(tried, 1):
        if one.is_left and one.mutant.key not in known:
            print(f"{one.result}: {one.mutant}", flush=True)
        if number % 50 == 0:
            print(f"{number} tried", file=sys.stderr, flush=True)
        yield one


def _report(
    arguments: argparse.Namespace, every: int, tried: Sequence[Tried], seconds: float
) -> Document:
    known = judged()
    left = [one for one in tried if one.is_left]
    counts = Counter(one.result.value for one in tried)
    report: Document = {
        "seed": arguments.seed,
        "mutants": every,
        "tried": len(tried),
        **{result.value.replace(" ", "_"): counts[result.value] for result in Result},
        "judged": sum(one.mutant.key in known for one in left),
        "unjudged": sum(one.mutant.key not in known for one in left),
        "seconds": round(seconds),
        "by_family": _by(tried, "family"),
        "by_module": _by(tried, "path"),
        "survivors": [_row(one, known.get(one.mutant.key)) for one in left],
    }
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(json.dumps(report, indent=1))
    return report


def _by(tried: Sequence[Tried], what: str) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for one in tried:
        found[getattr(one.mutant, what)][one.result.value] += 1
    return {name: dict(found[name]) for name in sorted(found)}


def _row(one: Tried, why: str | None) -> Document:
    mutant = one.mutant
    return {
        "module": mutant.path,
        "function": mutant.function,
        "from": mutant.before,
        "to": mutant.after,
        "line": mutant.lines.start,
        "result": one.result.value,
        "tests": one.tests,
        "why": why,
    }


if __name__ == "__main__":
    sys.exit(main())
