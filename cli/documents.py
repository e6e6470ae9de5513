"""Reads files of documents, YAML or JSON, and turns them into commands.

What can't be read is told with the file, the number of the document in it, and the field.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cli import yaml_documents
from cli.bounds import DOCUMENT_BYTES_MAX
from cli.command import Command
from cli.foreign import foreign_kind
from cli.output import WRONG_USAGE, CliError, unreadable
from shared.contracts import event as contracts
from shared.contracts import forms
from shared.contracts.affiliates import AnnounceDelivery, OpenRequest, PutAffiliate
from shared.contracts.campaigns import PutCampaign
from shared.contracts.commands import commands
from shared.contracts.lists import LIST_ENTRIES_MAX, EditList, Entry, PutList, PutRules
from shared.contracts.questions import AddAlias, PutQuestion
from shared.wording import quantity

FAULTS_TOLD = 50
"""To a person, of a file whose every document is wrong; a program gets them all."""


class WholeList(PutList):
    """A list with all its entries: more than fit into one command are put in parts."""

    entries: Annotated[tuple[Entry, ...], Field(max_length=LIST_ENTRIES_MAX)] = ()


def whole_list(command: Command) -> WholeList:
    return WholeList.model_validate_json(command.data)


Kinds = Mapping[str, type[contracts.Command]]

KINDS: Kinds = {
    "affiliate": PutAffiliate,
    "campaign": PutCampaign,
    "question": PutQuestion,
    "delivery": AnnounceDelivery,
    "request": OpenRequest,
    "rules": PutRules,
    "list": WholeList,
    "alias": AddAlias,
}
PREVIEWED: Kinds = {
    "campaign": PutCampaign,
    "list": WholeList,
    "list_edit": EditList,
    "alias": AddAlias,
}
"""Changes of which one may ask what they would free."""

ASKS_FOR = "asks_for"
"""A request's own kind, since `kind` says in a document what the document is."""

COMMAND_NEEDS = {"type", "data"}
COMMAND_FIELDS = {"type", "data", "key", "id", "source"}

SEND_MODES = ("webhook", "email", "file")
"""Which of them `send` is meant to be, pydantic names in a path, and a document does not."""

TWICE = object()
"""In the place of what an object of JSON names twice, which can be told only from above."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document with where it stands, for people."""

    file: str
    number: int
    content: Any

    @property
    def place(self) -> str:
        return f"{self.file}, document {self.number}"

    def unreadable(self, why: str) -> CliError:
        return unreadable(f"{self.place}: {why}")


def read_files(names: Iterable[str], replaced: Mapping[str, str]) -> list[Document]:
    """`replaced` gives the texts that are put in for ${NAME}. A list counts as its items."""
    return [document for name in names for document in read_text(name, text_of(name), replaced)]


