"""What speaks against a campaign, before it is put or as it stands. Nothing is changed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cli.api import Api, on_stack, segment
from cli.command import Command
from cli.documents import Document, put_commands, read_files
from cli.known import suggesting_nearest
from cli.output import unreadable

FILE_ENDS = (".yaml", ".yml", ".json")
PATIENCE_SECONDS = 300.0
"""A question for which routing looks at all of a campaign's leads takes its time."""

Finding = dict[str, Any]
Put = tuple[Document, Command]


def findings(targets: Sequence[str]) -> list[Finding]:
    read = on_stack(partial(read_targets, targets))
    with Api(seconds=PATIENCE_SECONDS) as api:
        return [found for target in targets for found in of_target(api, target, read)]


def read_targets(targets: Sequence[str], receiver: str) -> dict[str, list[Put]]:
    """The documents of those that are files."""
    return {target: read_campaigns(target, receiver) for target in targets if is_file(target)}


def read_campaigns(file: str, receiver: str) -> list[Put]:
    documents = read_files([file], {"RECEIVER": receiver})
    pairs = zip(documents, put_commands(documents), strict=True)
    described = [pair for pair in pairs if pair[0].content["kind"] == "campaign"]
    if not described:
        raise unreadable(f"{file}: no document of kind campaign in it")
    return described


def of_target(api: Api, target: str, read: Mapping[str, Sequence[Put]]) -> Iterator[Finding]:
    if target not in read:
        with suggesting_nearest(campaign=target):
            found = api.get("routing", f"/campaigns/{segment(target)}")
        yield of_campaign(found)
    for document, command in read.get(target, ()):
        yield of_document(document, command, preview(api, "campaign", command))


def is_file(target: str) -> bool:
    """A campaign's id has no slash; what looks like a file and is none is told as such."""
    return target == "-" or target.endswith(FILE_ENDS) or Path(target).is_file()


def preview(api: Api, kind: str, command: Command) -> Mapping[str, Any]:
    """What routing says that the change would do."""
    return dict(api.ask("routing", "/preview", json.loads(command.data) | {"kind": kind}))


def of_campaign(found: Mapping[str, Any]) -> Finding:
    place = f"version {found['version']}"
    return finding(found["id"], place, None, found["warnings"], found["checklist"])


def of_document(document: Document, command: Command, found: Mapping[str, Any]) -> Finding:
    refused = found.get("refused")
    return finding(command.key, document.place, refused, found["warnings"], found["checklist"])


def finding(
    campaign: str | None,
    place: str,
    refused: Mapping[str, Any] | None,
    warnings: Sequence[str],
    checklist: Sequence[Mapping[str, Any]],
) -> Finding:
    return {
        "campaign": campaign,
        "place": place,
        "refused": refused,
        "open": [task for task in checklist if not task["is_confirmed"]],
        "warnings": list(warnings),
    }


def rows_of(found: Finding) -> Iterator[Mapping[str, Any]]:
    head = {name: found[name] for name in ("campaign", "place")}
    refused, tasks = found["refused"], found["open"]
    if refused:
        yield head | {"what": f"refused: {refused['code']}", "text": refused["text"]}
    for task in tasks:
        what = f"to confirm: {task['item']}"
        yield head | {"what": what, "owner": task["owner"], "text": task["text"] or None}
    for warning in found["warnings"]:
        yield head | {"what": "warning", "text": warning}
    if not (refused or tasks or found["warnings"]):
        yield head | {"what": "fine"}
