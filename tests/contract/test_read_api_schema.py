"""What the read APIs say of themselves is true: whatever is asked that their schema allows, or does
not allow, is answered as the schema says, and never by an error of the service."""

import asyncio
from collections.abc import Callable, Sequence
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
from shared import audit_api, dead_letters_api
from shared.clock import SystemClock
from shared.loop.decision import Input
from shared.loop.service import Service
from shared.testing.memory import MemoryDatabase, MemoryStore
from tests.apis import TOKEN, app_of
from tests.builders import SECRET, input_of, lead, put_affiliate, put_campaign, record, submit
from tests.deciding import decide_batch

Routes = Callable[[MemoryStore], APIRouter]
TOLD = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
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
BEARER = {"authorization": f"Bearer {TOKEN}"}


def schema_of(app: Any) -> OpenApiSchema:
    """Without a call, which would start a thread: `make mutants` forks from a process that has
    imported all tests, and no thread survives that."""
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.app, schema.location = app, "/openapi.json"
    return schema


OF_INTAKE, OF_ROUTING = schema_of(INTAKE), schema_of(ROUTING)


@OF_INTAKE.parametrize()
@EXAMPLES
def test_intake_answers_as_it_says(case: Any) -> None:
    case.call_and_validate(headers=BEARER, checks=TOLD)


@OF_ROUTING.parametrize()
@EXAMPLES
def test_routing_answers_as_it_says(case: Any) -> None:
    case.call_and_validate(headers=BEARER, checks=TOLD)
