"""The broker and the store that docker-compose.yml names, each alone in a container of its own.

What the loop may rely on is asked of them by the same tests as of the fakes and of native parts.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any
from uuid import uuid4

import docker
import pytest
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from cli import yaml_documents
from deploy.files import CHECKOUT
from deploy.local.health import broker_answers, store_answers
from deploy.local.process import free_ports, wait_for
from shared.mongo import MongoStore
from shared.store import Store
from tests.contract.test_store import (  # noqa: F401
    INDEXES,
    Connect,
    test_a_committed_transaction_is_read_back,
    test_a_failed_guard_is_a_conflict,
    test_a_killed_session_commits_nothing_and_holds_nothing,
    test_a_raising_block_writes_nothing,
    test_a_stale_writer_loses,
    test_a_unique_violation_aborts,
    test_of_two_concurrent_conditional_updates_one_wins,
    test_own_writes_are_seen_and_others_are_not,
)
from tests.integration.test_kafka_log import (  # noqa: F401
    test_bounds_tell_what_still_exists_and_what_comes_next,
    test_looking_back_gives_the_records_that_were_asked_for,
    test_more_than_one_batch_goes_through_in_order,
    test_records_lie_where_they_were_put_in_the_order_of_the_calls,
)

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

STARTED_SECONDS = 120


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    services: dict[str, Any] = next(
        yaml_documents.documents((CHECKOUT / "docker-compose.yml").read_text())
    )
    return services["services"]


@pytest.fixture(scope="module", autouse=True)
def reaper() -> Iterator[None]:
    """Testcontainers' own reaper removes what a killed test run leaves, where its image is to be
    had; elsewhere the fixtures below remove what they have started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(testcontainers_config, "ryuk_disabled", not is_there(ryuk_image()))
        yield


def ryuk_image() -> str:
    return str(testcontainers_config.ryuk_image)


def is_there(image: str) -> bool:
    client = docker.from_env(timeout=20)
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        return can_be_pulled(client, image)
    finally:
        client.close()
    return True


def can_be_pulled(client: Any, image: str) -> bool:
    try:
        client.images.pull(image)
    except (docker.errors.APIError, OSError):
        return False
    return True


@pytest.fixture(scope="module")
def kafka_address(composed: dict[str, Any]) -> Iterator[str]:
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    places = f"HOST://{address},INTERNAL://localhost:19092"
    settings = composed["kafka"]["environment"] | {"KAFKA_ADVERTISED_LISTENERS": places}
    container = DockerContainer(composed["kafka"]["image"], env=settings)
    with container.with_bind_ports(9092, port):
        wait_for("the broker", STARTED_SECONDS, lambda: broker_answers(address))
        yield address


@pytest.fixture(scope="module")
def mongo_url(composed: dict[str, Any]) -> Iterator[str]:
    """Compose's health check makes the new node a replica set, so it is asked here too."""
    mongo = composed["mongo"]
    _cmd, *question = mongo["healthcheck"]["test"]
    (port,) = free_ports(1)
    url = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    container = DockerContainer(mongo["image"], command=mongo["command"], hostname="mongo")
    with container.with_bind_ports(27017, port):
        wait_for("a replica set", STARTED_SECONDS, lambda: healthy(container, question), every=1)
        wait_for("the store", STARTED_SECONDS, lambda: store_answers(url))
        yield url


def healthy(container: DockerContainer, question: Sequence[str]) -> bool:
    return bool(container.exec(list(question)).exit_code == 0)


@pytest.fixture
async def connect(mongo_url: str) -> AsyncIterator[Connect]:
    """Opens connections to one fresh database, as the contract suite wants it."""
    opened: list[MongoStore] = []
    name = f"contract_{uuid4().hex[:12]}"

    async def open_store() -> Store:
        opened.append(await MongoStore.connect(mongo_url, name))
        return opened[-1]

    await (await open_store()).migrate(INDEXES)
    yield open_store
    for store in opened:
        await store.close()
