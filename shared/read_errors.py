"""What a read API answers when it has no answer: one JSON body of code and text, whatever failed.

What is wrong with a question is told by its place and by the form that is wanted, never by the
value: that may be a person's.
"""

import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import HTTPException as Refusal
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from shared.errors import Infrastructure
from shared.read_params import FORM

PLACES_NAMED_MAX = 5
NAME = re.compile(r"[a-z_]{1,40}")
BODY_BYTES_MAX = 8_388_608
"""Of a question that is posted: as much as one step of the loop takes."""
NO_JSON = "the question can't be read; wanted is JSON"
NO_JSON_GIVEN = {"json_invalid", "missing"}
UNKNOWN = "extra_forbidden"
"""The type of an error about a parameter that there is not: the framework's."""


class Error(BaseModel):
    """`code` is closed and for programs, `text` is for people."""

    code: str
    text: str


class Failure(BaseModel):
    error: Error


class NotFound(Exception):
    """What was asked for by id does not exist: what it would be, such as a lead, and the id."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"there is no {what} {name!r}")
        self.code = what.replace(" ", "_").replace("-", "_") + "_unknown"


class BadRequest(Exception):
    """A parameter can't be read: its name, and the form that is wanted."""

    def __init__(self, name: str, expected: str = "") -> None:
        super().__init__(name)
        self.text = f"{name} can't be read" + (f"; wanted is {expected}" if expected else "")


class TooLarge(Refusal):
    """A question has more bytes than one may have."""

    def __init__(self) -> None:
        text = f"a question may have {BODY_BYTES_MAX:,} bytes"
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)


def json(content: Mapping[str, Any], status: int = 200) -> Response:
    return Response(to_json(content), status, media_type="application/json")


def failure(status: int, code: str, text: str) -> Response:
    return json({"error": {"code": code, "text": text}}, status)


async def _not_found(_request: Request, error: NotFound) -> Response:
    return failure(404, error.code, str(error))


async def _bad_request(_request: Request, error: BadRequest) -> Response:
    return failure(400, "bad_request", error.text)


async def _unreadable(_request: Request, error: RequestValidationError) -> Response:
    return failure(400, "bad_request", describe(error.errors(), error.body))


async def _unavailable(_request: Request, error: Infrastructure) -> Response:
    return failure(503, "unavailable", str(error))


async def _of_http(_request: Request, error: HTTPException) -> Response:
    """What the framework refuses before any of this code is asked."""
    code, text = OF_HTTP.get(error.status_code, ("too_large", str(error.detail)))
    answer = failure(error.status_code, code, text)
    for name, value in (error.headers or {}).items():
        # What may be got may be asked for without its body, too.
        answer.headers[name] = value.replace("GET", "GET, HEAD")
    return answer


OF_HTTP = {
    400: ("bad_request", NO_JSON),
    404: ("not_found", "there is no such path"),
    405: ("method_not_allowed", "this path is asked with another method"),
}
HANDLERS: Mapping[
    int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]
] = {
    NotFound: _not_found,
    BadRequest: _bad_request,
    RequestValidationError: _unreadable,
    Infrastructure: _unavailable,
    HTTPException: _of_http,
}


def describe(errors: Sequence[Any], body: Any = None) -> str:
    """Of parameters the first that can't be read, of a body its first places."""
    first = errors[0]
    where, *place = first["loc"]
    if first["type"] == UNKNOWN:
        return "there is no such parameter" + _name_if_plain(place[-1])
    if first["type"] == FORM:
        return BadRequest(first["ctx"].get("name") or _path(place), first["msg"]).text
    if where == "body" and (first["type"] == "json_invalid" or not place):
        return NO_JSON if first["type"] in NO_JSON_GIVEN else BadRequest("the question").text
    kind = body.get("kind") if isinstance(body, dict) else None
    places = [_path(row["loc"][1:], kind) for row in errors[:PLACES_NAMED_MAX]]
    return BadRequest(", ".join(places)).text


def _name_if_plain(parameter: str) -> str:
    """What looks like a name. Anything else may be somebody's data."""
    return f" as {parameter}" if NAME.fullmatch(parameter) else ""


def _path(place: Sequence[Any], kind: Any = None) -> str:
    """Of a question of one kind among several the validator names that before its fields."""
    return ".".join(map(str, place[1:] if place and place[0] == kind else place))
