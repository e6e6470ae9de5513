"""What the read-only APIs of all services share: answers, errors, and how lists are paged.

An API reads committed documents and decides nothing; every change goes through a command.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, time
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.contracts.envelope import TENANT_DEFAULT
from shared.errors import Infrastructure
from shared.store import Document, Filter, Store

LIMIT_DEFAULT = 100
LIMIT_MAX = 1000
PAGE = 1000
BODY_BYTES_MAX = 8_388_608
"""Of a question that is posted: as much as one step of the loop takes."""
PLACES_NAMED_MAX = 5

M = TypeVar("M", bound=BaseModel)

Answer = Callable[[Request], Awaitable[Mapping[str, Any]]]


class NotFound(Exception):
    """What was asked for by id does not exist: what it would be, such as a lead, and the id."""

    def __init__(self, what: str, given: str) -> None:
        super().__init__(f"there is no {what} {given!r}")
        self.code = what.replace(" ", "_").replace("-", "_") + "_unknown"


class BadRequest(Exception):
    """A parameter can't be read: its name, and the form that is wanted."""

    def __init__(self, name: str, wanted: str = "") -> None:
        super().__init__(name)
        self.text = f"{name} can't be read" + (f"; wanted is {wanted}" if wanted else "")


class TooLarge(Exception):
    """A question has more bytes than one may have."""

    def __init__(self) -> None:
        super().__init__(f"a question may have {BODY_BYTES_MAX:,} bytes")


def route(path: str, answer: Answer, method: str = "GET") -> Route:
    """A path that answers with one JSON document, or with one error as JSON. A question that is too
    long for an address is asked with POST, and changes nothing either."""

    async def endpoint(request: Request) -> Response:
        try:
            return json(await answer(request))
        except NotFound as error:
            return failure(404, error.code, str(error))
        except BadRequest as error:
            return failure(400, "bad_request", error.text)
        except TooLarge as error:
            return failure(413, "too_large", str(error))
        except Infrastructure as error:
            return failure(503, "unavailable", str(error))

    return Route(path, endpoint, methods=[method])


def json(content: Mapping[str, Any], status: int = 200) -> Response:
    # A raw record may hold a NaN, which JSON has no word for.
    return Response(to_json(content, inf_nan_mode="null"), status, media_type="application/json")


def failure(status: int, code: str, text: str) -> Response:
    return json({"error": {"code": code, "text": text}}, status)


async def posted(request: Request) -> Any:
    """The JSON that is asked with; what is too large is not read to its end."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise TooLarge
    try:
        return from_json(bytes(body))
    except ValueError:
        raise BadRequest("the question", "JSON") from None


def question(kind: type[M], given: Any) -> M:
    """Read as its model; what is wrong is told by its place, never by its value."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        places = [".".join(map(str, row["loc"])) for row in error.errors(include_input=False)]
        named = ", ".join(place for place in places[:PLACES_NAMED_MAX] if place)
        raise BadRequest(named or "the question") from None


def tenant(request: Request) -> str:
    return request.query_params.get("tenant") or TENANT_DEFAULT


def limit(request: Request) -> int:
    given = request.query_params.get("limit") or str(LIMIT_DEFAULT)
    if not (given.isascii() and given.isdigit() and len(given) < 9 and int(given)):
        raise BadRequest("limit", "a number from 1 on")
    return min(int(given), LIMIT_MAX)


def instant(request: Request, name: str) -> datetime | None:
    """An ISO instant or day; a day that ends a range is meant whole."""
    given = request.query_params.get(name)
    if not given:
        return None
    try:
        moment = datetime.fromisoformat(given)
        if len(given) <= len("2026-01-01") and name == "to":
            moment = datetime.combine(moment, time(23, 59, 59, 999_000))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise BadRequest(
            name, "a day or an instant, such as 2026-03-01 or 2026-03-01T09:00Z"
        ) from None


def period(request: Request) -> tuple[datetime | None, datetime | None]:
    """From when to when. One that ends before it begins would be an empty answer to a slip."""
    first, last = instant(request, "from"), instant(request, "to")
    if first and last and last < first:
        raise BadRequest("from", "a time that is not after `to`")
    return first, last


async def one(store: Store, collection: str, where: Filter, what: str, given: str) -> Document:
    rows = await store.find(collection, where, limit=1)
    if not rows:
        raise NotFound(what, given)
    return rows[0]


async def page(
    store: Store, collection: str, where: Filter, request: Request
) -> tuple[list[Document], str | None]:
    """A page in the order of the ids, and the id after which the next one starts."""
    wanted = dict(where)
    if after := request.query_params.get("after"):
        wanted["_id"] = {"$gt": after}
    size = limit(request)
    rows = await store.find(collection, wanted, sort=[("_id", 1)], limit=size)
    return rows, rows[-1]["_id"] if len(rows) == size else None


async def every(store: Store, collection: str, where: Filter) -> AsyncIterator[Document]:
    """All documents, a page at a time: a collection may be larger than memory."""
    after: Mapping[str, Any] = {}
    while True:
        rows = await store.find(collection, {**where, **after}, sort=[("_id", 1)], limit=PAGE)
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        after = {"_id": {"$gt": rows[-1]["_id"]}}
