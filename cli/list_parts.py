"""Long lists are put in parts: each is kept under a digest, then the list is put as its digests.

In which part an entry is follows from the entry itself, so that a line that is edited, added or
moved changes one part. A part that no list names is in force nowhere.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cli.command import Answer, Command
from cli.documents import command_of, whole_list
from cli.output import CHECK_FAILED, CliError
from shared.contracts.lists import PART_ENTRIES_MAX, PutList, PutListPart
from shared.wording import quantity

BUCKETS = 16
ONE_PART_MAX = 5_000
"""With so many entries a list is one part. Sixteen of the longest list are 6,250 entries each on
average, far enough from what a part may have."""

Ask = Callable[[Sequence[Command]], Mapping[str, Answer]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What was put, and what could not be."""

    digests: Sequence[str]
    bad: Mapping[str, str]
    """By entry, folded, why it stands for no company."""


def fold(entry: str) -> str:
    """As entries and answers are compared: neither case nor blanks count."""
    return " ".join(entry.casefold().split())


def parts_of(entries: Iterable[str]) -> list[list[str]]:
    """Each entry once, alike ones in one part. Where a part is too full, more follow it."""
    once = {fold(entry): entry for entry in entries}
    count = 1 if len(once) <= ONE_PART_MAX else BUCKETS
    buckets: list[list[str]] = [[] for _ in range(count)]
    for key, entry in once.items():
        buckets[zlib.crc32(key.encode()) % count].append(entry)
    return [
        bucket[start : start + PART_ENTRIES_MAX]
        for bucket in buckets
        for start in range(0, len(bucket), PART_ENTRIES_MAX)
    ]


def put_parts(list_id: str, entries: Iterable[str], ask: Ask) -> Kept:
    """An answer tells some of a part's bad entries, so the rest of the part is put again until all
    of them are known."""
    left = dict(enumerate(parts_of(entries)))
    digests: dict[int, str] = {}
    bad: dict[str, str] = {}
    while left:
        commands = {
            place: command_of(PutListPart, list=list_id, entries=part)
            for place, part in left.items()
        }
        answers = ask(list(commands.values()))
        refused: dict[int, list[str]] = {}
        for place, command in commands.items():
            answer = answers[command.id]
            if answer.accepted:
                digests[place] = answer.details["digest"]
                continue
            at = whys_of(answer)
            bad |= {fold(left[place][n]): why for n, why in at.items()}
            refused[place] = [entry for n, entry in enumerate(left[place]) if n not in at]
        left = {place: part for place, part in refused.items() if part}
    return Kept([digests[place] for place in sorted(digests)], bad)


def whys_of(answer: Answer) -> dict[int, str]:
    """Of the entries that are bad; a part that is refused for anything else can't be helped."""
    places, whys = (answer.details.get(name, ()) for name in ("places", "whys"))
    if not places:
        raise CliError(answer.code, f"refused: {answer.text}", CHECK_FAILED, answer.details)
    return dict(zip(places, whys, strict=True))


def is_long(command: Command) -> bool:
    return command.type == PutList.TYPE and len(whole_list(command).entries) > ONE_PART_MAX


def put_long(command: Command, ask: Ask) -> Answer:
    """What a list of many entries is answered, all of which stand in its command."""
    whole = whole_list(command)
    kept = put_parts(whole.id, whole.entries, ask)
    if kept.bad:
        places = [n for n, entry in enumerate(whole.entries) if fold(entry) in kept.bad]
        whys = [kept.bad[fold(whole.entries[n])] for n in places]
        text = f"{quantity(len(places), 'entry')} without a company: {', '.join(sorted({*whys}))}"
        return Answer(command.id, False, "entries_invalid", text, {"places": places, "whys": whys})
    parts = [*whole.parts, *kept.digests]
    put = command_of(PutList, id=whole.id, parts=parts, effective_from=whole.effective_from)
    return ask([put])[put.id]
