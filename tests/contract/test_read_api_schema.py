"""What the read APIs say of themselves is true: whatever is asked that their schema allows, or does
not allow, is answered as the schema says, and never by an error of the service."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import schemathesis
from fastapi import APIRouter
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from services.intake.queries import api as intake_api
from services.intake.service import intake
from services.routing.queries import api as routing_api
from services.routing.service import routing
from shared import audit_api, dead_letters_api, operating_api
from shared.clock import SystemClock
from shared.loop.decision import Input, Verdict
from shared.loop.loop import Loop
from shared.loop.pulse import Pulse
from shared.loop.service import Service
from shared.loop.ticker import Ticker
from shared.store import Document
from shared.testing.log import Faults, MemoryBroker, MemoryLog
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.apis import TOKEN, app_of
from tests.builders import SECRET, input_of, lead, put_affiliate, put_campaign, record, submit
from tests.deciding import decide_batch

Routes = Callable[[MemoryStore], APIRouter]
DESCRIBED = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
TOLD = [not_a_server_error, *DESCRIBED]
EXAMPLES = settings(
    max_examples=5,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def app(build: Callable[[], Service], batches: Sequence[Sequence[Input]], routes: Routes) -> Any:
    """Over what came of these."""
    store = MemoryStore(MemoryDatabase())
    for batch in batches:
        asyncio.run(decide_batch(build(), store, batch))
    audit = audit_api.routes(store, SystemClock())
    return app_of(routes(store), dead_letters_api.routes(store), audit)


ODD = submit(reference="R-2", record=record(Mail="", **{"a.b": [{"": 1}], "n": 10**30}))
INTAKE = app(
    lambda: intake(SECRET),
    [[input_of(put_affiliate())], [input_of(submit()), input_of(ODD)]],
    lambda store: intake_api.routes(store, SECRET, SystemClock()),
)
ROUTING = app(
    routing,
    [[input_of(put_campaign())], [input_of(lead())]],
    lambda store: routing_api.routes(store, SystemClock()),
)


class Beating(Pulse):
    """Both have just answered, so the store is asked."""

    def silent_seconds(self) -> Mapping[str, float]:
        return {"store": 0.0, "broker": 0.0}


def operating() -> Any:
    """Of a process that has its shards, none of them open yet, and an endpoint that fails."""
    log = MemoryLog(MemoryBroker(["intake.commands.v1"], 2), nothing_fails, Random(1), Faults(0, 0))
    store = MemoryStore(MemoryDatabase())
    loop = Loop(intake(SECRET), store, log, SystemClock(), no_transport, partitions=2)
    loop.assign([("intake.commands.v1", 0), ("intake.commands.v1", 1)])
    loop.worker._endpoint("hook.example").record(Verdict.UNKNOWN, 0.0)
    return app_of(operating_api.routes(loop, Ticker(loop), Beating(loop), 0))


async def nothing_fails(_point: str) -> None:
    pass


async def no_transport(_row: Document) -> tuple[Verdict, str]:
    raise AssertionError("nothing is sent")


BEARER = {"authorization": f"Bearer {TOKEN}"}


def schema_of(app: Any) -> OpenApiSchema:
    """Without a call, which would start a thread: `make mutants` forks from a process that has
    imported all tests, and no thread survives that."""
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.app, schema.location = app, "/openapi.json"
    return schema


OF_INTAKE, OF_ROUTING = schema_of(INTAKE), schema_of(ROUTING)
OF_EVERY_SERVICE = schema_of(operating())


@OF_INTAKE.parametrize()
@EXAMPLES
def test_intake_answers_as_it_says(case: Any) -> None:
    case.call_and_validate(headers=BEARER, checks=TOLD)


@OF_ROUTING.parametrize()
@EXAMPLES
def test_routing_answers_as_it_says(case: Any) -> None:
    case.call_and_validate(headers=BEARER, checks=TOLD)


@OF_EVERY_SERVICE.parametrize()
@EXAMPLES
def test_every_service_answers_operators_as_it_says(case: Any) -> None:
    """Who is not ready says so with 503, as described; 500 would not be."""
    case.call_and_validate(headers=BEARER, checks=DESCRIBED)