def text_of(name: str) -> str:
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        if kind := foreign_kind(content):
            raise unreadable(f"{name}: this is neither YAML nor JSON: it is {kind}")
        if len(content) > DOCUMENT_BYTES_MAX:
            raise unreadable(f"{name}: more than {DOCUMENT_BYTES_MAX:,} bytes")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise unreadable(f"{name}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise unreadable(f"{name}: not UTF-8 text") from error


def read_text(name: str, text: str, replaced: Mapping[str, str]) -> list[Document]:
    for placeholder, value in replaced.items():
        text = text.replace(f"${{{placeholder}}}", value)
    found: list[Document] = []
    try:
        for content in contents(name, text):
            found.append(once_each(Document(name, len(found) + 1, content)))
    except (YAMLError, ValueError, RecursionError) as error:
        raise Document(name, len(found) + 1, None).unreadable(problem(error)) from error
    return found


def contents(name: str, text: str) -> Iterator[Any]:
    """Nothing at all is no document."""
    for document in json_or_yaml(name, text):
        if isinstance(document, list):
            yield from document
        elif document is not None:
            yield document


def json_or_yaml(name: str, text: str) -> Iterable[Any]:
    """JSON goes first where it may be JSON, since YAML does not take every JSON."""
    if name.endswith(".json"):
        return json_contents(text)
    if text.lstrip()[:1] in ("{", "["):
        with suppress(json.JSONDecodeError):
            return list(json_contents(text))
    return yaml_documents.documents(text)


def json_contents(text: str) -> Iterator[Any]:
    """One document after the other, on a line each or not."""
    decoder, at = json.JSONDecoder(object_pairs_hook=mark_repeated), 0
    while (at := len(text) - len(text[at:].lstrip())) < len(text):
        document, at = decoder.raw_decode(text, at)
        yield document


def mark_repeated(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    counts = Counter(name for name, _ in pairs)
    return {name: value if counts[name] == 1 else TWICE for name, value in pairs}


def once_each(document: Document) -> Document:
    if path := next(twice_in(document.content), None):
        raise document.unreadable(f"field {path} stands twice")
    return document


def twice_in(content: Any, path: str = "") -> Iterator[str]:
    items = content.items() if isinstance(content, dict) else ()
    for name, value in enumerate(content) if isinstance(content, list) else items:
        if value is TWICE:
            yield f"{path}{name}"
        yield from twice_in(value, f"{path}{name}.")


def problem(error: Exception) -> str:
    """One line, and without the content, which may be personal."""
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} (line {error.lineno})"
    if isinstance(error, MarkedYAMLError) and error.problem:
        line = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        return f"not YAML: {error.problem}{line}"
    return "neither YAML nor JSON"


def put_command(document: Document, kinds: Kinds = KINDS) -> Command:
    """The command that a document stands for: it puts, announces or opens what is described."""
    content = document.content
    if isinstance(content, dict) and "kind" not in content and COMMAND_NEEDS <= content.keys():
        raise document.unreadable("this is a command, for `leadops publish`")
    if (kind := kind_of(content)) not in kinds:
        raise document.unreadable(f"field kind: one of {', '.join(kinds)} is needed")
    model, fields = kinds[kind], content_fields(content)
    try:
        # Services ignore what they don't know; in a file it is a slip of the pen.
        put = model.model_validate(fields, extra="forbid")
    except ValidationError as error:
        raise document.unreadable(fields_of(error)) from error
    return Command(model.TYPE, put.model_dump_json(by_alias=True).encode(), put.key_of(vars(put)))


def kind_of(content: Any) -> str:
    """What a document says that it is; a kind may be anything, also what no table holds."""
    kind = content.get("kind") if isinstance(content, dict) else None
    return kind if isinstance(kind, str) else ""


def command_of(kind: type[contracts.Command], **fields: Any) -> Command:
    """A command whose fields were typed, with the key of its entity."""
    try:
        put = kind.model_validate(fields)
    except ValidationError as error:
        raise CliError("usage", fields_of(error), WRONG_USAGE) from error
    return Command(kind.TYPE, put.model_dump_json(by_alias=True).encode(), put.key_of(vars(put)))


def content_fields(content: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in content.items() if name != "kind"}
    if content["kind"] == "request" and ASKS_FOR in fields:
        fields["kind"] = fields.pop(ASKS_FOR)
    return fields


def fields_of(error: ValidationError) -> str:
    """All that is wrong, in one line."""
    return "; ".join(fault_text(path_of(path), problem) for path, problem in forms.faults(error))


def fault_text(path: str, problem: str) -> str:
    if not problem:
        return f"unknown field {path}"
    return f"field {path}: {problem}" if path else problem


def path_of(parts: Sequence[int | str]) -> str:
    """As it stands in the document. What is wrong with a key is told of the key itself."""
    path = [str(part) for part in parts if part != "[key]"]
    if path[:1] == ["send"] and path[1:2] and path[1] in SEND_MODES:
        del path[1]
    return ".".join([ASKS_FOR, *path[1:]] if path[:1] == ["kind"] else path)


def free_command(document: Document) -> Command:
    """A command as it is written: `{type, data, key?, id?, source?}`."""
    content = document.content
    if not isinstance(content, dict):
        raise document.unreadable("a command is an object with type and data")
    if (kind := kind_of(content)) in KINDS and "type" not in content:
        raise document.unreadable(f"this is a document of kind {kind}, for `leadops apply`")
    if unknown := content.keys() - COMMAND_FIELDS:
        raise document.unreadable(f"unknown field {', '.join(map(str, sorted(unknown, key=str)))}")
    if not isinstance(content.get("data"), dict):
        raise document.unreadable("field data: an object is needed")
    texts = {name: content[name] for name in ("type", "id", "source") if name in content}
    if "type" not in texts or not all(isinstance(text, str) and text for text in texts.values()):
        raise document.unreadable("field type, id or source: a text is needed")
    data = json.dumps(content["data"], default=str).encode()
    return Command(data=data, key=key_of(document), **texts)


def key_of(document: Document) -> str:
    """The key that is given, or the one that the command's contract names."""
    content = document.content
    if isinstance(content.get("key"), str):
        return str(content["key"])
    texts = {name: text for name, text in content["data"].items() if isinstance(text, str) and text}
    kind = commands().get(content["type"])
    with suppress(KeyError):
        if kind and (key := kind.key_of(texts)):
            return key
    raise document.unreadable("field key: a text is needed")


def put_commands(documents: Sequence[Document], kinds: Kinds = KINDS) -> list[Command]:
    """All are read before the first is published, so a slip in the last one changes nothing; and
    what is wrong with any of them is told at once."""
    commands: list[Command] = []
    faults: list[str] = []
    for document in documents:
        try:
            commands.append(put_command(document, kinds))
        except CliError as error:
            faults.append(error.text)
    if faults:
        details = {"faults": faults} if len(faults) > 1 else None
        more = quantity(len(faults) - FAULTS_TOLD, "document")
        told = [*faults[:FAULTS_TOLD], f"and {more} more"] if faults[FAULTS_TOLD:] else faults
        raise CliError("unreadable", "\n".join(told), WRONG_USAGE, details)
    return commands
