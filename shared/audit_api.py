"""Who asked what of a service, and what was answered: every command that was decided, those that
were refused among them, as the inbox keeps them. Nothing of a command's data is told.

A page is put together from windows of time, the newest first, each longer than the one before: so
also a store that sorts all that it finds, before it gives the first row, has little to sort. All of
a tenant, and of an entity, are found by an index; anything else is looked for among them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, field_validator

from shared.clock import Clock
from shared.contracts import trace_context
from shared.loop import inbox
from shared.read_api import View, route
from shared.read_params import EndMoment, Moment, Page, form_error
from shared.store import Document, Filter, Sort, Store

EQUAL_TO = {"by": "actor", "role": "role", "type": "type", "entity": "key", "code": "code"}
NEWEST_FIRST: Sort = [("at", -1), ("_id", -1)]
FIRST_WINDOW = timedelta(minutes=1)
GROWTH = 8
LAST_WINDOW = timedelta(days=30)
"""What is older than that is one window."""
EARLIEST_YEAR = 1990
"""Who asks for what lies before gets it in one window, too; there is nothing."""
TOLD = ["tenant", "source", "command", "type", "key", "actor", "role", "trace"]
TOLD += ["at", "accepted", "code", "text"]


class CommandView(View):
    at: datetime
    """When it was decided."""
    source: str
    id: str
    """Of the command, which is known by it and its source."""
    type: str
    entity: str
    """What it is about: the key of its record."""
    by: str
    role: str
    accepted: bool
    code: str
    text: str
    trace_id: str | None

    @classmethod
    def of(cls, entry: Document) -> "CommandView":
        return cls(
            **{name: entry[name] for name in ("at", "source", "type", "role", "accepted", "code")},
            id=entry["command"],
            entity=entry["key"],
            by=entry["actor"],
            text=entry["text"],
            trace_id=trace_context.trace_id(entry["trace"]) or None,
        )


class CommandViews(View):
    commands: list[CommandView]
    next: str | None
    """The `after` of the page that follows."""


class CommandSearch(Page):
    """What is asked for together must all hold."""

    by: str | None = None
    """Who asked."""
    role: str | None = None
    type: str | None = None
    """The whole name of a command."""
    entity: str | None = None
    """The key of the command's record: a campaign, a customer, `affiliate:reference` …"""
    code: str | None = None
    """Of the answer."""
    first: Moment | None = Field(None, alias="from")
    """Decided from then on."""
    last: EndMoment | None = Field(None, alias="to")
    """Decided until then; a day is meant whole."""

    @field_validator("after")
    @classmethod
    def is_a_page(cls, after: str | None) -> str | None:
        """From any other text on, the first page would come again."""
        if after and _place(after) is None:
            raise form_error("the `next` of the page before")
        return after


def routes(store: Store, clock: Clock) -> APIRouter:
    router = APIRouter()
    route(router, "/commands", AuditApi(store, clock).commands)
    return router


class AuditApi:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def commands(self, query: Annotated[CommandSearch, Query()]) -> CommandViews:
        """The latest first, of the last 90 days."""
        rows = await self._page(query)
        following = _token(rows[-1]) if len(rows) == query.limit else None
        return CommandViews(commands=list(map(CommandView.of, rows)), next=following)

    async def _page(self, query: CommandSearch) -> list[Document]:
        """A step decides many at one instant: those of it that are left come before older ones."""
        where, rows = _where(query), list[Document]()
        place = _place(query.after) if query.after else None
        if place is not None:
            at, id = place
            rows = await self._find({**where, "at": at, "_id": {"$lt": id}}, query.limit)
        for span in _windows(query, place[0] if place else None, self._clock.now()):
            if len(rows) == query.limit:
                break
            rows += await self._find({**where, "at": span}, query.limit - len(rows))
        return rows

    async def _find(self, where: Filter, limit: int) -> list[Document]:
        return await self._store.find(
            inbox.COLLECTION, where, sort=NEWEST_FIRST, limit=limit, fields=TOLD
        )


def _where(query: CommandSearch) -> Filter:
    values = {field: getattr(query, name) for name, field in EQUAL_TO.items()}
    return {"tenant": query.tenant} | {field: value for field, value in values.items() if value}


def _windows(query: CommandSearch, before: datetime | None, now: datetime) -> Iterator[Filter]:
    """Bounds of the instants to look between, the newest first: what is ahead of the clock lies in
    the first, and the last has no end but the one that is asked for."""
    top: dict[str, datetime] = {}
    if before is not None:
        top = {"$lt": before}
    elif query.last is not None:
        top = {"$lte": query.last}
    newest, window = min([now, *top.values()]), FIRST_WINDOW
    while window < LAST_WINDOW and newest.year > EARLIEST_YEAR:
        bottom = newest - window
        if query.first is not None and bottom <= query.first:
            break
        yield {**top, "$gte": bottom}
        top, window = {"$lt": bottom}, window * GROWTH
    yield top if query.first is None else {**top, "$gte": query.first}


def _token(row: Document) -> str:
    return f"{row['at'].isoformat()} {row['_id']}"


def _place(token: str) -> tuple[datetime, str] | None:
    at, _, id = token.partition(" ")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    # Another spelling of an instant may be one that no store can be asked for.
    is_as_told = moment.tzinfo == UTC and moment.isoformat() == at
    return (moment, id) if id and is_as_told else None
