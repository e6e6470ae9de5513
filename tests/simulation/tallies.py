"""After any course, what was counted as it changed is what a count over the documents finds."""

from collections import Counter
from collections.abc import Iterator, Sequence

from cli.oracle.evidence import Violation
from shared.loop.tally import Counted
from shared.store import Document
from shared.testing.simulator import World


def violations(world: World) -> Iterator[Violation]:
    for group in world.groups:
        database = world.databases[group.service]
        for tally in group.build().tallies:
            rows = database.documents(tally.collection.name)
            there = Counter(each for row in rows for each in tally.of_row(row))
            kept = _kept(database.documents(tally.name))
            if kept != there:
                wrong = {each: (kept[each], there[each]) for each in kept | there}
                wrong = {each: pair for each, pair in wrong.items() if pair[0] != pair[1]}
                yield Violation("I12", f"{tally.name}: kept and found are {wrong}")


def _kept(rows: Sequence[Document]) -> Counter[Counted]:
    kept: Counter[Counted] = Counter()
    for row in rows:
        for what, number in row["counts"]:
            kept[Counted(row["tenant"], row["subject"], what)] += number
    return Counter({each: number for each, number in kept.items() if number})
