"""The types of the contracts in words, for people who know JSON and no Python.

A type that has a name in its module is called by it, and is described once, with its bounds and its
docstring; a choice of few values is written out.
"""

import ast
import inspect
from collections.abc import Iterator
from datetime import date, time
from functools import cache
from types import ModuleType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue, TypeAdapter
from pydantic.fields import FieldInfo

from shared.contracts import lead_fields, values
from shared.contracts.commands import MODULES

WRITTEN_OUT_MAX = 8
"""A choice of more values has a name, and stands among the types."""
PLAIN = {
    str: "text",
    int: "whole number",
    bool: "true or false",
    date: "date (`2026-03-02`)",
    time: "time (`09:00:00`)",
}


def in_words(annotation: Any) -> str:
    if name := name_of(annotation):
        return f"[{name}](#types)"
    if annotation in PLAIN:
        return PLAIN[annotation]
    if annotation is JsonValue:
        return "any JSON"
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    return _composed(annotation)


def _composed(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return in_words(parts[0]) + _limits(parts[1:])
    if origin in (Union, UnionType):
        others = [in_words(part) for part in parts if part is not NoneType]
        return " or ".join([*dict.fromkeys(others), *(["null"] if NoneType in parts else [])])
    if origin is tuple:
        return f"list of {in_words(parts[0])}"
    if origin is dict:
        return f"map of {in_words(parts[0])} to {in_words(parts[1])}"
    assert is_part(annotation), f"{annotation} has no words"
    return "object"


def _limits(metadata: tuple[Any, ...]) -> str:
    """Of a list, how many."""
    fields = [one for one in metadata if isinstance(one, FieldInfo)]
    limits = [limit for one in fields for limit in one.metadata]
    least = [f"at least {limit.min_length:,}" for limit in limits if hasattr(limit, "min_length")]
    most = [f"at most {limit.max_length:,}" for limit in limits if hasattr(limit, "max_length")]
    return f" ({', '.join(least + most)})" if least or most else ""


def is_part(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def parts_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The objects that a value of this type holds."""
    if is_part(annotation):
        yield annotation
    elif name_of(annotation) is None or get_origin(annotation) is Annotated:
        for inner in get_args(annotation):
            yield from parts_in(inner)


@cache
def _names() -> list[tuple[Any, str, str]]:
    """Each named type, its name and its docstring; what two modules call alike is one."""
    return [
        (kind, name, docs[name])
        for module in (values, lead_fields, *MODULES)
        for docs in [attribute_docs(module)[""]]
        for name, kind in vars(module).items()
        if name in docs and _may_be_named(kind)
    ]


def _may_be_named(kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return len(get_args(kind)) > WRITTEN_OUT_MAX
    return get_origin(kind) is Annotated or isinstance(kind, tuple)


def name_of(annotation: Any) -> str | None:
    return next((name for kind, name, _ in _names() if kind == annotation), None)


def types() -> Iterator[tuple[str, str, str]]:
    """Name, what it is in JSON, and what it means."""
    described = {name: (_in_json(kind), meaning) for kind, name, meaning in _names()}
    for name, (in_json, meaning) in sorted(described.items()):
        yield name, in_json, meaning


def _in_json(kind: Any) -> str:
    choices = kind if isinstance(kind, tuple) else get_args(kind)
    if get_origin(kind) is not Annotated:
        return ", ".join(f"`{value}`" for value in choices)
    if (base := get_args(kind)[0]) in (bool, date, time):
        return PLAIN[base]
    schema = TypeAdapter(kind).json_schema()
    if schema["type"] == "integer":
        return f"whole number, {schema['minimum']:,} to {schema['maximum']:,}"
    least = f"{schema['minLength']} to" if "minLength" in schema else "at most"
    length = [f"{least} {schema['maxLength']:,} characters"] if "maxLength" in schema else []
    pattern = [f"`{schema['pattern']}`"] if "pattern" in schema else []
    return ", ".join(["text", *length, *pattern])


@cache
def attribute_docs(module: ModuleType) -> dict[str, dict[str, str]]:
    """The texts below attributes: of each class by its name, and of the module itself by none."""
    tree = ast.parse(inspect.getsource(module))
    classes = {node.name: _docs_in(node) for node in tree.body if isinstance(node, ast.ClassDef)}
    return {"": _docs_in(tree), **classes}


def _docs_in(body: ast.Module | ast.ClassDef) -> dict[str, str]:
    return {
        named: one_line(text.value.value)
        for attribute, text in zip(body.body, body.body[1:], strict=False)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(text.value.value, str) and (named := _named(attribute))
    }


def _named(node: ast.stmt) -> str | None:
    match node:
        case ast.AnnAssign(target=target) | ast.Assign(targets=[target]):
            return ast.unparse(target)
    return None


def one_line(text: str) -> str:
    return " ".join(text.split())
