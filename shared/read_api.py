"""A service's read-only API, declared: its paths, what they are asked with and what they answer, so
that `/openapi.json` describes it whole.

An API reads committed documents and decides nothing; every change goes through a command.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.telemetry import TelemetryConfig
from pydantic import AliasPath, BaseModel, ConfigDict, Field, create_model
from pydantic_core import from_json
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.bearer import Bearer
from shared.entities import Entities
from shared.loop.collection import Collection, Entity
from shared.read_errors import BODY_BYTES_MAX, HANDLERS, NAME, BadRequest, Failure, TooLarge
from shared.read_params import Tenant

FAILURES = {
    400: "What is asked can't be read.",
    401: "No token, or a wrong one.",
    404: "There is nothing of that id.",
    413: "The question is too large.",
    503: "The store gives no answer.",
}
TOKEN = Security(HTTPBearer(auto_error=False, description="The service's `LEADOPS_TOKEN`."))
SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}
"""What is asked for may be a person's address: nothing of it is traced or logged."""


class View(BaseModel):
    """What is answered, made of what is stored by the names of its fields."""

    model_config = ConfigDict(
        frozen=True, from_attributes=True, populate_by_name=True, use_attribute_docstrings=True
    )


def part_of(*path: str, default: Any = ...) -> Any:
    """A field that lies deeper in what the view is made of."""
    return Field(default, validation_alias=AliasPath(*path))


def omitted_if_none() -> Any:
    """A field that is there only where it was asked for, or where there is something to tell."""
    return Field(None, exclude_if=lambda value: value is None)


E_contra = TypeVar("E_contra", bound=Entity, contravariant=True)


class Viewed(Protocol[E_contra]):
    """A model that is made of an entity."""

    def of(self, entity: E_contra, /) -> BaseModel: ...


class _StrictRequest(Request):
    async def json(self) -> Any:
        """As strictly as records are read: half a character, say, is no JSON."""
        return from_json(await self.body())


class _Route(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return handler


def _once(several: Sequence[str]) -> Any:
    """The framework takes the last of several values, as if the others had not been given."""

    async def once(request: Request) -> None:
        counts = Counter(name for name, _ in request.query_params.multi_items())
        for name, count in counts.items():
            if count > 1 and name not in several and NAME.fullmatch(name):
                raise BadRequest(name, "one value")

    return Depends(once)


def route(
    router: APIRouter,
    path: str,
    answer: Callable[..., Awaitable[Any]],
    method: str = "GET",
    model: Any = None,
    several: Sequence[str] = (),
) -> None:
    """Answered with the model that the function returns, as JSON. A question that is too long for
    an address is asked with POST, and changes nothing either. `several` names the parameters that
    may be given more than once."""
    failing = [400, 401, *([404] if "{" in path else []), *([413] if method == "POST" else []), 503]
    router.add_api_route(
        path,
        answer,
        methods=[method],
        route_class_override=_Route,
        dependencies=[TOKEN, _once(several)],
        responses={code: {"model": Failure, "description": FAILURES[code]} for code in failing},
        **({"response_model": model} if model else {}),
    )


def listing(
    router: APIRouter,
    path: str,
    entities: Entities,
    collection: Collection[Any],
    view: Viewed[Any],
) -> None:
    """All that a tenant has of a kind, in the order of their ids, under the name of the path."""
    name = path.removeprefix("/")
    model: Any = create_model(name.capitalize(), __base__=View, **{name: (list[view], ...)})  # type: ignore[valid-type, call-overload]

    async def answer(query: Tenant) -> Any:
        """All of a tenant, in the order of their ids."""
        found = await entities.some(collection, {"tenant": query.tenant})
        return model(**{name: [view.of(entity) for entity in found]})

    answer.__name__ = name
    route(router, path, answer, model=model)


class Questions:
    """Every body is read as JSON, whatever it is called, and one that is too large not to its end.
    What may be got may be asked for without its body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        others = [row for row in scope["headers"] if row[0] != b"content-type"]
        changes = {
            "headers": [*others, (b"content-type", b"application/json")],
            "method": "GET" if scope["method"] == "HEAD" else scope["method"],
        }
        await self._app({**scope, **changes}, _within_limit(receive), send)


def _within_limit(receive: Receive) -> Receive:
    read = 0

    async def receive_part() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > BODY_BYTES_MAX:
            raise TooLarge
        return message

    return receive_part


class _Described(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The framework's own answer to what can't be read is never given: it would quote it."""
        whole = super().openapi()
        for path in whole["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
                for parameter in operation.get("parameters", []):
                    parameter["schema"] = _without_null(parameter["schema"])
        for name in ("HTTPValidationError", "ValidationError"):
            whole["components"]["schemas"].pop(name, None)
        return whole


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """No address can say null: what need not be given is left out of it."""
    others = {name: value for name, value in schema.items() if name != "anyOf"}
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    return {**others, "anyOf": kinds} if len(kinds) > 1 else {**others, **dict(*kinds)}


def application(service: str, token: str, routers: Sequence[APIRouter]) -> FastAPI:
    app = _Described(
        title=f"leadops {service}",
        description="What can be read. Every change is a command.",
        version="1",
        docs_url=None,
        redoc_url=None,
        # A path with a slash too many is none: a redirect is no answer that is described.
        redirect_slashes=False,
        telemetry=SILENT,
        exception_handlers=dict(HANDLERS),
        middleware=[Middleware(Bearer, token=token), Middleware(Questions)],
    )
    for router in routers:
        app.include_router(router)
    return app
