"""`leadops preview`: what a change would free, before it is made (RTE-14, INT-07)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import typer

from cli.api import Api, on_stack
from cli.apply_commands import Files, MoreFiles, Put, fail_if_refused, read_puts
from cli.command import Command
from cli.documents import PREVIEWED, Document, whole_list
from cli.known import unknown
from cli.lead_commands import pages
from cli.linting import PATIENCE_SECONDS, preview
from cli.list_parts import fold
from cli.output import WRONG_USAGE, AsJson, CliError, show_json, show_table
from shared.contracts.lists import PART_ENTRIES_MAX
from shared.contracts.questions import AddAlias

COLUMNS = [
    "kind",
    "id",
    "campaign",
    "frees",
    "queues",
    "looked_at",
    "stay_unsent",
    "leads",
    "code",
    "text",
]
HELD_MAX = 1_000_000
LEADS_TOLD_MAX = 20
LEADS_SHOWN = 3

NOTHING_TO_FREE = {
    True: "no lead is held for it",
    False: "no lead that came before is decided again; it takes what comes from then on",
}
"""Of an alias, and of anything else: why nothing was looked at."""

Preview = dict[str, Any]


def register(app: typer.Typer) -> None:
    app.command("preview")(preview_files)


def preview_files(files: Files = None, more: MoreFiles = None, as_json: AsJson = False) -> None:
    """What documents of kind campaign, list, list_edit and alias would free, each by itself.

    Nothing is changed. A new campaign frees nothing: it takes what comes from then on. Exit code 1
    if one would be refused.
    """
    puts = on_stack(partial(read_previews, files, more))
    with Api(seconds=PATIENCE_SECONDS) as api:
        previews = [preview_one(api, document, command) for document, command in puts]
    if as_json:
        show_json({"previews": previews})
    else:
        show_table("preview", COLUMNS, [row for each in previews for row in rows_of(each)])
    fail_if_refused(each["refused"] for each in previews)


def read_previews(
    files: Sequence[str] | None, more: Sequence[str] | None, receiver: str
) -> list[Put]:
    puts = read_puts(files, more, PREVIEWED, receiver)
    check_lengths(puts)
    return puts


def check_lengths(puts: Iterable[Put]) -> None:
    """Parts would have to be put before routing can look at them, and that is a change."""
    for document, command in puts:
        if document.content["kind"] == "list" and is_too_long(command):
            text = f"more than {PART_ENTRIES_MAX:,} entries; preview what changes, as a list_edit"
            raise CliError("list_too_long", f"{document.place}: {text}", WRONG_USAGE)


def is_too_long(command: Command) -> bool:
    return len(whole_list(command).entries) > PART_ENTRIES_MAX


def preview_one(api: Api, document: Document, command: Command) -> Preview:
    kind = document.content["kind"]
    answer = preview_alias(api, command) if kind == "alias" else preview(api, kind, command)
    head: Preview = {"kind": kind, "id": command.key, "place": document.place}
    return {**head, "refused": None, "campaigns": [], **answer}


def preview_alias(api: Api, command: Command) -> Mapping[str, Any]:
    """Which leads it would let pass intake. Routing sees them only then."""
    alias = AddAlias.model_validate_json(command.data)
    known = {one["id"]: one for one in api.get("intake", "/questions")["questions"]}
    if refused := against(alias, known):
        return {"refused": refused}
    held = pages(api, "/held", {"question": alias.question}, HELD_MAX)
    return {"campaigns": [freed_by(alias, held)]}


def against(alias: AddAlias, known: Mapping[str, Mapping[str, Any]]) -> Mapping[str, str] | None:
    question = known.get(alias.question)
    if question is None:
        error = unknown("question", alias.question, list(known))
        return {"code": error.code, "text": error.text}
    if alias.answer not in question["answers"]:
        text = f"the question allows no such answer; it allows: {' | '.join(question['answers'])}"
        return {"code": "answer_not_allowed", "text": text}
    folded = fold(alias.given)
    if folded in map(fold, question["answers"]) and folded != fold(alias.answer):
        text = "what is given is an allowed answer itself"
        return {"code": "answer_allowed", "text": text}
    return None


def freed_by(alias: AddAlias, leads: Iterable[Mapping[str, Any]]) -> Preview:
    """A lead that is held for something else besides stays, and is counted under that question."""
    freed: list[str] = []
    staying: Counter[str] = Counter()
    looked_at = 0
    for lead in leads:
        meant = [held for held in lead["held"] if is_meant(alias, held)]
        if not meant:
            continue
        looked_at += 1
        others = {held["question"] for held in lead["held"] if held not in meant}
        staying.update(others)
        if not others:
            freed.append(lead["id"])
    return {
        "campaign": None,
        "frees": len(freed),
        "queues": 0,
        "looked_at": looked_at,
        "stay_unsent": dict(staying),
        "leads": freed[:LEADS_TOLD_MAX],
    }


def is_meant(alias: AddAlias, held: Mapping[str, Any]) -> bool:
    return bool(held["question"] == alias.question and fold(held["given"]) == fold(alias.given))


def rows_of(view: Preview) -> Iterator[Preview]:
    head = {name: view[name] for name in ("kind", "id")}
    if refused := view["refused"]:
        yield head | {"code": refused["code"], "text": f"{view['place']}: {refused['text']}"}
    elif not view["campaigns"]:
        yield head | {"text": "no campaign uses it"}
    for each in view["campaigns"]:
        counts = sorted(each["stay_unsent"].items(), key=lambda pair: -pair[1])
        yield head | {
            **{name: each[name] for name in ("campaign", "frees", "queues", "looked_at")},
            "stay_unsent": ", ".join(f"{check} {count}" for check, count in counts) or None,
            "leads": some(each["leads"], each["frees"]) or None,
            "text": None if each["looked_at"] else NOTHING_TO_FREE[view["kind"] == "alias"],
        }


def some(leads: list[str], count: int) -> str:
    shown = leads[:LEADS_SHOWN]
    return ", ".join(shown) + (f" and {count - len(shown)} more" if count > len(shown) else "")
